/** Output files, for whoever has the link, until they expire. */
import { notFound, problem } from './answer.ts'
import { refusal, strikeOn } from './fault-answer.ts'
import { param } from './request.ts'
import type { Route } from './route.ts'

export const deliveryRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/delivery/:id/:name',
    auth: false,
    async handle(context, request) {
      const file = context.files.get(param(request, 0))
      if (!file || file.prediction === null) return notFound()
      if (file.expires_ms <= context.clock.now()) return problem(404, 'This file has expired.')
      const bytes = await context.content.get(file.id)
      if (!bytes) return notFound()
      const whole = { kind: 'bytes', status: 200, mediaType: file.media_type, bytes } as const
      const row = context.injector.watches('download') ? context.predictions.get(file.prediction) : undefined
      const fault = row && strikeOn(context, 'download', row)
      if (fault?.kind === 'drop') return { ...whole, cutAfter: bytes.length >> 1 }
      return (fault && refusal(fault)) ?? whole
    },
  },
]

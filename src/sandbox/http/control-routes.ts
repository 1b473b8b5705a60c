/** What only a sandbox has: its bill, its webhooks, forgetting data before the hour is over, and a page for people. */
import { isObject, type JsonObject } from '../../std/json.ts'
import { notFound, ok, problem } from './answer.ts'
import { param } from './request.ts'
import type { Route } from './route.ts'
import { showPrediction } from './show-prediction.ts'

export const controlRoutes: readonly Route[] = [
  { method: 'GET', path: '/_sandbox/bill', auth: false, handle: (context) => ok({ ...context.predictions.bill() }) },
  {
    method: 'GET',
    path: '/_sandbox/webhooks',
    auth: false,
    handle: (context) => ok({ deliveries: [...context.webhooks.deliveries()] }),
  },
  {
    method: 'POST',
    path: '/_sandbox/expire',
    auth: false,
    async handle(context, request) {
      const id = readId(request.body)
      if (id === 'bad') return problem(400, 'Send nothing, or {"id": "…"}.')
      return ok({ removed: await context.engine.removeData(id, true) })
    },
  },
  {
    method: 'GET',
    path: '/p/:id',
    auth: false,
    async handle(context, request) {
      const row = await context.engine.get(param(request, 0))
      return row ? page(row.model, await showPrediction(context, row)) : notFound()
    },
  },
]

function readId(body: Buffer): string | undefined | 'bad' {
  if (body.length === 0) return undefined
  try {
    const sent: unknown = JSON.parse(body.toString())
    if (!isObject(sent)) return 'bad'
    return sent['id'] === undefined || typeof sent['id'] === 'string' ? sent['id'] : 'bad'
  } catch {
    return 'bad'
  }
}

function page(title: string, prediction: JsonObject) {
  const escape = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const links = JSON.stringify(prediction['output'] ?? '').match(/http[^"\\]+\/delivery\/[^"\\]+/g) ?? []
  const pictures = links.map((link) =>
    link.endsWith('.png') ? `<img src="${escape(link)}" width="384">` : `<a href="${escape(link)}">${escape(link)}</a>`,
  )
  const html =
    `<!doctype html><meta charset="utf-8"><title>${escape(title)}</title><body style="font-family:sans-serif">` +
    `<h1>${escape(title)}</h1>${pictures.join(' ')}<pre>${escape(JSON.stringify(prediction, null, 2))}</pre>`
  return { kind: 'bytes', status: 200, mediaType: 'text/html; charset=utf-8', bytes: Buffer.from(html) } as const
}

/** Server-sent events of a running prediction; `Last-Event-ID` goes on where a broken connection left off. */
import type { ServerResponse } from 'node:http'
import { timingSafeEqual } from 'node:crypto'
import type { SandboxContext } from '../context.ts'
import { hidesOutput } from '../predictions/fault-of.ts'
import { momentOf } from '../predictions/timeline.ts'
import { streamToken } from '../predictions/view.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { notFound } from './answer.ts'
import { refusal, strikeOn } from './fault-answer.ts'
import { header, param } from './request.ts'
import type { Route } from './route.ts'

export const streamRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/stream/:id/:token',
    auth: false,
    async handle(context, request) {
      const row = await context.engine.get(param(request, 0))
      if (!row || !isToken(param(request, 1), streamToken(row.id, context.secret))) return notFound()
      if (row.destination !== null || context.engine.isRemoved(row)) return notFound()
      if (!context.catalogue.modelOfVersion(row.version)?.streams) return notFound()
      const fault = strikeOn(context, 'stream', row)
      const refused = fault?.kind === 'drop' ? undefined : fault && refusal(fault)
      if (refused) return refused
      const sent = Number(/^\d+:(\d+)$/.exec(header(request, 'last-event-id') ?? '')?.[1] ?? -1) + 1
      return {
        kind: 'stream',
        mediaType: 'text/event-stream',
        run: (response, signal) =>
          streamTokens(context, { row, from: sent, cut: fault?.kind === 'drop' }, response, signal),
      }
    },
  },
]

function isToken(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
}

/** Tokens come out evenly over the running time; `from` of them were sent before. `cut`: the connection is, half-way. */
async function streamTokens(
  context: SandboxContext,
  { row: first, from, cut }: { row: PredictionRow; from: number; cut: boolean },
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const tokens = await tokensOf(context, first)
  const last = cut ? from + ((tokens.length - from) >> 1) : tokens.length
  let row = first
  let sent = from
  const send = (upTo: number): void => {
    for (; sent < Math.min(upTo, last); sent += 1) {
      response.write(event('output', tokens[sent] ?? '', `${first.created_ms}:${sent}`))
    }
  }
  while (row.status === null) {
    const now = context.clock.now()
    const moment = momentOf(row, now)
    if (moment.phase === 'processing') send(Math.floor(tokens.length * moment.share))
    if (cut && sent === last && moment.phase === 'processing') return cutOff(response)
    const perToken = (row.ends_ms - row.starts_ms) / Math.max(1, tokens.length)
    const next = moment.phase === 'starting' ? row.starts_ms - now : Math.min(perToken, row.ends_ms - now)
    await context.changes.next(row.id, Math.max(1, Math.min(next, 50)), signal)
    row = (await context.engine.get(row.id)) ?? row
  }
  if (row.status === 'succeeded') send(tokens.length)
  if (cut) return cutOff(response)
  response.write(endOfStream(row, first))
}

/** Once what was written is on its way. */
async function cutOff(response: ServerResponse): Promise<void> {
  await new Promise((sent) => response.write(': cut\n\n', sent))
  response.destroy()
}

function endOfStream(row: PredictionRow, first: PredictionRow): string {
  const id = `${first.created_ms}:end`
  if (row.status === 'succeeded') return event('done', '{}', id)
  if (row.status === 'failed') {
    return event('error', JSON.stringify({ detail: row.error }), id) + event('done', '{"reason":"error"}', id)
  }
  return event('done', '{"reason":"canceled"}', id)
}

async function tokensOf(context: SandboxContext, row: PredictionRow): Promise<string[]> {
  if (hidesOutput(row)) return []
  const output: unknown = row.status === null ? await outputAhead(context, row) : JSON.parse(row.output ?? '[]')
  return (Array.isArray(output) ? output : [output]).filter((token) => typeof token === 'string')
}

async function outputAhead(context: SandboxContext, row: PredictionRow): Promise<unknown> {
  const computed = await context.engine.answerAhead(row)
  return computed.ok ? computed.answer.output : []
}

function event(name: string, data: string, id: string): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`)
  return `event: ${name}\nid: ${id}\n${lines.join('')}\n`
}

/** Pages of rows that are written all the time, newest first, with links that stay right while new ones come. */
import type { JsonObject } from '../../std/json.ts'
import type { SandboxContext } from '../context.ts'
import { type Answer, ok, problem } from './answer.ts'
import { pageLink, pageSize, readCursor } from './list-page.ts'
import type { SandboxRequest } from './request.ts'

/** Which rows a page is made of; always newest first. */
export interface SeqRange {
  /** Only older ones than this `seq`. */
  before?: number
  /** Only newer ones than this `seq`, the nearest to it. */
  after?: number
  limit: number
}

export async function seqPage<Row extends { seq: number }>(
  context: SandboxContext,
  request: SandboxRequest,
  read: (range: SeqRange) => readonly Row[],
  view: (row: Row) => JsonObject | Promise<JsonObject>,
): Promise<Answer> {
  const range = readRange(request)
  if (!range) return problem(400, 'Invalid cursor')
  // one more than a page shows whether there is a next one
  const rows = read(range)
  const more = rows.length > pageSize
  const page = range.after === undefined ? rows.slice(0, pageSize) : rows.slice(-pageSize)
  const results: JsonObject[] = []
  for (const row of page) results.push(await view(row))
  const hasOlder = range.after === undefined ? more : true
  const hasNewer = range.after === undefined ? range.before !== undefined : more
  const link = (letter: 'b' | 'a', seq: number | undefined, exists: boolean): string | null =>
    exists && seq !== undefined ? pageLink(context, request, `${letter}${seq}`) : null
  return ok({ next: link('b', page.at(-1)?.seq, hasOlder), previous: link('a', page[0]?.seq, hasNewer), results })
}

function readRange(request: SandboxRequest): SeqRange | undefined {
  const limit = pageSize + 1
  const cursor = readCursor(request)
  if (cursor === undefined) return { limit }
  const match = /^([ab])(\d{1,15})$/.exec(cursor)
  return match ? { limit, [match[1] === 'a' ? 'after' : 'before']: Number(match[2]) } : undefined
}

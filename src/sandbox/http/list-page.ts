/** Pages of lists that are short enough to be held: 100 items each, with absolute links to the next and previous one. */
import type { JsonObject } from '../../std/json.ts'
import type { SandboxContext } from '../context.ts'
import { type Answer, ok, problem } from './answer.ts'
import type { SandboxRequest } from './request.ts'

export const pageSize = 100

export async function listPage<T>(
  context: SandboxContext,
  request: SandboxRequest,
  items: readonly T[],
  view: (item: T) => JsonObject | Promise<JsonObject>,
): Promise<Answer> {
  const from = readOffset(request.query.get('cursor'))
  if (from === undefined) return problem(400, 'Invalid cursor')
  const results: JsonObject[] = []
  for (const item of items.slice(from, from + pageSize)) results.push(await view(item))
  const link = (offset: number): string => pageLink(context, request, `o${offset}`)
  return ok({
    next: from + pageSize < items.length ? link(from + pageSize) : null,
    previous: from > 0 ? link(Math.max(0, from - pageSize)) : null,
    results,
  })
}

/** The same request with another cursor. */
export function pageLink(context: SandboxContext, request: SandboxRequest, cursor: string): string {
  const query = new URLSearchParams(request.query)
  query.set('cursor', Buffer.from(cursor).toString('base64url'))
  return `${context.origin()}${request.path}?${query.toString()}`
}

/** What `pageLink` was given; undefined without a cursor. */
export function readCursor(request: SandboxRequest): string | undefined {
  const cursor = request.query.get('cursor')
  return cursor === null ? undefined : Buffer.from(cursor, 'base64url').toString()
}

function readOffset(cursor: string | null): number | undefined {
  if (cursor === null) return 0
  const match = /^o(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString())
  return match ? Number(match[1]) : undefined
}

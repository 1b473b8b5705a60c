/** What makes calls alike, as text: `task=… step=… length=…`, with the parts that a policy asks for and the call has. */
import type { ContextPart, RoutingPolicy } from '../../domain/routing.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { CallLabels } from '../contract.ts'

export function contextKey(
  { context, task }: Pick<RoutingPolicy, 'context' | 'task'>,
  { workflow, step }: CallLabels,
  input: JsonObject,
): string {
  const place = `${encodeURIComponent(workflow)}/${encodeURIComponent(step)}`
  return contextOf(context, { task, place, tokens: context.includes('length') ? estimatedTokens(input) : undefined })
}

/** `tokens` counts as the greatest power of two within it: 256 stands for 256 to 511. */
export function contextOf(
  parts: readonly ContextPart[],
  { task, place, tokens }: { task?: string | undefined; place?: string; tokens?: number | undefined },
): string {
  const texts: string[] = []
  if (parts.includes('task') && task !== undefined) texts.push(`task=${encodeURIComponent(task)}`)
  if (parts.includes('step') && place !== undefined) texts.push(`step=${place}`)
  if (parts.includes('length') && tokens !== undefined) texts.push(`length=${bucketOf(tokens)}`)
  return texts.join(' ')
}

/** Of English text, and of most code. */
const charactersPerToken = 4

/** Of all the text in a value; references to files are none. */
function estimatedTokens(input: Json): number {
  let characters = 0
  const open: Json[] = [input]
  while (open.length > 0) {
    const next = open.pop() as Json
    if (typeof next === 'string') characters += isFile(next) ? 0 : next.length
    else if (typeof next === 'object' && next !== null) for (const value of Object.values(next)) open.push(value)
  }
  return Math.ceil(characters / charactersPerToken)
}

function isFile(text: string): boolean {
  return text.startsWith('artifact:') || text.startsWith('data:')
}

function bucketOf(tokens: number): number {
  return tokens < 1 ? 0 : 2 ** Math.floor(Math.log2(tokens))
}

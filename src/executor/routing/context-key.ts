/** What makes calls alike, as text: `task=… step=… length=…`, with the parts that a policy asks for and the call has. */
import type { RoutingPolicy } from '../../domain/routing.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { CallLabels } from '../contract.ts'

/** `length` is the greatest power of two within the estimated tokens of the input's text: 256 stands for 256 to 511. */
export function contextKey(
  policy: Pick<RoutingPolicy, 'context' | 'task'>,
  labels: CallLabels,
  input: JsonObject,
): string {
  const parts: string[] = []
  const { context, task } = policy
  if (context.includes('task') && task !== undefined) parts.push(`task=${encodeURIComponent(task)}`)
  if (context.includes('step'))
    parts.push(`step=${encodeURIComponent(labels.workflow)}/${encodeURIComponent(labels.step)}`)
  if (context.includes('length')) parts.push(`length=${bucketOf(estimatedTokens(input))}`)
  return parts.join(' ')
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
  return tokens === 0 ? 0 : 2 ** Math.floor(Math.log2(tokens))
}

/** The policy that a log is replayed with: the defaults, and what is given of the keys of `routing`. */
import { routingOver } from '../../documents/agent/routing.ts'
import { routingSpec } from '../../documents/agent/routing-spec.ts'
import { UsageError } from '../../domain/errors.ts'
import { defaultRouting, type RoutingPolicy } from '../../domain/routing.ts'
import type { JsonObject } from '../../std/json.ts'
import { suggest } from '../../std/suggest.ts'

/** What a log has settled: how answers were scored, who was let in, and under which label. */
const settled = ['quality', 'exploration_share', 'task']

/** Throws UsageError for keys and values that `routing` does not take, or that a replay can't change. */
export function replayPolicy(written: JsonObject): RoutingPolicy {
  const checked = routingSpec.safeParse(written)
  if (!checked.success) throw unfit(checked.error.issues[0])
  const fixed = settled.find((key) => Object.hasOwn(written, key))
  if (fixed !== undefined) {
    throw new UsageError(`"${fixed}" changes nothing in a replay`, {
      hint: 'the log has settled how answers were scored, which candidates were let in, and under which label',
    })
  }
  return routingOver(defaultRouting, checked.data)
}

interface Issue {
  path: readonly PropertyKey[]
  message: string
  keys?: readonly string[]
}

function unfit(issue: Issue | undefined): UsageError {
  const path = (issue?.path ?? []).join('.')
  const [unknown] = issue?.keys ?? []
  if (unknown === undefined) return new UsageError(`"${path || 'routing'}" ${issue?.message ?? 'does not fit'}`)
  const known = Object.keys(path === 'weights' ? defaultRouting.weights : routingSpec.shape)
  const near = suggest(unknown, known)
  const whole = path === '' ? unknown : `${path}.${unknown}`
  return new UsageError(`"${whole}" is no key of routing`, {
    hint: near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`,
  })
}

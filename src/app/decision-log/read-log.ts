/** Reads a log of decisions from a file, checked line by line. */
import { NonRetryableError } from '../../domain/errors.ts'
import { isTelling } from '../../executor/routing/lesson.ts'
import type { LoggedArm, LoggedDecision } from '../../executor/routing/replay/logged.ts'
import { defined } from '../../std/defined.ts'
import { type LogEntry, logEntryShape } from './entry.ts'
import { hint, type Line, readLines } from './read-lines.ts'

export interface DecisionLog {
  /** Whose decisions they are. */
  agent: string
  /** Sorted by when they were made. */
  decisions: LoggedDecision[]
  /** What the log was made by. */
  strategies: string[]
  /** Decisions whose call says nothing of its model: cancelled, refused, or lost on the way. */
  untelling: number
  /** The last line was cut, as by a process that was killed while it wrote, and is left out. */
  cut: boolean
}

const mostDecisions = 500_000

/** Throws `invalid_input` for what is no log, and for one of several agents when none is named. */
export async function readDecisionLog(
  path: string,
  { agent: wanted, signal }: { agent: string | undefined; signal: AbortSignal },
): Promise<DecisionLog> {
  const agents = new Set<string>()
  const strategies = new Set<string>()
  const decisions: LoggedDecision[] = []
  let untelling = 0
  let cut = false
  for await (const line of readLines(path, signal)) {
    if (line.text.trim() === '') continue
    const entry = entryOf(path, line)
    if (!entry) {
      cut = true
      continue
    }
    const { agent, strategy } = entry.decision
    agents.add(agent)
    if (wanted !== undefined && agent !== wanted) continue
    strategies.add(strategy)
    const decision = decisionOf(entry, `${path}:${line.number}`)
    if (decision) decisions.push(decision)
    else untelling += 1
    if (decisions.length > mostDecisions) {
      throw new NonRetryableError('invalid_input', `${path} has more than ${mostDecisions} decisions`, {
        hint: 'give the latest of them, or name an agent with --agent',
      })
    }
  }
  const agent = onlyOf(path, agents, wanted)
  decisions.sort((one, other) => one.time - other.time)
  return { agent, decisions, strategies: [...strategies], untelling, cut }
}

function onlyOf(path: string, agents: ReadonlySet<string>, wanted: string | undefined): string {
  const [first] = agents
  if (first === undefined) throw new NonRetryableError('invalid_input', `${path} has no decisions`, { hint })
  const names = [...agents].slice(0, 20).map((name) => `"${name}"`)
  if (wanted !== undefined) {
    if (agents.has(wanted)) return wanted
    throw new NonRetryableError('invalid_input', `${path} has no decisions of an agent "${wanted}"`, {
      hint: `it has those of ${names.join(', ')}`,
    })
  }
  if (agents.size === 1) return first
  throw new NonRetryableError('invalid_input', `${path} has decisions of ${agents.size} agents: ${names.join(', ')}`, {
    hint: `name one of them, as in --agent ${first}`,
  })
}

/** Undefined: the file ends within it. */
function entryOf(path: string, { number, text, cut }: Line): LogEntry | undefined {
  const where = `${path}:${number}`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    if (cut) return undefined
    const { message } = cause as Error
    const column = Number(/position (\d+)/.exec(message)?.[1] ?? 0) + 1
    throw new NonRetryableError('invalid_input', `${where}:${column} is not JSON`, { cause, hint })
  }
  const checked = logEntryShape.safeParse(value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const at = issue?.path.join('.') || 'the line'
  const message = issue?.message.replace(/^Invalid input: expected .*, received undefined$/, 'is missing')
  throw new NonRetryableError('invalid_input', `${where}: ${at}: ${message}`, { hint })
}

/** Undefined: it says nothing of the model. */
function decisionOf({ time, decision, outcome }: LogEntry, where: string): LoggedDecision | undefined {
  const arms = decision.candidates
    .filter(({ removed_by }) => removed_by === undefined)
    .map(({ candidate, model, cost_usd, latency_ms, pending, propensity }): LoggedArm => {
      return { candidate, key: model, cost_usd, latency_ms, pending, ...defined({ propensity }) }
    })
  const chosen = arms.findIndex(({ candidate }) => candidate === decision.chosen)
  if (chosen < 0) {
    const message = `${where}: decision.chosen: ${decision.chosen} is not among its candidates`
    throw new NonRetryableError('invalid_input', message, { hint })
  }
  const { status, error, quality, latency_ms, cost_usd } = outcome
  const says = status === 'succeeded' || (status === 'failed' && (error === undefined || isTelling(error)))
  if (!says) return undefined
  const known = defined({ quality: quality ?? undefined, latency_ms: latency_ms ?? undefined })
  return {
    time,
    context: decision.context,
    arms,
    chosen,
    outcome: { succeeded: status === 'succeeded', cost_usd, ...known },
  }
}

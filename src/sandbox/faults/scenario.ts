/** A scenario: seed, latency and faults as one piece of data, checked as a whole. */
import { UsageError } from '../../domain/errors.ts'
import { isObject } from '../../std/json.ts'
import { parseLatency } from '../latency.ts'
import type { FaultRule } from './fault.ts'
import { type FaultInput, invalid, readFaults, type ScenarioProblem, type Tell, unknownField } from './rules.ts'

export interface Scenario {
  seed?: number
  latency?: string
  faults: readonly FaultInput[]
}

/** What a scenario says, and everything that is wrong with it. */
export function readScenario(data: unknown): { scenario: Scenario; problems: ScenarioProblem[] } {
  const problems: ScenarioProblem[] = []
  const scenario: Scenario = { faults: [] }
  const tell: Tell = (problem) => problems.push(problem)
  if (!isObject(data)) {
    tell(invalid([], 'a scenario is a mapping', 'write `faults:`, and below it a list of rules; also seed and latency'))
    return { scenario, problems }
  }
  for (const [name, value] of Object.entries(data)) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (read) read(value, scenario, tell)
    else tell(unknownField([name], Object.keys(readers)))
  }
  return { scenario, problems }
}

const readers: Record<string, (value: unknown, scenario: Scenario, tell: Tell) => void> = {
  seed(value, scenario, tell) {
    if (Number.isSafeInteger(value) && (value as number) >= 0) scenario.seed = value as number
    else tell(invalid(['seed'], '"seed" is a whole number, 0 or more'))
  },
  latency(value, scenario, tell) {
    try {
      const written = typeof value === 'number' ? String(value) : value
      if (typeof written !== 'string') throw new UsageError('"latency" is a text such as 250ms or lognormal:300,0.5')
      parseLatency(written)
      scenario.latency = written
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      tell(invalid(['latency'], error.message, error.hint))
    }
  },
  faults(value, scenario, tell) {
    readFaults(value, ['faults'], tell)
    if (Array.isArray(value)) scenario.faults = value as FaultInput[]
  },
}

/** The rules of a list that code gives. Throws UsageError that says which of them is wrong, also as `details.path`. */
export function faultRules(faults: readonly FaultInput[]): FaultRule[] {
  const problems: ScenarioProblem[] = []
  const rules = readFaults(faults, ['faults'], (problem) => problems.push(problem))
  const [first] = problems
  if (!first) return rules
  throw new UsageError(`${placeOf(first.path)}: ${first.message}`, {
    hint: first.hint,
    details: { path: [...first.path] },
  })
}

function placeOf(path: readonly (string | number)[]): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`)).join('')
}

/** The circuit breakers of a world: those that have a state, and those that agents here ask for. */
import type { BreakerPolicy } from '../../domain/breaker.ts'
import { UsageError } from '../../domain/errors.ts'
import { type BreakerCell, freshCell, readBreaker } from '../../executor/resilience/breaker/cell.ts'
import { breakerPrefix } from '../../executor/resilience/breaker/breaker.ts'
import { breakerName, subjectOf } from '../../executor/resilience/breaker/breakers.ts'
import { suggest } from '../../std/suggest.ts'
import type { App } from '../app.ts'
import { modelsUsedHere } from '../prices/prices-here.ts'

export interface BreakerHere {
  /** `model:owner/name` */
  name: string
  cell: BreakerCell
  /** Whether anything was ever written of it. */
  isKept: boolean
  /** As an agent here asks for it, or as it was used last; absent: nobody did. */
  policy?: BreakerPolicy
  /** Agents (or models that steps name) here that call it, and whether they heed it. */
  callers: { name: string; heeds: boolean }[]
}

type BreakerApp = Pick<App, 'cells' | 'world' | 'agents' | 'config' | 'cwd'>

/** Also of models that are called here without one: by name. */
export async function breakersHere(app: BreakerApp): Promise<BreakerHere[]> {
  const cells = await app.cells(app.world)
  const found = new Map<string, BreakerHere>()
  const at = (name: string): BreakerHere => {
    const known = found.get(name) ?? { name, cell: freshCell, isKept: false, callers: [] }
    found.set(name, known)
    return known
  }
  for (const [key, value] of cells.list(breakerPrefix)) {
    const cell = readBreaker(value)
    Object.assign(at(key.slice(breakerPrefix.length)), {
      cell,
      isKept: true,
      ...(cell.policy && { policy: cell.policy }),
    })
  }
  for (const { candidate } of await modelsUsedHere(app)) {
    const here = at(breakerName(candidate))
    const { breaker } = candidate
    if (breaker && !here.callers.some(({ heeds }) => heeds)) here.policy = breaker
    if (here.callers.every(({ name }) => name !== candidate.name))
      here.callers.push({ name: candidate.name, heeds: breaker !== undefined })
  }
  for (const [provider, policy] of Object.entries((await app.config()).providerBreakers)) {
    const here = at(`provider:${provider}`)
    here.policy = policy
    here.callers = [{ name: 'providers', heeds: true }]
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** One with a state, or that somebody here asks for. */
export function isInUse({ isKept, callers }: BreakerHere): boolean {
  return isKept || callers.some(({ heeds }) => heeds)
}

/** By its whole name, or by that of the model alone. Throws UsageError. */
export function breakerCalled(written: string, all: readonly BreakerHere[]): BreakerHere {
  const fits = (is: (name: string) => boolean) => all.find(({ name }) => is(name))
  const found =
    fits((name) => name === written) ??
    fits((name) => name === `model:${written}`) ??
    fits((name) => subjectOf(name) === written)
  if (found) return found
  const names = all.map(({ name }) => (name.startsWith('model:') ? subjectOf(name) : name))
  const near = suggest(written, names)
  throw new UsageError(`there is no circuit breaker of "${written}"`, {
    hint: near === undefined ? '`breakers list` shows those that there are' : `did you mean "${near}"?`,
  })
}

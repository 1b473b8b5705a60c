/** The circuit breakers of what is called: of each model whose agent asks for one, and of providers as a whole. */
import type { BreakerPolicy } from '../../../domain/breaker.ts'
import { type Cells, createMemoryCells } from '../../../std/cells.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Candidate } from '../../../targets/target.ts'
import { type Breaker, createBreaker } from './breaker.ts'

/** A breaker that a call has to pass, and what its agent or provider asks of it. */
export interface Guard {
  breaker: Breaker
  policy: BreakerPolicy
  /** It is that of a whole provider: only what says something of that counts. */
  ofProvider: boolean
}

export interface Breakers {
  /** Opens what they are kept in, if one of these has any; asked before all else. Undefined: nothing is to be waited for. */
  ready(chain: readonly Candidate[]): Promise<void> | undefined
  /** What a call has to pass, in this order. */
  of(candidate: Candidate): readonly Guard[]
  /** Writes what was kept back. */
  close(): Promise<void>
}

export interface BreakersParts {
  clock: Clock
  /** Default: this process has its own. */
  cells?: (() => Promise<Cells>) | undefined
  /** By target kind. */
  providers?: Readonly<Record<string, BreakerPolicy>> | undefined
}

const none: readonly Guard[] = []

export function createBreakers({ clock, cells, providers = {} }: BreakersParts): Breakers {
  const made = new Map<string, Breaker>()
  /** A call looks at each of its candidates several times. */
  const guardsOf = new WeakMap<Candidate, readonly Guard[]>()
  let opened: Cells | undefined
  let opening: Promise<void> | undefined

  function named(name: string): Breaker {
    const known = made.get(name) ?? createBreaker(name, opened as Cells, clock)
    made.set(name, known)
    return known
  }

  async function open(): Promise<void> {
    opened = cells ? await cells() : createMemoryCells()
  }

  function guard(candidate: Candidate): readonly Guard[] {
    const { breaker: policy, target } = candidate
    const provider = providers[target]
    if (!policy && !provider) return none
    const guards: Guard[] = []
    if (provider) guards.push({ breaker: named(`provider:${target}`), policy: provider, ofProvider: true })
    if (policy) guards.push({ breaker: named(breakerName(candidate)), policy, ofProvider: false })
    return guards
  }

  return {
    ready(chain) {
      if (opened || !chain.some(({ breaker, target }) => breaker ?? providers[target])) return undefined
      opening ??= open().catch((error: unknown) => {
        // The next call may find it as it should be.
        opening = undefined
        throw error
      })
      return opening
    },
    of(candidate) {
      let guards = guardsOf.get(candidate)
      if (!guards) guardsOf.set(candidate, (guards = guard(candidate)))
      return guards
    },
    async close() {
      for (const breaker of made.values()) await breaker.flush()
    },
  }
}

/** Agents that call the same share its breaker. */
export function breakerName({ target, model, deployment }: Pick<Candidate, 'target' | 'model' | 'deployment'>): string {
  if (deployment) return `deployment:${model}`
  return target === 'replicate' ? `model:${model}` : `${target}:${model}`
}

/** Why a candidate may not be called now; undefined: it may. */
export function refusalOf(guards: readonly Guard[]): string | undefined {
  const refusing = guards.find(({ breaker, policy }) => breaker.isOpen(policy))
  if (!refusing) return undefined
  const { breaker, ofProvider } = refusing
  const whose = ofProvider ? ` of ${subjectOf(breaker.name)}` : ''
  return `circuit breaker${whose} open: ${breaker.why()}`
}

/** The name without its kind. */
export function subjectOf(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** The share of calls that a candidate should get, where others could answer the rest. */
export function shareOf(guards: readonly Guard[]): number {
  let share = 1
  for (const { breaker } of guards) share = Math.min(share, breaker.share())
  return share
}

/** What the parts of the loader share while one file is being loaded. */
import { dirname, isAbsolute, resolve } from 'node:path'
import type { AgentDefinition } from '../domain/definition.ts'
import type { BreakerPolicy } from '../domain/breaker.ts'
import type { RoutingPolicy } from '../domain/routing.ts'
import type { Problem } from '../domain/problem.ts'
import { suggest } from '../std/suggest.ts'
import type { Path, Places, ProblemParts } from './yaml-places.ts'

export type Report = (path: Path, parts: ProblemParts) => void

export interface Loading {
  readonly file: string
  readonly places: Places
  readonly problems: Problem[]
  report: Report
  /** The nearest known name; after many questions it gives up, so that a hostile file stays quick. */
  suggest(written: string, known: Iterable<string>): string | undefined
  /** As a hint, or what there is to choose from. */
  didYouMean(written: string, known: readonly string[], what: string): string | undefined
  /** Agents known from elsewhere. */
  readonly agents: Readonly<Record<string, AgentDefinition>>
  /** Of them, those that can't be used, and why. */
  readonly unusable: Readonly<Record<string, string>>
  /** Names of registered functions, where they are known. */
  readonly functions: readonly string[] | undefined
  /** How agents route that say nothing else, where the configuration says so. */
  readonly routing: RoutingPolicy | undefined
  /** The breaker of agents that say nothing else, where the configuration has one. */
  readonly breaker: BreakerPolicy | undefined
}

const mostSuggestions = 100
const mostCandidates = 1_000
const longestName = 100

export function startLoading(
  file: string,
  places: Places,
  known: Partial<Pick<Loading, 'agents' | 'unusable' | 'functions' | 'routing' | 'breaker'>>,
): Loading {
  const problems: Problem[] = []
  let asked = 0
  const near = (written: string, candidates: Iterable<string>): string | undefined => {
    asked += 1
    if (asked > mostSuggestions || written.length > longestName) return undefined
    return suggest(written, [...candidates].slice(0, mostCandidates))
  }
  return {
    file,
    places,
    problems,
    report: (path, parts) => void problems.push(places.problem(path, parts)),
    suggest: near,
    didYouMean(written, candidates, what) {
      const found = near(written, candidates)
      if (found !== undefined) return `did you mean \`${found}\`?`
      if (candidates.length === 0) return `there are no ${what}`
      const known = [...new Set(candidates)]
      return known.length > 12 ? undefined : `known ${what}: ${known.join(', ')}`
    },
    agents: known.agents ?? {},
    unusable: known.unusable ?? {},
    functions: known.functions,
    routing: known.routing,
    breaker: known.breaker,
  }
}

/** A path written in the file, as it is on this machine (ruling 8). */
export function besideFile(file: string, written: string): string {
  return isAbsolute(written) ? written : resolve(dirname(file), written)
}

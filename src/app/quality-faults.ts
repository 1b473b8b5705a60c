/** What is wrong with how agents of the configuration are scored: expressions that can't be read, or name what there is not. */
import type { Layer } from '../config/layer.ts'
import { normaliseQuality } from '../documents/agent/quality-spec.ts'
import type { Path } from '../documents/yaml-places.ts'
import type { Problem } from '../domain/problem.ts'
import type { QualityPolicy } from '../domain/routing.ts'

export async function qualityFaults({ spec, agents, places }: Layer): Promise<Problem[]> {
  const policies: [Path, QualityPolicy][] = Object.entries(agents).flatMap(([name, { routing }]) =>
    routing?.quality ? [[['agents', name, 'routing', 'quality'], routing.quality]] : [],
  )
  const general = spec.routing?.quality
  if (general) policies.push([['routing', 'quality'], normaliseQuality(general)])
  if (policies.length === 0) return []
  const { compileQuality } = await import('../workflow/planning/quality.ts')
  return policies.flatMap(([path, policy]) =>
    compileQuality(policy).problems.map(({ path: within, problem, offset }) => {
      const { code, message, hint, severity, start } = problem
      return places.problem([...path, ...within], { code, message, hint, severity, at: offset + start.offset })
    }),
  )
}

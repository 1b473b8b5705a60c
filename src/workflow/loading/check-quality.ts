/** Checks how a workflow's agents are scored: their expressions, and that a judge is there. */
import { checkFallback } from '../../documents/agent/normalise.ts'
import type { Loading } from '../../documents/loading.ts'
import type { Path } from '../../documents/yaml-places.ts'
import type { AgentDefinition } from '../../domain/definition.ts'
import { compileQuality } from '../planning/quality.ts'

/** `written`: names of the agents that stand in this file. */
export function checkQualities(
  agents: Readonly<Record<string, AgentDefinition>>,
  written: Iterable<string>,
  loading: Loading,
): void {
  for (const name of written) {
    const quality = Object.hasOwn(agents, name) ? agents[name]?.routing?.quality : undefined
    if (!quality) continue
    const path: Path = ['agents', name, 'routing', 'quality']
    if (quality.judge) checkFallback(quality.judge.agent, agents, judgePath(path, loading), loading)
    for (const { path: within, problem, offset } of compileQuality(quality).problems) {
      const { code, message, hint, severity, start } = problem
      loading.report([...path, ...within], { code, message, hint, severity, at: offset + start.offset })
    }
  }
}

function judgePath(path: Path, { places }: Loading): Path {
  return places.has([...path, 'judge', 'agent']) ? [...path, 'judge', 'agent'] : [...path, 'judge']
}

/** Which branches of the tested workflows, and of those nested in them, no case has taken. */
import { ReplicateAgentError } from '../../domain/errors.ts'
import type { Plan } from '../../workflow/plan.ts'
import { fileOfReference } from '../../workflow/loading/nested.ts'
import { decodeSource, readSource } from '../../documents/source-text.ts'
import { readYaml } from '../../documents/yaml.ts'
import type { Places } from '../../documents/yaml-places.ts'
import type { LoadedWorkflow } from '../../workflow/load.ts'
import { type Branch, branchesOf, keyOf, takenIn } from './branches.ts'
import type { Observed } from './run-case.ts'

export interface WorkflowCoverage {
  workflow: string
  file: string
  covered: number
  total: number
  missing: { step: string; kind: Branch['kind']; way: string; message: string; line: number; column: number }[]
}

export interface Coverage {
  covered: number
  total: number
  /** 100 where there is nothing to cover. */
  percent: number
  workflows: WorkflowCoverage[]
}

export interface Coverer {
  /** A workflow whose branches count, whether or not a case runs it. */
  expect(workflow: LoadedWorkflow): Promise<void>
  saw(observed: readonly Observed[]): void
  report(): Promise<Coverage>
}

interface Subject {
  file: string
  plan: Plan
  taken: Set<string>
}

export function createCoverer(): Coverer {
  const subjects = new Map<string, Subject>()
  /** The same definition may be reached in several ways, and stand in several files. */
  const byHash = new Map<string, Set<Subject>>()

  async function add(plan: Plan, file: string): Promise<void> {
    const subject = { file, plan, taken: new Set<string>() }
    if (subjects.has(file)) return
    subjects.set(file, subject)
    byHash.set(plan.hash, (byHash.get(plan.hash) ?? new Set()).add(subject))
    for (const ref of Object.keys(plan.definition.workflows))
      await add(plan.child(ref), await fileOfReference(ref, file))
  }

  return {
    expect: ({ plan, file }) => add(plan, file),
    saw(observed) {
      for (const { plan, events } of observed) {
        const taken = takenIn(plan, events)
        for (const subject of byHash.get(plan.hash) ?? []) for (const key of taken) subject.taken.add(key)
      }
    },
    async report() {
      const workflows: WorkflowCoverage[] = []
      for (const subject of subjects.values()) workflows.push(await coverageOf(subject))
      const covered = workflows.reduce((sum, one) => sum + one.covered, 0)
      const total = workflows.reduce((sum, one) => sum + one.total, 0)
      return { covered, total, percent: percentOf(covered, total), workflows }
    },
  }
}

/** Rounded down: 100 is only said when nothing is missing. */
function percentOf(covered: number, total: number): number {
  return total === 0 ? 100 : Math.floor((1_000 * covered) / total) / 10
}

async function coverageOf({ file, plan, taken }: Subject): Promise<WorkflowCoverage> {
  const branches = branchesOf(plan)
  const missing = branches.filter((branch) => !taken.has(keyOf(branch)))
  const places = missing.length > 0 ? await placesOf(file) : undefined
  return {
    workflow: plan.definition.name,
    file,
    covered: branches.length - missing.length,
    total: branches.length,
    missing: missing
      .map(({ step, kind, way, missing: message, path }) => {
        const { line = 1, column = 1 } = places?.problem(path, { code: '', message, at: 'key' }) ?? {}
        return { step, kind, way, message, line, column }
      })
      .sort((a, b) => a.line - b.line || a.column - b.column),
  }
}

async function placesOf(file: string): Promise<Places | undefined> {
  try {
    const decoded = decodeSource(await readSource(file))
    return decoded.ok ? readYaml(decoded.text, file).places : undefined
  } catch (error) {
    // Removed since it was loaded: what is missing is told without its line.
    if (error instanceof ReplicateAgentError) return undefined
    throw error
  }
}

/** What `workflows simulate` runs: the tasks of a measured trace, or the steps of a workflow with how long they take. */
import { extname, resolve } from 'node:path'
import { z } from 'zod'
import { NonRetryableError } from '../domain/errors.ts'
import { suggest } from '../std/suggest.ts'
import { decodeSource, readSource } from '../documents/source-text.ts'
import type { Plan } from '../workflow/plan.ts'
import type { SimulatedTask } from '../workflow/simulate.ts'

/** Larger than any trace that a simulation would get through. */
const maxBytes = 100_000_000

const seconds = z.number().nonnegative()
/** The shape of a trace: tasks with measured run times, and what each of them waited for. Other fields are its own affair. */
const traceShape = z.object({
  name: z.string().optional(),
  tasks: z.array(z.object({ id: z.string(), runtime_s: seconds, parents: z.array(z.string()).default([]) })),
})
const durationsShape = z.record(z.string(), seconds)

export interface Trace {
  name: string
  tasks: SimulatedTask[]
}

/** The trace in a JSON file with `tasks`; undefined for any other file, which may be a workflow. Throws for a bad trace. */
export async function readTrace(path: string, cwd: string): Promise<Trace | undefined> {
  if (extname(path) !== '.json') return undefined
  const value = await readJson(path, cwd)
  if (typeof value !== 'object' || value === null || !('tasks' in value)) return undefined
  const { name = path, tasks } = parsed(traceShape, value, path)
  const twice = firstTwice(tasks.map(({ id }) => id))
  if (twice !== undefined) throw new NonRetryableError('invalid_input', `${path}: two tasks are called "${twice}"`)
  return { name, tasks: tasks.map(({ id, runtime_s, parents }) => ({ id, seconds: runtime_s, needs: parents })) }
}

/** Seconds by step id. */
export async function readDurations(path: string, cwd: string): Promise<Record<string, number>> {
  return parsed(durationsShape, await readJson(path, cwd), path)
}

/**
 * The steps of a plan. `finally` begins when all others have ended. `known` says how long a step takes, undefined when
 * nobody knows. Throws `invalid_input` for durations of steps that are not there, and for steps without one.
 */
export function tasksOfPlan(
  plan: Plan,
  durations: Readonly<Record<string, number>>,
  known: (id: string) => number | undefined,
): SimulatedTask[] {
  for (const id of Object.keys(durations)) {
    if (plan.steps.has(id)) continue
    const near = suggest(id, plan.steps.keys())
    throw new NonRetryableError('invalid_input', `the durations name "${id}", which is no step`, {
      hint: near === undefined ? `the steps are ${[...plan.steps.keys()].join(', ')}` : `did you mean "${near}"?`,
    })
  }
  const steps = [...plan.steps.values()]
  const last = steps.filter((step) => step.group === 'steps' && step.dependents.length === 0).map(({ id }) => id)
  const missing: string[] = []
  const tasks = steps.map(({ id, group, needs }) => {
    const takes = Object.hasOwn(durations, id) ? durations[id] : known(id)
    if (takes === undefined) missing.push(id)
    const before = group === 'finally' ? last : []
    return { id, seconds: takes ?? 0, needs: [...new Set([...needs.map((need) => need.id), ...before])] }
  })
  if (missing.length > 0) {
    throw new NonRetryableError(
      'invalid_input',
      `nobody knows how long ${missing.map((id) => `"${id}"`).join(', ')} takes`,
      {
        hint: 'give --durations FILE with {"<step>": <seconds>}, or run the workflow once: what its calls took is remembered',
      },
    )
  }
  return tasks
}

async function readJson(path: string, cwd: string): Promise<unknown> {
  const decoded = decodeSource(await readSource(resolve(cwd, path), maxBytes))
  if (!decoded.ok) throw new NonRetryableError('invalid_input', `${path} is no UTF-8 text (byte ${decoded.offset})`)
  try {
    return JSON.parse(decoded.text)
  } catch (cause) {
    throw new NonRetryableError('invalid_input', `${path} is no JSON: ${(cause as Error).message}`)
  }
}

function parsed<T>(shape: z.ZodType<T>, value: unknown, path: string): T {
  const checked = shape.safeParse(value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  throw new NonRetryableError('invalid_input', `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`, {
    hint: 'a trace is {"tasks": [{"id", "runtime_s", "parents"}]}, durations are {"<step>": <seconds>}',
  })
}

function firstTwice(ids: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return ids.find((id) => seen.size === seen.add(id).size)
}

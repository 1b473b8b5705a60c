/** Loads workflow files: bytes → YAML → schema → definition → plan, with every problem of every file at once. */
import type { BreakerPolicy } from '../domain/breaker.ts'
import type { AgentDefinition, WorkflowDefinition } from '../domain/definition.ts'
import type { RoutingPolicy } from '../domain/routing.ts'
import type { Problem } from '../domain/problem.ts'
import { isObject, type Json } from '../std/json.ts'
import { checkQualities } from './loading/check-quality.ts'
import { checkBreakers } from './loading/check-breakers.ts'
import { checkRouting } from './loading/check-routing.ts'
import { checkSteps } from './loading/check-steps.ts'
import { type Loading, startLoading } from '../documents/loading.ts'
import { type Family, identityOf, loadNested, newFamily } from './loading/nested.ts'
import { normalise, outlineOf } from './loading/normalise.ts'
import { assemblePlan, type Plan } from './plan.ts'
import { defaultMaxBytes, readSource, tooLarge } from '../documents/source-text.ts'
import { textOf as textIn } from '../documents/text-file.ts'
import { readSpec } from './loading/spec-problems.ts'
import { readYaml } from '../documents/yaml.ts'

export interface LoadOptions {
  /** Agents known from elsewhere, by name. */
  agents?: Readonly<Record<string, AgentDefinition>>
  /** Of them, those that can't be used, and why: a workflow that does is wrong. */
  unusable?: Readonly<Record<string, string>>
  /** How agents route that say nothing else. */
  routing?: RoutingPolicy
  /** The circuit breaker of agents that say nothing else. */
  breaker?: BreakerPolicy
  /** Names of registered functions; without it, any name is let pass. */
  functions?: readonly string[]
  /** The largest file that is read; 1 MB by default. */
  maxBytes?: number
}

export interface LoadedWorkflow {
  definition: WorkflowDefinition
  plan: Plan
  hash: string
  file: string
  warnings: Problem[]
}

/** `files`: the file, and those that it and the nested ones name; some may not be there. */
export type LoadOutcome = { files: string[] } & (
  | { ok: true; workflow: LoadedWorkflow }
  | { ok: false; problems: Problem[] }
)

/**
 * Loads a file and the workflow files that it names. Bad content is in the outcome; a file that is missing, no
 * regular file, unreadable or too large is thrown as `file_not_found`, `file_unreadable` or `file_too_large`.
 */
export async function loadWorkflow(file: string, options: LoadOptions = {}): Promise<LoadOutcome> {
  return loadWorkflowText(await readSource(file, options.maxBytes), file, options)
}

/** As `loadWorkflow`, of text that is at hand; `file` says where it is from, for messages and relative paths. */
export async function loadWorkflowText(
  text: string | Uint8Array,
  file: string,
  options: LoadOptions = {},
): Promise<LoadOutcome> {
  const family = newFamily(options, (child, bytes, within) => loadBytes(bytes, child, options, within))
  const member = await loadBytes(text, file, options, { family, ancestors: [await identityOf(file)], names: [] })
  const problems = inOrder(member.problems, file)
  const { definition, plan } = member
  const files = [file, ...family.named]
  if (!definition || !plan || problems.some(isError)) return { ok: false, problems, files }
  const workflow: LoadedWorkflow = {
    definition,
    plan,
    // Hashed when it is asked for: what only checks a file does not ask.
    get hash() {
      return plan.hash
    },
    file,
    warnings: problems,
  }
  return { ok: true, workflow, files }
}

/** One file of a family, with the problems of the files below it. */
export interface LoadedFile {
  definition: WorkflowDefinition | undefined
  plan: Plan | undefined
  problems: Problem[]
}

export interface Within {
  family: Family
  /** Identities and names of the files that led here, this one included. */
  ancestors: readonly string[]
  names: readonly string[]
}

async function loadBytes(
  source: string | Uint8Array,
  file: string,
  options: LoadOptions,
  within: Within,
): Promise<LoadedFile> {
  const text = textOf(source, file, options.maxBytes ?? defaultMaxBytes)
  if (typeof text !== 'string') return { definition: undefined, plan: undefined, problems: [text] }
  const { data, places, problems } = readYaml(text, file)
  if (data === null && problems.length > 0) return { definition: undefined, plan: undefined, problems }
  const loading = startLoading(file, places, options)
  loading.problems.push(...problems)
  const loaded = await loadData(data, loading, within)
  return { ...loaded, problems: loading.problems }
}

async function loadData(data: Json, loading: Loading, within: Within): Promise<Omit<LoadedFile, 'problems'>> {
  const outline = outlineOf(data)
  const inputMaps = inputMapsOf(data)
  const { value: spec, problems } = readSpec(data, loading.places, loading.suggest)
  loading.problems.push(...problems)
  if (!spec) return { definition: undefined, plan: undefined }
  const definition = normalise(spec, outline, loading)
  checkQualities(definition.agents, Object.keys(spec.agents ?? {}), loading)
  checkRouting(definition.agents, spec.agents ?? {}, loading)
  checkBreakers(definition.agents, spec.agents ?? {}, loading)
  await loadNested(definition, loading, { ...within, names: [...within.names, definition.name] })
  const { compiled, outputs, outputKeys } = checkSteps(definition, outline, inputMaps, loading)
  if (loading.problems.some(isError)) return { definition, plan: undefined }
  return { definition, plan: assemblePlan(definition, compiled, outputs, outputKeys) }
}

/** The text, or the problem with its encoding. */
function textOf(source: string | Uint8Array, file: string, maxBytes: number): string | Problem {
  const bytes = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength
  if (bytes > maxBytes) throw tooLarge(file, bytes, maxBytes)
  if (typeof source === 'string') return source.startsWith('\uFEFF') ? source.slice(1) : source
  return textIn(source, file)
}

/** Which arguments of each step are written under `input_map`. */
function inputMapsOf(data: Json): Map<string, ReadonlySet<string>> {
  const maps = new Map<string, ReadonlySet<string>>()
  for (const group of ['steps', 'finally']) {
    const steps = isObject(data) ? data[group] : undefined
    for (const [id, step] of Object.entries(isObject(steps) ? steps : {})) {
      if (isObject(step) && isObject(step.input_map)) maps.set(id, new Set(Object.keys(step.input_map)))
    }
  }
  return maps
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error'
}

/** By file (the one that was asked for first), then by place; the same problem only once. */
function inOrder(problems: readonly Problem[], main: string): Problem[] {
  const seen = new Set<string>()
  const once = problems.filter((problem) => {
    const key = JSON.stringify([problem.file, problem.line, problem.column, problem.code, problem.message])
    return !seen.has(key) && seen.add(key)
  })
  return once.sort(
    (a, b) =>
      Number(b.file === main) - Number(a.file === main) ||
      (a.file < b.file ? -1 : Number(a.file > b.file)) ||
      a.line - b.line ||
      a.column - b.column,
  )
}

/** Whether the names that an expression reads exist where it stands; each that does not gets words of its own. */
import type { StepDefinition } from '../../domain/definition.ts'
import type { Reference } from '../../expression/parse.ts'
import type { StepGroup, StepPart } from '../planning/compile-step.ts'
import type { Loading } from '../../documents/loading.ts'
import type { ProblemParts } from '../../documents/yaml-places.ts'

/** The names that a whole workflow has, those of faulty parts included. */
export interface KnownNames {
  group: ReadonlyMap<string, StepGroup>
  /** `output_key` → step. */
  outputKeys: ReadonlyMap<string, string>
  inputs: ReadonlySet<string>
  env: ReadonlySet<string>
}

/** Where an expression stands: in a step's field, or in the workflow's `outputs`. */
export type Standpoint =
  | { id: string; group: StepGroup; part: StepPart; definition: StepDefinition; needs: readonly string[] }
  | { part: 'outputs' }

export type ReferenceFault = Omit<ProblemParts, 'at'>

export const bareNames: ReadonlySet<string> = new Set(['output', 'cost', 'cost_usd', 'latency_ms'])

/** What is wrong with a reference, or undefined: then the expression's own checker has the last word. */
export function checkReference(
  reference: Reference,
  at: Standpoint,
  known: KnownNames,
  loading: Loading,
): ReferenceFault | undefined {
  const { root, path } = reference
  const first = typeof path[0] === 'string' ? path[0] : undefined
  if (root === 'steps') return checkStep(first, at, known, loading)
  if (root === 'outputs') return checkOutputKey(first, at, known, loading)
  if (root === 'inputs' && first !== undefined && !known.inputs.has(first)) {
    const hint = loading.didYouMean(first, [...known.inputs], 'inputs')
    return { code: 'unknown_input', message: `there is no input \`${first}\``, hint }
  }
  if (root === 'env' && first !== undefined && !known.env.has(first)) {
    const near = loading.suggest(first, known.env)
    const hint = near === undefined ? `declare it: \`env: [${first}]\` at the top` : `did you mean \`${near}\`?`
    return { code: 'undeclared_env', message: `the environment variable ${first} is not declared`, hint }
  }
  return at.part === 'outputs' ? checkInOutputs(root) : checkLocal(root, at)
}

function checkStep(
  id: string | undefined,
  at: Standpoint,
  known: KnownNames,
  loading: Loading,
): ReferenceFault | undefined {
  if (id === undefined) {
    if (at.part === 'outputs') return undefined
    return {
      code: 'dynamic_step',
      message: 'which step is read must be written out',
      hint: 'write steps.<id>, so that the step can wait for it',
    }
  }
  const group = known.group.get(id)
  if (group === undefined) {
    const hint = loading.didYouMean(id, [...known.group.keys()], 'steps')
    return { code: 'unknown_step', message: `there is no step \`${id}\``, hint }
  }
  return at.part === 'outputs' ? undefined : checkUpstream(id, group, at)
}

function checkUpstream(
  id: string,
  group: StepGroup,
  at: Extract<Standpoint, { id: string }>,
): ReferenceFault | undefined {
  if (id === at.id) {
    const hint = at.definition.repeat ? 'the round before is called `previous`' : 'a step can not wait for itself'
    return { code: 'cycle', message: `step \`${id}\` reads its own result`, hint }
  }
  if (at.group === 'steps' && group === 'finally') {
    return {
      code: 'not_upstream',
      message: `\`${id}\` runs in \`finally\`, after this step`,
      hint: 'only finally steps and outputs can read it',
    }
  }
  return undefined
}

function checkOutputKey(
  key: string | undefined,
  at: Standpoint,
  known: KnownNames,
  loading: Loading,
): ReferenceFault | undefined {
  if (key === undefined) return checkStep(undefined, at, known, loading)
  const id = known.outputKeys.get(key)
  if (id === undefined) {
    const hint = known.group.has(key)
      ? `the output of a step is steps.${key}.output`
      : loading.didYouMean(key, [...known.outputKeys.keys()], 'output keys')
    return { code: 'unknown_output_key', message: `no step has the output_key \`${key}\``, hint }
  }
  const group = known.group.get(id)
  return at.part === 'outputs' || group === undefined ? undefined : checkUpstream(id, group, at)
}

function checkInOutputs(root: string): ReferenceFault | undefined {
  if (!bareNames.has(root)) return undefined
  return { code: 'ambiguous_name', message: `\`${root}\` does not say of which step`, hint: `write steps.<id>.${root}` }
}

function checkLocal(root: string, at: Extract<Standpoint, { id: string }>): ReferenceFault | undefined {
  if (bareNames.has(root)) return checkBare(root, at)
  if (root === 'previous') return checkPrevious(at)
  const { foreach } = at.definition
  const isItem = root === 'item' || root === 'index'
  if (isItem && !foreach) {
    const hint = 'write `foreach: {in: …}` beside it'
    return { code: 'not_in_foreach', message: `\`${root}\` exists in steps with \`foreach\` only`, hint }
  }
  if (at.part === 'foreach.in' && (isItem || root === foreach?.as)) {
    return { code: 'not_in_foreach', message: `\`${root}\` does not exist yet where the list is made` }
  }
  return undefined
}

function checkBare(root: string, { part, needs }: Extract<Standpoint, { id: string }>): ReferenceFault | undefined {
  if (part === 'repeat.until' || needs.length === 1) return undefined
  const shown = needs.length > 6 ? [...needs.slice(0, 6), '…'] : needs
  const count = needs.length === 0 ? 'none' : `${needs.length}: ${shown.join(', ')}`
  const message = `\`${root}\` means the one step that this one needs, but it needs ${count}`
  return { code: 'ambiguous_name', message, hint: `write steps.${needs[0] ?? '<id>'}.${root}` }
}

function checkPrevious({ part, definition }: Extract<Standpoint, { id: string }>): ReferenceFault | undefined {
  if (!definition.repeat) return { code: 'not_in_repeat', message: '`previous` exists in steps with `repeat` only' }
  if (part !== 'condition' && part !== 'foreach.in') return undefined
  return { code: 'not_in_repeat', message: '`previous` exists within the rounds only' }
}

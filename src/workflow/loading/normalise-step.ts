/** A step as written → as kept: one action, durations in milliseconds, defaults merged. */
import {
  type AgentDefinition,
  type ApprovalDefinition,
  type CachePolicy,
  defaultRetry,
  type ForeachDefinition,
  type InputSpec,
  type RepeatDefinition,
  type RetryPolicy,
  type StepAction,
  type StepDefinition,
} from '../../domain/definition.ts'
import { retryOver } from '../../domain/retry-policy.ts'
import { isReservedWord } from '../../expression/names.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { StepGroup } from '../planning/compile-step.ts'
import type { Loading } from '../../documents/loading.ts'
import { capOf } from '../../documents/agent/budget-spec.ts'
import { checkFallback, checkUsable, isModelName, listOf } from '../../documents/agent/normalise.ts'
import { normaliseInputs } from './normalise-inputs.ts'
import { cachePolicy, checkCache } from '../../documents/agent/cache-spec.ts'
import { milliseconds, writtenRetry } from '../../documents/agent/policies.ts'
import { qosOf } from '../../documents/agent/routing.ts'
import { defined } from '../../std/defined.ts'
import type { DefaultsSpec, StepSpec } from '../spec.ts'
import type { Path } from '../../documents/yaml-places.ts'

export const actionKinds = ['agent', 'model', 'workflow', 'value', 'approval'] as const
export type ActionKind = (typeof actionKinds)[number]

/** A child run that failed counts as an `exception`; its steps have had their own retries. */
const childRetry: RetryPolicy = { ...defaultRetry, on: ['exception'] }

const everywhere = ['description', 'needs', 'condition', 'foreach', 'on_error', 'output_key'] as const
const calling = [
  'input',
  'input_map',
  'repeat',
  'retry',
  'timeout',
  'fallback',
  'output_schema',
  'cache',
  'task',
  'qos',
  'budget',
] as const

/** Fields that have a meaning for a kind of step, besides the kind itself. */
const fieldsOf: Record<ActionKind, ReadonlySet<string>> = {
  agent: new Set([...everywhere, ...calling]),
  model: new Set([...everywhere, ...calling]),
  workflow: new Set([...everywhere, 'input', 'input_map', 'repeat', 'retry', 'timeout', 'budget']),
  value: new Set([...everywhere, 'repeat']),
  approval: new Set([...everywhere, 'inputs', 'timeout']),
}

/** Names that expressions have anyway, so that `foreach.as` can't take them. */
const scopeNames: ReadonlySet<string> = new Set(
  'inputs steps outputs run env index previous output cost cost_usd latency_ms'.split(' '),
)

export interface StepSurroundings {
  agents: Readonly<Record<string, AgentDefinition>>
  defaults: DefaultsSpec | undefined
  /** `output_key`s of all steps. */
  outputKeys: ReadonlySet<string>
  /** What the step had in the file, before faulty fields were taken out. */
  written: ReadonlySet<string>
  /** Whether the file has something under this name that could not be read, and was complained of. */
  isBrokenAgent(name: string): boolean
}

/** The step, or undefined when it has no action that could be read (which is reported, here or before). */
export function normaliseStep(
  id: string,
  group: StepGroup,
  spec: StepSpec,
  around: StepSurroundings,
  loading: Loading,
): StepDefinition | undefined {
  const path: Path = [group, id]
  const kind = kindOf(spec, path, around.written, loading)
  if (kind === undefined) return undefined
  checkFields(kind, spec, path, loading)
  if (kind === 'approval' && group === 'finally') {
    const hint = 'ask in a step; `finally` runs when nobody may be there'
    loading.report([...path, 'approval'], {
      code: 'approval_in_finally',
      message: 'a finally step can not ask for an approval',
      hint,
      at: 'key',
    })
  }
  const { defaults } = around
  const { description, condition, foreach, repeat, output_schema, output_key } = spec
  const step: StepDefinition = {
    action: actionOf(kind, spec, path, loading),
    needs: needsOf(spec, path, loading),
    input: inputOf(spec, path, around, loading),
    on_error: spec.on_error ?? defaults?.on_error ?? 'fail',
    fallback: [],
    ...defined({
      description,
      condition: condition === undefined ? undefined : String(condition),
      foreach: foreach && foreachOf(foreach, defaults, path, loading),
      repeat: repeat && repeatOf(repeat, path, loading),
      output_schema: output_schema as JsonObject | undefined,
      output_key,
      budget: capOf(spec.budget, [...path, 'budget'], loading.report),
    }),
  }
  if (kind === 'workflow') addChildPolicies(step, spec, path, loading)
  if (kind === 'agent' || kind === 'model') addCallPolicies(step, spec, path, around, loading)
  return step
}

function kindOf(spec: StepSpec, path: Path, written: ReadonlySet<string>, loading: Loading): ActionKind | undefined {
  const [first, second] = actionKinds.filter((kind) => written.has(kind))
  if (first === undefined) {
    const hint = 'give it exactly one of agent, model, workflow, value, approval'
    loading.report(path, { code: 'missing_field', message: `step "${path[1]}" does nothing`, hint, at: 'key' })
    return undefined
  }
  if (second !== undefined) {
    const message = `step "${path[1]}" has both \`${first}\` and \`${second}\`: a step does one thing`
    loading.report([...path, second], { code: 'too_many_fields', message, hint: 'make two steps of it', at: 'key' })
    return undefined
  }
  return spec[first] === undefined ? undefined : first
}

function checkFields(kind: ActionKind, spec: StepSpec, path: Path, loading: Loading): void {
  for (const field of Object.keys(spec)) {
    if (field === kind || fieldsOf[kind].has(field)) continue
    const message = `\`${field}\` has no meaning in a step with \`${kind}\``
    loading.report([...path, field], { code: 'misplaced_field', message, hint: misplacedHint(kind, field), at: 'key' })
  }
}

function misplacedHint(kind: ActionKind, field: string): string | undefined {
  if (field === 'inputs') return 'what is sent is called `input`'
  if (kind === 'value' && (field === 'input' || field === 'input_map')) return 'write the expressions into `value`'
  if (kind === 'approval' && field === 'input') return 'what the person is asked for is called `inputs`'
  return undefined
}

function actionOf(kind: ActionKind, spec: StepSpec, path: Path, loading: Loading): StepAction {
  switch (kind) {
    case 'agent':
      return { kind, agent: spec.agent as string }
    case 'model':
      return { kind, model: spec.model as string }
    case 'workflow':
      return { kind, ref: spec.workflow as string }
    case 'value':
      return { kind, value: spec.value as Json }
    case 'approval':
      return { kind, approval: approvalOf(spec, path, loading) }
  }
}

function approvalOf(spec: StepSpec, path: Path, loading: Loading): ApprovalDefinition {
  const written: Partial<Exclude<StepSpec['approval'], string>> & { message: string } =
    typeof spec.approval === 'object' ? spec.approval : { message: spec.approval as string }
  for (const field of ['inputs', 'timeout'] as const) {
    if (spec[field] === undefined || written[field] === undefined) continue
    const message = `\`${field}\` stands in \`approval\` as well`
    loading.report([...path, field], { code: 'too_many_fields', message, hint: 'write it once', at: 'key' })
  }
  const where = written.inputs ? [...path, 'approval', 'inputs'] : [...path, 'inputs']
  const inputs = normaliseInputs(written.inputs ?? spec.inputs, where, loading)
  for (const [name, input] of Object.entries(inputs)) checkAsked(input, [...where, name], loading)
  const timeout = written.timeout ?? spec.timeout
  return { message: written.message, inputs, ...(timeout !== undefined && { timeout_ms: milliseconds(timeout) }) }
}

function checkAsked(input: InputSpec, path: Path, loading: Loading): void {
  if (input.type !== 'file' && input.type !== 'files' && !input.secret) return
  const message = `a person can not be asked for ${input.secret ? 'a secret' : 'a file'}`
  loading.report(path, { code: 'misplaced_field', message, hint: 'ask for text', at: 'key' })
}

function needsOf(spec: StepSpec, path: Path, loading: Loading): string[] {
  const written = listOf(spec.needs)
  for (const [index, need] of written.entries()) {
    if (written.indexOf(need) === index) continue
    loading.report([...path, 'needs', index], {
      code: 'duplicate_need',
      severity: 'warning',
      message: `"${need}" is needed twice`,
    })
  }
  return [...new Set(written)]
}

function inputOf(spec: StepSpec, path: Path, { outputKeys }: StepSurroundings, loading: Loading): JsonObject {
  const input = { ...(spec.input as JsonObject | undefined) }
  for (const [argument, key] of Object.entries(spec.input_map ?? {})) {
    const place = [...path, 'input_map', argument]
    if (Object.hasOwn(input, argument)) {
      const message = `\`input\` sets "${argument}" as well`
      loading.report(place, { code: 'duplicate_argument', message, hint: 'set it in one of them', at: 'key' })
    }
    if (outputKeys.has(key)) input[argument] = `\${{ outputs.${key} }}`
    else {
      const hint = loading.didYouMean(key, [...outputKeys], 'output keys')
      loading.report(place, { code: 'unknown_output_key', message: `no step has the output_key "${key}"`, hint })
    }
  }
  return input
}

function foreachOf(
  written: NonNullable<StepSpec['foreach']>,
  defaults: DefaultsSpec | undefined,
  path: Path,
  loading: Loading,
): ForeachDefinition {
  const { as = 'item', fail_fast: failFast = false } = written
  const list = written.in as Json
  if (typeof list === 'string' ? !list.includes('${{') : !Array.isArray(list)) {
    const hint = typeof list === 'string' ? `write in: "\${{ ${list.trim()} }}"` : 'write a list, or ${{ expression }}'
    loading.report([...path, 'foreach', 'in'], {
      code: 'wrong_type',
      message: '`in` must be a list or an expression that gives one',
      hint,
    })
  }
  if (scopeNames.has(as) || isReservedWord(as)) {
    loading.report([...path, 'foreach', 'as'], {
      code: 'reserved_name',
      message: `an item can not be called "${as}": that name means something else`,
    })
  }
  const foreach: ForeachDefinition = { in: list, as, fail_fast: failFast }
  const concurrency = written.max_concurrency ?? defaults?.max_concurrency
  if (concurrency !== undefined) foreach.max_concurrency = concurrency
  return foreach
}

const defaultRounds = 10

function repeatOf(written: NonNullable<StepSpec['repeat']>, path: Path, loading: Loading): RepeatDefinition {
  if (written.until === undefined && written.max === undefined) {
    loading.report([...path, 'repeat'], {
      code: 'missing_field',
      message: '`repeat` needs `until` or `max`',
      at: 'key',
    })
  }
  const repeat: RepeatDefinition = { max: written.max ?? defaultRounds }
  if (written.until !== undefined) repeat.until = String(written.until)
  return repeat
}

function addChildPolicies(step: StepDefinition, spec: StepSpec, path: Path, loading: Loading): void {
  if (spec.timeout !== undefined) step.timeout_ms = milliseconds(spec.timeout)
  if (spec.retry === undefined) return
  step.retry = retryOver(childRetry, writtenRetry(spec.retry))
  if (step.retry.on?.includes('exception')) return
  const message = 'a child run that failed counts as an `exception`, which is not among these'
  loading.report([...path, 'retry', 'on'], { code: 'contradiction', message, hint: 'leave `on` out', at: 'key' })
}

/** The step's own word, else its agent's, else the defaults' (which an agent that says something is not told). */
function addCallPolicies(
  step: StepDefinition,
  spec: StepSpec,
  path: Path,
  around: StepSurroundings,
  loading: Loading,
): void {
  const { defaults } = around
  const agent = spec.agent === undefined ? undefined : agentOf(spec.agent, path, around, loading)
  if (spec.retry) step.retry = writtenRetry(spec.retry)
  const timeout = spec.timeout ?? (agent?.timeout_ms === undefined ? defaults?.timeout : undefined)
  if (timeout !== undefined) step.timeout_ms = milliseconds(timeout)
  const cache = cacheOf(spec, agent, defaults)
  if (cache !== undefined) step.cache = cache
  if (spec.cache !== undefined) checkCache(cache, [...path, 'cache'], loading.report)
  if (spec.task !== undefined) step.task = spec.task
  if (spec.qos) step.qos = qosOf(spec.qos)
  step.fallback = listOf(spec.fallback ?? defaults?.fallback)
  if (spec.fallback !== undefined) checkFallbacks(spec.fallback, [...path, 'fallback'], around, loading)
}

type Agent = AgentDefinition | undefined

/** Key by key over what its agent does; false: the step says no to it. */
function cacheOf(spec: StepSpec, agent: Agent, defaults: DefaultsSpec | undefined): CachePolicy | false | undefined {
  if (spec.cache !== undefined) return cachePolicy(spec.cache, agent?.cache)
  const byDefault = agent?.cache || defaults?.cache === undefined ? false : cachePolicy(defaults.cache)
  return byDefault || undefined
}

export function checkFallbacks(
  written: string | readonly string[],
  path: Path,
  { agents, isBrokenAgent }: Pick<StepSurroundings, 'agents' | 'isBrokenAgent'>,
  loading: Loading,
): void {
  for (const [index, name] of [written].flat().entries()) {
    if (!isBrokenAgent(name))
      checkFallback(name, agents, typeof written === 'string' ? path : [...path, index], loading)
  }
}

function agentOf(name: string, path: Path, { agents, isBrokenAgent }: StepSurroundings, loading: Loading): Agent {
  if (Object.hasOwn(agents, name)) return agents[name]
  if (Object.hasOwn(loading.agents, name)) {
    checkUsable(name, [...path, 'agent'], loading)
    return loading.agents[name]
  }
  if (!isBrokenAgent(name)) {
    const known = [...Object.keys(agents), ...Object.keys(loading.agents)]
    const hint = isModelName(name)
      ? `a model is called with \`model: ${name}\``
      : loading.didYouMean(name, known, 'agents')
    loading.report([...path, 'agent'], { code: 'unknown_agent', message: `there is no agent "${name}"`, hint })
  }
  return undefined
}

/** The keys of a raw step, for what was meant. */
export function writtenFields(raw: unknown): ReadonlySet<string> {
  return new Set(isObject(raw) ? Object.keys(raw) : [])
}

/** Definitions and inputs without what is secret in them, for whatever is shown or leaves this machine. */
import type { InputSpec, StepDefinition, WorkflowDefinition } from '../domain/definition.ts'
import { isObject, type JsonObject } from '../std/json.ts'

/** The defaults of secret inputs are taken out, in nested workflows and approvals, too. What holds none comes back as it is. */
export function withoutSecretDefaults(definition: WorkflowDefinition): WorkflowDefinition {
  const inputs = openInputs(definition.inputs)
  const steps = mapped(definition.steps, openStep)
  const last = mapped(definition.finally, openStep)
  const workflows = mapped(definition.workflows, withoutSecretDefaults)
  const isSame =
    inputs === definition.inputs &&
    steps === definition.steps &&
    last === definition.finally &&
    workflows === definition.workflows
  return isSame ? definition : { ...definition, inputs, steps, finally: last, workflows }
}

function openStep(step: StepDefinition): StepDefinition {
  if (step.action.kind !== 'approval') return step
  const { approval } = step.action
  const inputs = openInputs(approval.inputs)
  return inputs === approval.inputs ? step : { ...step, action: { ...step.action, approval: { ...approval, inputs } } }
}

function openInputs(inputs: Record<string, InputSpec>): Record<string, InputSpec> {
  return mapped(inputs, (spec) => {
    if (!spec.secret || spec.default === undefined) return spec
    const { default: _secret, ...open } = spec
    return open
  })
}

/** The same object when nothing in it changed. */
function mapped<T>(values: Record<string, T>, change: (value: T) => T): Record<string, T> {
  const entries = Object.entries(values).map(([name, value]) => [name, value, change(value)] as const)
  if (entries.every(([, before, after]) => before === after)) return values
  return Object.fromEntries(entries.map(([name, , after]) => [name, after]))
}

/** Whether an input stands as a keyed hash: the value itself was never kept. */
export function isPlaceholder(value: unknown): boolean {
  return isObject(value) && typeof value['$secret'] === 'string' && Object.keys(value).length === 1
}

/** Inputs with `***` for secret ones. */
export function maskedInputs(inputs: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, isPlaceholder(value) ? '***' : value]))
}

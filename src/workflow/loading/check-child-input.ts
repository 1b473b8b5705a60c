/** What a step hands to a nested workflow, against the inputs that this one declares. */
import type { InputSpec, WorkflowDefinition } from '../../domain/definition.ts'
import type { Expression } from '../../expression/parse.ts'
import { nameOfType, type ValueType } from '../../expression/value-type.ts'
import type { Json } from '../../std/json.ts'
import type { CompiledStep } from '../planning/compile-step.ts'
import { checkInput } from '../inputs.ts'
import type { Loading } from '../../documents/loading.ts'
import { nodeType } from './infer-type.ts'
import type { TemplateNode } from '../template.ts'
import type { Path } from '../../documents/yaml-places.ts'

export function checkChildInput(
  step: CompiledStep,
  types: ReadonlyMap<Expression, ValueType>,
  definition: WorkflowDefinition,
  loading: Loading,
): void {
  const { action, input } = step.definition
  if (action.kind !== 'workflow' || !Object.hasOwn(definition.workflows, action.ref)) return
  const child = definition.workflows[action.ref] as WorkflowDefinition
  const base: Path = [step.group, step.id]
  const nodes = new Map(step.input.root.kind === 'object' ? step.input.root.entries : [])
  for (const [name, value] of Object.entries(input)) {
    const spec = Object.hasOwn(child.inputs, name) ? child.inputs[name] : undefined
    const path = [...base, 'input', name]
    if (!spec) {
      const hint = loading.didYouMean(name, Object.keys(child.inputs), 'inputs')
      loading.report(path, {
        code: 'unknown_input',
        message: `workflow "${child.name}" has no input "${name}"`,
        hint,
        at: 'key',
      })
      continue
    }
    const message = faultOf(spec, value, nodes.get(name), types)
    if (message !== undefined)
      loading.report(path, { code: 'wrong_type', message: `input "${name}" of "${child.name}" ${message}` })
  }
  for (const [name, spec] of Object.entries(child.inputs)) {
    if (!spec.required || Object.hasOwn(input, name)) continue
    const message = `workflow "${child.name}" needs the input "${name}"`
    loading.report(base, { code: 'missing_input', message, hint: `give it under \`input\``, at: 'key' })
  }
}

const kinds: Record<InputSpec['type'], readonly ValueType['kind'][]> = {
  string: ['string'],
  number: ['number'],
  integer: ['number'],
  boolean: ['boolean'],
  array: ['array'],
  object: ['object'],
  file: ['string'],
  // a folder is text, files that were given to this workflow are a list
  files: ['string', 'array'],
}

/** Of a constant everything is known, of an expression at most its type. */
function faultOf(
  spec: InputSpec,
  value: Json,
  node: TemplateNode | undefined,
  types: ReadonlyMap<Expression, ValueType>,
): string | undefined {
  if (!node || node.kind === 'constant') {
    if (value === null) return spec.required ? 'is required' : undefined
    return checkInput(spec, value)?.message
  }
  const type = nodeType(node, types)
  if (type.kind === 'any' || kinds[spec.type].includes(type.kind) || (type.kind === 'null' && !spec.required))
    return undefined
  return `must be of type ${spec.type}, but is ${nameOfType(type)}`
}

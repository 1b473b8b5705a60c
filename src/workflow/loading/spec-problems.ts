/** What is wrong with a workflow as a document, in the words of workflows. */
import { isObject, type Json } from '../../std/json.ts'
import { stepIdPattern, type WorkflowSpec, workflowSpec } from '../spec.ts'
import {
  type DocumentKind,
  type DocumentOutcome,
  type Issue,
  readDocument,
  type Suggest,
} from '../../documents/document.ts'
import type { Places } from '../../documents/yaml-places.ts'

const workflowDocument: DocumentKind<WorkflowSpec> = {
  schema: workflowSpec,
  what: 'a workflow',
  // Without its steps, a workflow still has inputs, agents and outputs to look at.
  mend(data) {
    if (!isObject(data) || Object.hasOwn(data, 'steps')) return false
    data['steps'] = {}
    return true
  },
  hint: hintFor,
}

export function readSpec(data: Json, places: Places, suggest: Suggest): DocumentOutcome<WorkflowSpec> {
  return readDocument(workflowDocument, data, places, suggest)
}

function hintFor(issue: Issue, value: Json): string | undefined {
  const [first] = issue.path
  if (first === undefined) return 'it begins with `name:` and `steps:`'
  if (first === 'version' && typeof value === 'number') return `write version: "${value}"`
  if (first === 'steps' && issue.path.length === 1 && Array.isArray(value)) return listHint(value)
  return undefined
}

/** How the first step of a list would be written. */
function listHint(steps: readonly Json[]): string {
  const [first] = steps
  const id = isObject(first) && typeof first.id === 'string' && stepIdPattern.test(first.id) ? first.id : 'draw'
  return `write the id as a key: \`${id}:\` with the fields of the step under it, in place of \`- id: ${id}\``
}

/** The files that the outcome of tests depends on: themselves, workflows and nested ones, inputs and answers. */
import { dirname, resolve } from 'node:path'
import { isObject, type Json } from '../../std/json.ts'
import type { LoadedWorkflow } from '../../workflow/load.ts'
import { fileOfReference } from '../../workflow/loading/nested.ts'
import type { Plan } from '../../workflow/plan.ts'
import type { TestCase } from './merged-case.ts'

/** Absolute paths, each once, sorted. */
export async function filesReadBy(
  file: string,
  workflow: LoadedWorkflow,
  cases: readonly TestCase[],
): Promise<string[]> {
  const files = new Set<string>([resolve(file)])
  await addWorkflow(workflow.plan, resolve(workflow.file), files)
  const folder = dirname(file)
  for (const { inputs, answers } of cases) {
    for (const [name, value] of Object.entries(inputs))
      if (isFileInput(workflow, name)) for (const path of textsIn(value)) addPath(path, folder, files)
    for (const path of filesOfAnswers(answers as unknown as Json)) addPath(path, folder, files)
  }
  return [...files].sort()
}

async function addWorkflow(plan: Plan, file: string, files: Set<string>): Promise<void> {
  if (files.has(file)) return
  files.add(file)
  const { inputs, workflows } = plan.definition
  for (const { type, default: value } of Object.values(inputs))
    if (type === 'file' || type === 'files')
      for (const path of textsIn(value ?? null)) addPath(path, dirname(file), files)
  for (const ref of Object.keys(workflows))
    await addWorkflow(plan.child(ref), resolve(await fileOfReference(ref, file)), files)
}

function isFileInput({ definition }: LoadedWorkflow, name: string): boolean {
  const type = Object.hasOwn(definition.inputs, name) ? definition.inputs[name]?.type : undefined
  return type === 'file' || type === 'files'
}

function addPath(path: string, folder: string, files: Set<string>): void {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return
  // Of a pattern, the folder that it begins with.
  const fixed = path.split('/').slice(
    0,
    path.split('/').findIndex((part) => /[*?[{]/.test(part)),
  )
  files.add(resolve(folder, /[*?[{]/.test(path) ? fixed.join('/') : path))
}

function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.flatMap(textsIn) : []
}

/** What stands under `file` and `files`, however deep. */
function filesOfAnswers(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(filesOfAnswers)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'output') return []
    return key === 'file' || key === 'files' ? textsIn(inner) : filesOfAnswers(inner)
  })
}

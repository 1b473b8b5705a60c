/** Loads the workflows that steps name, each file once, and puts whole copies of them into the definition (ruling 16). */
import { realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { ReplicateAgentError } from '../../domain/errors.ts'
import { findWorkflow, isPath } from './workflow-folder.ts'
import type { LoadedFile, LoadOptions, Within } from '../load.ts'
import type { Loading } from '../../documents/loading.ts'
import { readSource } from '../../documents/source-text.ts'
import type { Path } from '../../documents/yaml-places.ts'

const limits = {
  /** Files within files. */
  depth: 10,
  /** Copies of workflows in one definition: a file that is named twice is copied twice. */
  copies: 100,
}

type LoadFile = (file: string, bytes: Uint8Array, within: Within) => Promise<LoadedFile>

/** What the files of one load share. */
export interface Family {
  options: LoadOptions
  load: LoadFile
  /** By identity; problems of a file are told once. */
  files: Map<string, { definition: WorkflowDefinition | undefined; copies: number }>
  /** Files that steps name, there or not. */
  named: Set<string>
}

export function newFamily(options: LoadOptions, load: LoadFile): Family {
  return { options, load, files: new Map(), named: new Set() }
}

/** The same file, the same identity, whichever way leads to it. */
export async function identityOf(file: string): Promise<string> {
  return realpath(file).catch(() => resolve(file))
}

export async function loadNested(definition: WorkflowDefinition, loading: Loading, within: Within): Promise<void> {
  const places = new Map<string, Path>()
  for (const group of ['steps', 'finally'] as const) {
    for (const [id, { action }] of Object.entries(definition[group])) {
      if (action.kind === 'workflow' && !places.has(action.ref)) places.set(action.ref, [group, id, 'workflow'])
    }
  }
  let copies = 1
  for (const [ref, place] of places) {
    const child = await loadChild(ref, place, loading, within)
    if (!child?.definition) continue
    copies += child.copies
    if (copies > limits.copies) {
      const message = `more than ${limits.copies} workflows are nested here`
      loading.report(place, { code: 'nested_too_much', message, hint: 'name fewer workflows, or use foreach over one' })
      break
    }
    definition.workflows[ref] = child.definition
  }
  within.family.files.set(within.ancestors.at(-1) as string, { definition, copies })
  checkFinally(definition, loading)
}

async function loadChild(
  ref: string,
  place: Path,
  loading: Loading,
  within: Within,
): Promise<{ definition: WorkflowDefinition | undefined; copies: number } | undefined> {
  const { family, ancestors, names } = within
  try {
    const file = await fileOfReference(ref, loading.file)
    family.named.add(resolve(file))
    const identity = await identityOf(file)
    if (ancestors.includes(identity)) {
      const loop = [...names.slice(ancestors.indexOf(identity)), names[ancestors.indexOf(identity)]].join(' → ')
      loading.report(place, {
        code: 'recursive_workflow',
        message: `workflows run each other: ${loop}`,
        hint: 'use `repeat` for what runs again',
      })
      return undefined
    }
    const known = family.files.get(identity)
    if (known) return known
    if (ancestors.length >= limits.depth) {
      loading.report(place, { code: 'nested_too_much', message: `workflows are nested more than ${limits.depth} deep` })
      return undefined
    }
    const bytes = await readSource(file, family.options.maxBytes)
    const child = await family.load(file, bytes, { family, ancestors: [...ancestors, identity], names })
    loading.problems.push(...child.problems)
    const copies = family.files.get(identity)?.copies ?? 1
    const kept = { definition: child.plan && child.definition, copies }
    family.files.set(identity, kept)
    return kept
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    loading.report(place, { code: 'unknown_workflow', message: error.message, hint: error.hint })
    return undefined
  }
}

/** The file that a step's `workflow` names, seen from the file that it stands in. */
export async function fileOfReference(ref: string, from: string): Promise<string> {
  if (!isPath(ref)) return findWorkflow(ref, resolve(dirname(from)))
  return isAbsolute(ref) ? ref : join(dirname(from), ref)
}

/** A finally step must not wait for a person, not even inside a nested workflow. */
function checkFinally(definition: WorkflowDefinition, loading: Loading): void {
  for (const [id, { action }] of Object.entries(definition.finally)) {
    if (action.kind !== 'workflow' || !asksForApproval(definition.workflows[action.ref])) continue
    const message = 'a finally step can not ask for an approval, and this workflow does'
    loading.report(['finally', id, 'workflow'], {
      code: 'approval_in_finally',
      message,
      hint: 'call one that asks nobody',
    })
  }
}

function asksForApproval(definition: WorkflowDefinition | undefined): boolean {
  if (!definition) return false
  const steps = [...Object.values(definition.steps), ...Object.values(definition.finally)]
  return (
    steps.some(({ action }) => action.kind === 'approval') || Object.values(definition.workflows).some(asksForApproval)
  )
}

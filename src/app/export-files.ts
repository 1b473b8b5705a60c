/** Copies the files of a run to a folder. */
import type { FileRef } from '../domain/file.ts'
import { isObject, type Json } from '../std/json.ts'
import { filesOfRun } from '../workflow/files-of-run.ts'
import type { App } from './app.ts'

export interface ExportedFile extends FileRef {
  step: string
  index?: number
  child_run_id?: string
  /** Its bytes are not here. */
  missing?: true
  /** Where the artifact store has it. */
  kept: string
}

/** Without a folder, `path` is where the artifact store keeps the file. */
export async function exportFiles(app: App, runId: string, folder?: string): Promise<ExportedFile[]> {
  const artifacts = await app.artifacts()
  const exported: ExportedFile[] = []
  // One after another, so that equal names are numbered in order.
  for (const { file, ...where } of await filesOfRun(await app.store(), runId)) {
    const kept = artifacts.shownPath(file)
    const path = folder === undefined ? kept : await artifacts.exportTo(file, folder)
    const isMissing = folder === undefined && !(await artifacts.has(file.sha256))
    exported.push({ ...where, ...file, path, kept, ...(isMissing && { missing: true as const }) })
  }
  return exported
}

/** A value in which the artifact store's paths stand for files, with the paths of the copies instead. */
export function withExportedPaths<T>(value: T, files: readonly ExportedFile[]): T {
  const paths = new Map(files.map((file) => [file.kept, file.path]))
  const replace = (part: Json): Json => {
    if (typeof part === 'string') return paths.get(part) ?? part
    if (Array.isArray(part)) return part.map(replace)
    if (!isObject(part)) return part
    return Object.fromEntries(Object.entries(part).map(([key, field]) => [key, replace(field)]))
  }
  return replace(value as Json) as T
}

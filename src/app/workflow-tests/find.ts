/** Finds test files: those that are named, of the workflows that are named, in folders, or all that are here. */
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { NonRetryableError, UsageError } from '../../domain/errors.ts'
import { findWorkflow } from '../../workflow/find.ts'
import { isTestFile, nearestFolder } from '../../workflow/loading/workflow-folder.ts'

/** Folders deeper than this are not looked into. */
const mostDepth = 12

/**
 * Absolute paths, each once. `written`: test files, folders, workflow files or names. Nothing: those in the nearest
 * `workflows` folder and below the working folder. Throws UsageError when there is none.
 */
export async function findTestFiles(written: readonly string[], cwd: string): Promise<string[]> {
  const found = new Set<string>()
  if (written.length === 0) {
    for (const file of await everyTestFile(cwd)) found.add(file)
    if (found.size === 0) {
      throw new UsageError('there are no tests here', {
        hint: 'write NAME.test.yaml beside the workflow NAME.yaml (docs/testing.md)',
      })
    }
  }
  for (const one of written) for (const file of await filesOf(one, cwd)) found.add(file)
  return [...found].sort()
}

/** `photo` of `photo.test.yaml`. */
export function stemOfTestFile(file: string): string {
  return basename(file).replace(/\.test\.ya?ml$/i, '')
}

async function everyTestFile(cwd: string): Promise<string[]> {
  const here = await testFilesBelow(cwd, 0)
  const nearest = await nearestFolder(cwd)
  return nearest === undefined ? here : [...here, ...(await testFilesBelow(nearest, 0))]
}

async function filesOf(written: string, cwd: string): Promise<string[]> {
  const path = resolve(cwd, written)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return orNone(await testFilesBelow(path, 0), `in ${written}`)
  if (isTestFile(path)) {
    if (found) return [path]
    throw new NonRetryableError('file_not_found', `there is no file ${written}`)
  }
  const workflow = resolve(cwd, await findWorkflow(written, cwd))
  const folder = dirname(workflow)
  const stem = basename(workflow).replace(/\.ya?ml$/i, '')
  // `photo.test.yaml`, and `photo.faults.test.yaml` for those who want several.
  const files = (await readdir(folder)).filter((name) => {
    const tested = isTestFile(name) ? stemOfTestFile(name) : undefined
    return tested === stem || tested?.startsWith(`${stem}.`)
  })
  const paths = files.map((name) => join(folder, name))
  return orNone(paths, `of ${written}`, `write ${stem}.test.yaml beside it (docs/testing.md)`)
}

function orNone(files: string[], where: string, hint?: string): string[] {
  if (files.length > 0) return files
  throw new UsageError(`there are no tests ${where}`, { hint })
}

async function testFilesBelow(folder: string, depth: number): Promise<string[]> {
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch {
    // What may not be read, or has just gone, has no tests for us.
    return []
  }
  const files: string[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (depth < mostDepth && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
        files.push(...(await testFilesBelow(path, depth + 1)))
    } else if (isTestFile(entry.name)) files.push(path)
  }
  return files
}

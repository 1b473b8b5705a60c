/** What has to be watched so that tests can be run again: test files, what each depends on, folders where new ones may come. */
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UsageError } from '../../domain/errors.ts'
import { nearestFolder } from '../../workflow/loading/workflow-folder.ts'
import type { App } from '../app.ts'
import { findTestFiles } from './find.ts'
import { createLoader, loadTestFile } from './load.ts'

/** Where tests of what was typed may come to be. */
async function foldersOf(written: readonly string[], cwd: string): Promise<string[]> {
  const nearest = await nearestFolder(cwd)
  const folders = nearest === undefined ? [cwd] : [cwd, nearest]
  for (const one of written) {
    const path = resolve(cwd, one)
    folders.push((await stat(path).catch(() => undefined))?.isDirectory() ? path : dirname(path))
  }
  return folders
}

export interface WatchedTests {
  tests: { file: string; reads: string[] }[]
  folders: string[]
}

/** Also of test files that are wrong. Throws what `findTestFiles` throws, but for a place that has no tests yet. */
export async function watchedTests(app: App, written: readonly string[]): Promise<WatchedTests> {
  const files = await findTestFiles(written, app.cwd).catch((error: unknown) => {
    if (error instanceof UsageError) return []
    throw error
  })
  const loader = createLoader(app)
  const tests: WatchedTests['tests'] = []
  for (const file of files) tests.push({ file, reads: (await loadTestFile(file, loader)).reads })
  const folders = [...files.map((file) => dirname(file)), ...(await foldersOf(written, app.cwd))]
  return { tests, folders: [...new Set(folders)].sort() }
}

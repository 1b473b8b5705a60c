/** What an example that comes with the package consists of: its file, its test, what it runs and what it reads. */
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { UsageError } from '../../../domain/errors.ts'
import { suggest } from '../../../std/suggest.ts'

/** In the folder of the package, however deep this file lies in it once it is built. */
export const examplesFolder = join(packageFolder(import.meta.dirname), 'workflows')

function packageFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) || folder === dirname(folder)) return folder
  }
}

/** Paths below `examplesFolder`, the example's own file first. Throws UsageError `usage` when there is no such example. */
export async function filesOfExample(name: string): Promise<string[]> {
  const names = (await readdir(examplesFolder))
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
  if (!names.includes(name)) {
    const near = suggest(name, names)
    throw new UsageError(`there is no example "${name}"`, {
      hint:
        near === undefined ? `there are ${names.join(', ')}` : `did you mean "${near}"? There are ${names.join(', ')}`,
    })
  }
  const found = new Set<string>()
  await addWorkflow(`${name}.yaml`, found)
  return [...found]
}

async function addWorkflow(file: string, found: Set<string>): Promise<void> {
  if (found.has(file) || !(await isThere(file))) return
  found.add(file)
  const text = await readFile(join(examplesFolder, file), 'utf8')
  for (const [, nested = ''] of text.matchAll(/\bworkflow: \.\/([\w.-]+\.yaml)/g)) await addWorkflow(nested, found)
  for (const [path] of text.matchAll(/\binputs\/[\w./*-]*[\w*]/g)) await addInput(path, found)
  if (!file.endsWith('.test.yaml')) await addWorkflow(file.replace(/\.yaml$/, '.test.yaml'), found)
}

/** A file, or all that is in a folder. */
async function addInput(path: string, found: Set<string>): Promise<void> {
  const fixed = path.includes('*') ? dirname(path) : path
  const there = await stat(join(examplesFolder, fixed)).catch(() => undefined)
  if (there?.isFile()) found.add(fixed)
  if (!there?.isDirectory()) return
  for (const name of await readdir(join(examplesFolder, fixed))) await addInput(posix.join(fixed, name), found)
}

async function isThere(file: string): Promise<boolean> {
  return stat(join(examplesFolder, file)).then(
    (found) => found.isFile(),
    () => false,
  )
}

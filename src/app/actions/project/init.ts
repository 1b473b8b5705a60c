/** Writes a first workflow that runs as it is: a small one, or an example of the package with all that it needs. */
import { access, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { defineAction } from '../../action.ts'
import { starterWorkflow } from '../../starter-workflow.ts'
import { writeNewFile } from '../../write-new-file.ts'
import { examplesFolder, filesOfExample } from './example-files.ts'

export const initProject = defineAction({
  noun: 'project',
  verb: 'init',
  summary: 'write a first workflow that runs as it is',
  input: z.object({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/, 'is not a name: write small letters, digits and _')
      .optional(),
    folder: z.string().default('.').describe('the project, in which `workflows` is made'),
    example: z.string().optional().describe('copies this example, with its test and inputs, instead'),
  }),
  output: z.object({ file: z.string(), name: z.string(), files: z.array(z.string()).describe('all that was written') }),
  async run(app, { name, folder, example }) {
    if (name !== undefined && example !== undefined) {
      throw new UsageError('an example keeps its own name', { hint: 'leave out the name, or the example' })
    }
    const target = join(resolve(app.cwd, folder), 'workflows')
    if (example === undefined) {
      const file = join(target, `${name ?? 'hello'}.yaml`)
      await write(file, starterWorkflow(name ?? 'hello'))
      return { file, name: name ?? 'hello', files: [file] }
    }
    const files = await filesOfExample(example)
    // Before anything is written: half an example is of no use.
    for (const file of files.filter((path) => path.endsWith('.yaml'))) await assertFree(join(target, file))
    const written: string[] = []
    for (const file of files) if (await copy(file, target)) written.push(join(target, file))
    return { file: join(target, `${example}.yaml`), name: example, files: written }
  },
})

/** Whether it was written: inputs that are there already are left as they are. */
async function copy(file: string, target: string): Promise<boolean> {
  const path = join(target, file)
  const bytes = await readFile(join(examplesFolder, file))
  if (!file.endsWith('.yaml')) return writeNewFile(path, bytes)
  // The schema lies beside the package's examples, not beside the user's.
  await write(path, bytes.toString('utf8').replace(/^# yaml-language-server:.*\n(#\n)?/, ''))
  return true
}

async function assertFree(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) throw taken(path)
}

async function write(path: string, text: string): Promise<void> {
  if (!(await writeNewFile(path, text))) throw taken(path)
}

function taken(path: string): UsageError {
  return new UsageError(`${path} exists already, and nothing is overwritten`, {
    hint: 'choose another name (`replicate-agent init NAME`), or another folder (`--folder FOLDER`)',
  })
}

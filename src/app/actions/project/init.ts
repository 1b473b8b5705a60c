/** Writes a first workflow that runs as it is. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { NonRetryableError, UsageError } from '../../../domain/errors.ts'
import { defineAction } from '../../action.ts'
import { starterWorkflow } from '../../starter-workflow.ts'

export const initProject = defineAction({
  noun: 'project',
  verb: 'init',
  summary: 'write a first workflow that runs as it is',
  input: z.object({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/, 'is not a name: write small letters, digits and _')
      .default('hello'),
    folder: z.string().default('.').describe('the project, in which `workflows` is made'),
  }),
  output: z.object({ file: z.string(), name: z.string() }),
  async run(app, { name, folder }) {
    const file = join(resolve(app.cwd, folder), 'workflows', `${name}.yaml`)
    try {
      await mkdir(dirname(file), { recursive: true })
      // `wx`: nothing is ever overwritten.
      await writeFile(file, starterWorkflow(name), { flag: 'wx' })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new UsageError(`${file} exists already, and nothing is overwritten`, {
          hint: 'choose another name: `replicate-agent init NAME`',
        })
      }
      throw new NonRetryableError('file_unreadable', `${file} can't be written`, { cause })
    }
    return { file, name }
  },
})

/** Writes the package of a new plugin: its source, a test that passes as it is, and what npm needs to know of it. */
import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { builtInNames } from '../../../plugins/builtin/table.ts'
import { pluginName } from '../../../plugins/define-plugin.ts'
import { defineAction } from '../../action.ts'
import { starterPlugin } from '../../plugins/starter-plugin.ts'
import { writeNewFile } from '../../write-new-file.ts'

export const newPlugin = defineAction({
  noun: 'plugins',
  verb: 'new',
  summary: 'write the package of a plugin, with a test that passes as it is',
  input: z.object({
    name: z
      .string()
      .regex(pluginName, 'is not a name: write small letters, digits, _ and -, beginning with a letter')
      .refine((name) => !(builtInNames as readonly string[]).includes(name), 'is the name of a built-in plugin'),
    folder: z.string().optional().describe('where the package is made; default: a folder of its name'),
  }),
  output: z.object({
    name: z.string(),
    folder: z.string(),
    files: z.array(z.string()).describe('all that was written'),
  }),
  async run(app, { name, folder: given }) {
    const folder = resolve(app.cwd, given ?? name)
    const files = Object.entries(starterPlugin(name)).map(([file, text]) => ({ path: join(folder, file), text }))
    // Before anything is written: half a package is of no use.
    for (const { path } of files) if (await isThere(path)) throw taken(path)
    for (const { path, text } of files) if (!(await writeNewFile(path, text))) throw taken(path)
    return { name, folder, files: files.map(({ path }) => path) }
  },
})

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function taken(path: string): UsageError {
  return new UsageError(`${path} exists already, and nothing is overwritten`, {
    hint: 'choose another name (`replicate-agent plugins new NAME`), or another folder (`--dir FOLDER`)',
  })
}

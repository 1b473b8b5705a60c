/** docs/plugins.md: its files are written, its commands run, and what they print is what stands there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtInPlugins } from '../../src/plugins/builtin/table.ts'
import { hookNames } from '../../src/plugins/plugin.ts'
import { optionsSchema } from '../../src/app/plugins/plugin-shape.ts'
import { openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/plugins.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text = '']) => ({ kind, text }))

test('The page shows what its commands print, and its plugin does what it says', async () => {
  const cli = await openCli()
  try {
    for (const [at, { kind, text }] of blocks.entries()) {
      const file = /^(?:#|\/\/) (\S+)\n/.exec(text)?.[1]
      if (file !== undefined) await cli.write(file, text)
      if (kind !== 'sh') continue
      const end = await cli.run(text.trim().replace(/^replicate-agent /, ''))
      expect(end.code, end.stderr).toBe(0)
      expect(end.stdout.trimEnd()).toBe(blocks[at + 1]?.text.trimEnd())
    }
    const call = (prompt: string) =>
      cli.run(['agents', 'run', 'meta/meta-llama-3-8b-instruct', '--sandbox', '--json', '-i', `prompt=${prompt}`])
    expect((await call('hello')).code).toBe(0)
    expect((await call('a secret')).stdout).toContain('it is about a secret')
  } finally {
    await cli.close()
  }
})

test('The page names every hook, and every option of the built-in plugins', async () => {
  for (const hook of hookNames) expect(page).toContain(`\`${hook}\``)
  for (const plugin of await builtInPlugins()) {
    const { properties } = optionsSchema(plugin) as { properties: object }
    for (const name of Object.keys(properties)) expect(page, `${plugin.name}.${name}`).toContain(`\`${name}\``)
  }
})

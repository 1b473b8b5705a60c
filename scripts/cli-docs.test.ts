import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../src/domain/errors.ts'
import { nounTable, verbTable } from '../src/doors/cli/commands/table.ts'
import { exitCodes } from '../src/doors/cli/exit-codes.ts'
import { longName } from '../src/doors/cli/option.ts'
import { withTables } from './cli-docs.ts'

const page = await readFile(new URL('../docs/cli.md', import.meta.url), 'utf8')

describe('docs/cli.md', () => {
  test('is current: `node scripts/generate-cli-docs.ts` would change nothing', async () => {
    expect(await withTables(page)).toBe(page)
  })

  const verbs = [
    ...Object.entries(nounTable).flatMap(([noun, entry]) =>
      Object.entries(entry.verbs).map(([verb, one]) => [`${noun} ${verb}`, one] as const),
    ),
    ...Object.entries(verbTable),
  ]

  test.each(verbs)('has a section on `%s` with every argument and option', async (name, entry) => {
    const [, after = ''] = page.split(`### ${name}\n`)
    const section = after.split('\n### ')[0] as string
    const { args, options } = await entry.load()
    for (const argument of Object.keys(args)) expect(section).toContain(`| \`${argument}\` |`)
    for (const { flags } of Object.values(options)) expect(section).toContain(longName(flags))
  })

  test('lists every exit code and every error code', () => {
    for (const code of Object.keys(exitCodes)) expect(page).toContain(`\n| ${code} |`)
    for (const code of errorCodes) expect(page).toContain(`\`${code}\``)
  })

  test('can not lose a table unnoticed', async () => {
    await expect(withTables(page.replace('<!-- verbs -->', ''))).rejects.toThrow('<!-- verbs -->')
  })
})

/** docs/budgets.md: its files are written, its commands run, and what they print is what stands there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/std/clock.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/budgets.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text as string,
}))
const offset = Date.parse('2026-11-21T12:00:00Z') - Date.now()
const clock = { ...systemClock, now: () => Date.now() + offset }

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

test('The page shows what its commands print', async () => {
  const found: string[] = []
  for (const [at, { kind, text }] of blocks.entries()) {
    if (kind === 'yaml') await cli.write(/^# (\S+)\n/.exec(text)?.[1] ?? '', text)
    if (kind !== 'sh') continue
    let printed = ''
    for (const [, command] of text.matchAll(/^replicate-agent (.*)$/gm)) {
      const end = await cli.run(command as string, { clock })
      expect(end.code, end.stderr).toBe(0)
      if (command?.startsWith('run ')) expect(end.stderr).toContain('the soft budget (run) of $2.50 is passed')
      printed = end.stdout
      found.push(command as string)
    }
    expect(blocks[at + 1]).toEqual({ kind: 'text', text: `${printed.trimEnd()}\n` })
  }
  expect(found).toHaveLength(4)
})

/** docs/budgets.md: its files are written, its commands run, and what they print is what stands there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/std/clock.ts'
import { playPage, readPage } from './documented.ts'
import { type CliEnd, type CliRig, openCli } from './rig.ts'

const page = readPage('budgets')
const offset = Date.parse('2026-11-21T12:00:00Z') - Date.now()
const clock = { ...systemClock, now: () => Date.now() + offset }

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

test('The page shows what its commands print', async () => {
  const ended = (command: string, { stderr }: CliEnd) => {
    if (command.startsWith('run ')) expect(stderr).toContain('the soft budget (run) of $2.50 is passed')
  }
  expect(await playPage(page, cli, { with: { clock }, ended })).toBe(4)
})

/** docs/breakers.md: its files are written, its commands run, and what they print is what stands there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { policyAsWritten } from '../../src/documents/agent/breaker.ts'
import { countedClasses, defaultBreaker } from '../../src/domain/breaker.ts'
import { systemClock } from '../../src/std/clock.ts'
import { playPage, readPage } from './documented.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readPage('breakers')
/** By the clock on the wall no time goes by, so that what is left of a cooldown is known. */
const clock = { ...systemClock, now: () => Date.parse('2026-11-21T12:00:00Z') }

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

test('The page shows what its commands print', async () => {
  expect(await playPage(page, cli, { with: { clock }, keepsFirst: true })).toBe(7)
})

test('All YAML of the page together is a configuration without a fault', async () => {
  const yaml = page.blocks.filter(({ text }) => text.startsWith('# replicate-agent.yaml')).map(({ text }) => text)
  await cli.write('replicate-agent.yaml', yaml.join('\n'))
  expect(await cli.run('config check')).toMatchObject({ code: 0, stderr: '' })
})

test('The page names every key with its default, and every class that may count', () => {
  for (const [key, value] of Object.entries(policyAsWritten(defaultBreaker))) {
    const shown = Array.isArray(value)
      ? `\`[${value.join(', ')}]\``
      : typeof value === 'string'
        ? `\`${value}\``
        : value
    expect(page.text).toContain(`| \`${key}\` | ${String(shown)} |`)
  }
  for (const kind of countedClasses)
    expect(page.text).toMatch(new RegExp(`^\\| \`${kind}\` \\| (yes|when \`on\` names it) \\|`, 'm'))
})

/** docs/prices.md: its files are written, its commands run, and what they print is what stands there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtInDay, builtInHardware } from '../../src/config/prices/built-in.ts'
import { defaultMaxAgeDays } from '../../src/config/prices/spec.ts'
import { units } from '../../src/domain/price.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/prices.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text as string,
}))
const began = Date.now()
const clock = { ...systemClock, now: () => Date.parse('2026-11-21T12:00:00Z') + Date.now() - began }

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

test('The page shows what its commands print', async () => {
  let commands = 0
  for (const [at, { kind, text }] of blocks.entries()) {
    if (kind === 'yaml') await cli.write(/^# (\S+)\n/.exec(text)?.[1] ?? '', text)
    if (kind !== 'sh') continue
    let printed = ''
    for (const [, command] of text.matchAll(/^replicate-agent (.*)$/gm)) {
      commands += 1
      const end = await cli.run(command as string, { clock, env: { XDG_CONFIG_HOME: cli.home } })
      expect(end.code, end.stderr).toBe(0)
      printed = end.stdout
    }
    const next = blocks[at + 1]
    expect(next?.kind).toBe('text')
    expect(printed.trimEnd()).toBe(next?.text.trimEnd())
  }
  expect(commands).toBe(6)
})

test('The page names every unit, machine and default', () => {
  for (const unit of units) expect(page).toContain(`| \`usd_per_${unit}\` |`)
  for (const sku of Object.keys(builtInHardware)) expect(page).toContain(`\`${sku}\``)
  expect(page).toContain(`public list prices of ${builtInDay}`)
  expect(page).toContain(`after ${defaultMaxAgeDays} days`)
})

/** docs/prices.md: its files are written, its commands run, and what they print is what stands there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtInDay, builtInHardware } from '../../src/config/prices/built-in.ts'
import { defaultMaxAgeDays } from '../../src/config/prices/spec.ts'
import { units } from '../../src/domain/price.ts'
import { systemClock } from '../../src/std/clock.ts'
import { playPage, readPage } from './documented.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readPage('prices')
const began = Date.now()
const clock = { ...systemClock, now: () => Date.parse('2026-11-21T12:00:00Z') + Date.now() - began }

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

test('The page shows what its commands print', async () => {
  expect(await playPage(page, cli, { with: { clock, env: { XDG_CONFIG_HOME: cli.home } } })).toBe(6)
})

test('The page names every unit, machine and default', () => {
  for (const unit of units) expect(page.text).toContain(`| \`usd_per_${unit}\` |`)
  for (const sku of Object.keys(builtInHardware)) expect(page.text).toContain(`\`${sku}\``)
  expect(page.text).toContain(`public list prices of ${builtInDay}`)
  expect(page.text).toContain(`after ${defaultMaxAgeDays} days`)
})

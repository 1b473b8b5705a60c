/** docs/limits.md: its files are written, its commands run, and what they print is what stands there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSpec } from '../../src/config/schema.ts'
import { agentSpec } from '../../src/documents/agent/spec.ts'
import { rateLimitOf, replicateCreates, replicateRequests } from '../../src/domain/rate-limit.ts'
import { playPage, readPage } from './documented.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readPage('limits')

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

test('The page shows what its commands print', async () => {
  expect(await playPage(page, cli)).toBe(2)
})

test('The page has every key of limits and bulkheads, and Replicate’s limits', () => {
  const { limits, bulkhead } = agentSpec.shape
  const { replicate, models } = configSpec.shape.limits.unwrap().shape
  const keys = [
    ...Object.keys(limits.unwrap().shape).filter((key) => key !== 'max_concurrency'),
    ...Object.keys(bulkhead.unwrap().shape),
    ...Object.keys(replicate.unwrap().shape),
    ...Object.keys(models.unwrap().valueType.shape),
  ]
  expect(keys.length).toBeGreaterThan(12)
  const rows = page.text.split('\n').filter((line) => line.startsWith('|'))
  for (const key of keys)
    expect(
      rows.some((row) => row.split('|')[1]?.includes(`\`${key}\``)),
      key,
    ).toBe(true)
  expect(page.text).toContain(`| replicate | ${replicateCreates}, a tenth |`)
  expect(page.text).toContain(`| replicate | ${replicateRequests.toLocaleString('en-US')} |`)
  expect(rateLimitOf(replicateCreates).burst).toBe(replicateCreates / 10)
})

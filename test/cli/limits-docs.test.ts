/** docs/limits.md: its files are written, its commands run, and what they print is what stands there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSpec } from '../../src/config/schema.ts'
import { agentSpec } from '../../src/documents/agent/spec.ts'
import { rateLimitOf, replicateCreates, replicateRequests } from '../../src/domain/rate-limit.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text as string,
}))

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
      const end = await cli.run(command as string)
      expect(end.code, end.stderr).toBe(0)
      printed = end.stdout
    }
    const next = blocks[at + 1]
    expect(next?.kind).toBe('text')
    expect(printed.trimEnd()).toBe(next?.text.trimEnd())
  }
  expect(commands).toBe(2)
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
  const rows = page.split('\n').filter((line) => line.startsWith('|'))
  for (const key of keys)
    expect(
      rows.some((row) => row.split('|')[1]?.includes(`\`${key}\``)),
      key,
    ).toBe(true)
  expect(page).toContain(`| replicate | ${replicateCreates}, a tenth |`)
  expect(page).toContain(`| replicate | ${replicateRequests.toLocaleString('en-US')} |`)
  expect(rateLimitOf(replicateCreates).burst).toBe(replicateCreates / 10)
})

/** docs/retries.md: its files load, its bad ones fail as shown, its command runs, its table of errors is that of the program. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultRetry, defaultRetryBudget } from '../../src/domain/retry-policy.ts'
import { exitCodeOfError } from '../../src/doors/cli/exit-codes.ts'
import * as sdk from '../../src/index.ts'
import type { ErrorCode } from '../../src/index.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/retries.md'), 'utf8')
const blocks = [...page.matchAll(/^```([\w ]+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text ?? '',
}))

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

test('The configuration of the page holds, and its command shows the policies', async () => {
  await cli.write('replicate-agent.yaml', blocks[0]?.text ?? '')
  const [command] = blocks.flatMap(({ kind, text }) =>
    kind === 'sh' ? [text.replace('replicate-agent ', '').trim()] : [],
  )
  const end = await cli.run(command ?? '')
  expect(end.code, end.stderr).toBe(0)
  const policies = Object.fromEntries(
    (end.json() as unknown as { policies: { key: string; value: unknown }[] }).policies.map(({ key, value }) => [
      key,
      value,
    ]),
  )
  expect(policies).toMatchObject({
    timeout: '120s',
    'retry.attempts': 4,
    'retry.attempt_timeout': '30s',
    'retry.by_class.server.attempts': 6,
    'retry.by_class.server.base_delay': '2s',
    'retry.by_class.rate_limited.attempts': 10,
    'retry.budget.ratio': defaultRetryBudget.ratio,
    'retry.budget.min_per_minute': defaultRetryBudget.min_per_minute,
    fallback: ['spare'],
  })
})

test('What the page calls wrong is refused as it says', async () => {
  const at = blocks.findIndex(({ kind }) => kind === 'yaml bad')
  await cli.write('bad.yaml', blocks[at]?.text ?? '')
  const end = await cli.run('validate bad.yaml')
  expect(end.code).toBe(3)
  expect(end.stdout + end.stderr).toContain(blocks[at + 1]?.text.trim().replace(/^\S+ \w+: /, ''))
  const [, line, column] = /^(\d+):(\d+)/.exec(blocks[at + 1]?.text ?? '') ?? []
  expect(end.stdout + end.stderr).toContain(`${line}:${column}`)
})

test('The table of errors has the classes, codes and exit codes of the program', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| `(\w+)` \| .* \| (yes|no) \| (\d+) \|$/gm)]
  expect(rows).toHaveLength(16)
  for (const [, name = '', code = '', again, exit] of rows) {
    const made = (sdk as unknown as Record<string, unknown>)[name]
    expect(made, name).toBeTypeOf('function')
    expect(exitCodeOfError[code as ErrorCode], code).toBe(Number(exit))
    expect((defaultRetry.on as string[]).includes(code), code).toBe(again === 'yes')
  }
  expect(sdk.isRetryableError(new sdk.RateLimitError('x'))).toBe(true)
  expect(sdk.isRetryableError(new sdk.ValidationError('x'))).toBe(false)
  expect(new sdk.RateLimitError('x', { retryAfterMs: 5 })).toMatchObject({ retryAfterMs: 5, retryable: true })
  for (const made of [
    new sdk.CircuitOpenError('x'),
    new sdk.BudgetExceededError('x'),
    new sdk.AuthenticationError('x'),
  ])
    expect(made).toBeInstanceOf(sdk.NonRetryableError)
})

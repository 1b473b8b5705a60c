/** docs/breakers.md: its files are written, its commands run, and what they print is what stands there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { policyAsWritten } from '../../src/documents/agent/breaker.ts'
import { countedClasses, defaultBreaker } from '../../src/domain/breaker.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/breakers.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text as string,
}))
/** By the clock on the wall no time goes by, so that what is left of a cooldown is known. */
const clock = { ...systemClock, now: () => Date.parse('2026-11-21T12:00:00Z') }

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

test('The page shows what its commands print', async () => {
  let commands = 0
  const written = new Set<string>()
  for (const [at, { kind, text }] of blocks.entries()) {
    const file = kind === 'yaml' ? (/^# (\S+)\n/.exec(text)?.[1] ?? '') : ''
    // The first of each name is what the commands are about; others stand for themselves.
    if (file !== '' && !written.has(file)) await cli.write(file, text)
    written.add(file)
    if (kind !== 'sh') continue
    let printed = ''
    for (const [, command] of text.matchAll(/^replicate-agent (.*)$/gm)) {
      commands += 1
      const end = await cli.run(command as string, { clock })
      expect(end.code, end.stderr).toBe(0)
      printed = end.stdout
    }
    const next = blocks[at + 1]
    expect(next?.kind).toBe('text')
    expect(printed.trimEnd()).toBe(next?.text.trimEnd())
  }
  expect(commands).toBe(7)
})

test('All YAML of the page together is a configuration without a fault', async () => {
  const yaml = blocks.filter(({ text }) => text.startsWith('# replicate-agent.yaml')).map(({ text }) => text)
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
    expect(page).toContain(`| \`${key}\` | ${String(shown)} |`)
  }
  for (const kind of countedClasses)
    expect(page).toMatch(new RegExp(`^\\| \`${kind}\` \\| (yes|when \`on\` names it) \\|`, 'm'))
})

/** docs/cache.md: its files are written, its commands run, and what they print is what stands there, but for how long a call took. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultCacheSettings } from '../../src/config/cache.ts'
import { cachePolicies } from '../../src/domain/cache.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/cache.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text as string,
}))

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

const timeless = (text: string) => text.trimEnd().replaceAll(/ +\d[\d.]*m?s\b/g, ' (time)')

test('The page shows what its commands print', async () => {
  let commands = 0
  for (const [at, { kind, text }] of blocks.entries()) {
    if (kind === 'yaml') {
      await cli.write(/^# (\S+)\n/.exec(text)?.[1] ?? '', text)
      expect((await cli.run('config check')).code).toBe(0)
    }
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
    expect(timeless(printed)).toBe(timeless(next?.text ?? ''))
  }
  expect(commands).toBe(8)
})

test('The page names every policy and default', () => {
  for (const policy of cachePolicies) expect(page.includes(`\`${policy}\` `), policy).toBe(true)
  const written = Object.entries(defaultCacheSettings).map(([key, value]) => `${key}: ${value}`)
  expect(page.split('\n')).toContain(`cache: {${written.join(', ')}}`)
})

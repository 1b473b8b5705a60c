/** docs/cache.md: its files are written, its commands run, and what they print is what stands there, but for how long a call took. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultCacheSettings } from '../../src/config/cache.ts'
import { cachePolicies } from '../../src/domain/cache.ts'
import { playPage, readPage } from './documented.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readPage('cache')

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

const timeless = (text: string) => text.trimEnd().replaceAll(/ +\d[\d.]*m?s\b/g, ' (time)')

test('The page shows what its commands print', async () => {
  const checked = async () => {
    expect((await cli.run('config check')).code).toBe(0)
  }
  expect(await playPage(page, cli, { steady: timeless, wrote: checked })).toBe(8)
})

test('The page names every policy and default', () => {
  for (const policy of cachePolicies) expect(page.text.includes(`\`${policy}\` `), policy).toBe(true)
  const written = Object.entries(defaultCacheSettings).map(([key, value]) => `${key}: ${value}`)
  expect(page.text.split('\n')).toContain(`cache: {${written.join(', ')}}`)
})

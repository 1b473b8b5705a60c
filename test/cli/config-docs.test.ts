/** The examples and commands of `docs/configuration.md`. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configSpec } from '../../src/config/schema.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
const blocks = [...page.matchAll(/^```([\w ]+)\n(.*?)^```/gms)].map(([, kind, text]) => ({ kind, text: text ?? '' }))
const textsOf = (kind: string) => blocks.filter((block) => block.kind === kind).map(({ text }) => text)

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
  await cli.write('replicate-agent.yaml', textsOf('yaml')[0] ?? '')
  await cli.write('.env', textsOf('text env')[0] ?? '')
})
afterAll(() => cli.close())

describe('docs/configuration.md', () => {
  it.each(textsOf('yaml'))('has a good example %#', async (text) => {
    const file = await cli.write('example.yaml', text)
    const end = await cli.run(['config', 'check', file, '--json'])
    expect(end.json()).toMatchObject({ valid: true, problems: [] })
  })

  it('shows what a bad example gives', async () => {
    const [bad = ''] = textsOf('yaml bad')
    await cli.write('bad.yaml', bad)
    const { problems } = (await cli.run('config check bad.yaml --json')).json()
    const lines = (problems as JsonObject[]).map(
      ({ line, column, code, message, hint }) =>
        `${String(line)}:${String(column)} ${String(code)}: ${String(message)}${typeof hint === 'string' ? ` (${hint})` : ''}\n`,
    )
    expect(lines.join('')).toBe(textsOf('text')[0])
  })

  it('has commands that work as they stand there', async () => {
    const commands = textsOf('sh').flatMap((text) => text.trim().split('\n'))
    expect(commands).toHaveLength(5)
    for (const command of commands) {
      const end = await cli.run(command.replace(/^replicate-agent /, ''))
      expect(end.code, `${command}\n${end.stderr}`).toBe(0)
    }
    expect((await cli.run('config show')).stdout).toMatch(/environment.REPLICATE_API_TOKEN +\*\*\* +\.env:2/)
  })

  it('has a part on every section, and a row for every key of audit, cache, discovery, limits and store', () => {
    for (const section of Object.keys(configSpec.shape)) expect(page).toContain(`\n### ${section}\n`)
    const { audit, cache, discovery, store, limits } = configSpec.shape
    const keys = [
      ...Object.keys(audit.unwrap().shape),
      ...Object.keys(cache.unwrap().shape),
      ...Object.keys(store.unwrap().shape),
      ...Object.keys(discovery.unwrap().shape),
      ...Object.keys(limits.unwrap().shape.replicate.unwrap().shape).map((key) => `replicate.${key}`),
    ]
    for (const key of keys) expect(page).toContain(`\n| \`${key}\` |`)
  })
})

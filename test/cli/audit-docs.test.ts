/** docs/audit.md: its commands run, and what they print is what stands there, but for ids, times and hashes. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callShape } from '../../src/observe/audit/record.ts'
import { wrongs } from '../../src/observe/audit/verify.ts'
import { nounTable } from '../../src/doors/cli/commands/table.ts'
import { playPage, readPage } from './documented.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readPage('audit')

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

/** Without what is another thing each time. */
function steady(text: string): string {
  return text
    .replaceAll(/\b01[0-9a-z]{18}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'HASH')
    .replaceAll(/\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?/g, 'TIME')
    .replaceAll(/\b\d+(\.\d+)?(ms|s)\b/g, 'LONG')
    .replaceAll(/ +/g, ' ')
    .trimEnd()
}

test('The page shows what its commands print', async () => {
  expect(await playPage(page, cli, { steady })).toBe(8)
  const checked = await cli.run('config check strict.yaml --json')
  expect(checked.json()).toMatchObject({ valid: true })
})

test.skipIf(process.platform !== 'linux')('Lines can be checked with the command that the page shows', () => {
  const lines = readFileSync(join(cli.cwd, 'audit.jsonl'), 'utf8').trimEnd().split('\n')
  expect(lines).toHaveLength(2)
  const command = page.blocks.find(({ text }) => text.includes('sha256sum'))?.text ?? ''
  for (const at of lines.keys()) {
    const here = command.replace(/^head -1 \S+/, `head -${at + 1} audit.jsonl | tail -1`)
    const printed = execFileSync('sh', ['-c', here], { cwd: cli.cwd, encoding: 'utf8' })
    expect(printed.split(' ')[0]).toBe((JSON.parse(lines[at] as string) as { hash: string }).hash)
  }
})

test('The page names every field, verb and fault', () => {
  const { kind: _kind, ...fields } = callShape.shape
  for (const field of Object.keys(fields)) expect(page.text).toContain(`\`${field}\``)
  for (const verb of Object.keys(nounTable['audit']?.verbs ?? {}))
    expect(page.text).toMatch(new RegExp(`\`audit ${verb}\\b`))
  for (const wrong of wrongs) expect(page.text).toContain(`\`${wrong}\``)
})

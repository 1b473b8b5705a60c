/** The commands of `docs/runs.md`, in order. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig
beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
})
afterAll(async () => {
  await cli.close()
  await sandbox.close()
})

test('every command of the page about runs works as it stands there', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../docs/runs.md'), 'utf8')
  const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, text]) => ({ language, text }))
  await cli.write('workflows/poster.yaml', blocks.find(({ language }) => language === 'yaml')?.text ?? '')
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => (text ?? '').trim().split('\n'))
    // A sandbox runs beside the test: nothing has to start one.
    .map((line) => line.replace(/^replicate-agent /, '').replace(/ --sandbox$/, ''))
  expect(commands.length).toBeGreaterThan(10)
  for (const command of commands) {
    const end = await cli.run(command)
    expect(end.code, `${command}\n${end.stderr}`).toBe(0)
  }
})

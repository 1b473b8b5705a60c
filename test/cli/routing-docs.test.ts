/** The commands of `docs/routing.md`, in order, and the shapes that it shows. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logEntryShape } from '../../src/app/decision-log/entry.ts'
import { strategyNames } from '../../src/domain/routing.ts'
import { readState, stateText } from '../../src/executor/routing/state-shape.ts'
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

async function page() {
  const text = await readFile(resolve(import.meta.dirname, '../../docs/routing.md'), 'utf8')
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, code = '']) => ({ language, code }))
  return { text, of: (language: string) => blocks.filter((each) => each.language === language).map(({ code }) => code) }
}

test('every command of the page about routing works as it stands there', async () => {
  const { of } = await page()
  for (const code of of('yaml')) {
    const name = /^name: (\w+)/.exec(code)?.[1]
    if (name !== undefined) await cli.write(`workflows/${name}.yaml`, code)
  }
  const tables = of('csv')
  for (const [at, file] of ['outcomes.csv', 'models.csv'].entries()) await cli.write(file, tables[at] ?? '')
  const commands = of('sh')
    .flatMap((code) => code.trim().split('\n'))
    // A sandbox runs beside the test: nothing has to start one.
    .map((line) => line.replace(/^replicate-agent /, '').replace(/ --sandbox(?= |$)/, ''))
  expect(commands.length).toBeGreaterThan(3)
  for (const command of commands) {
    const end = await cli.run(command)
    expect(end.code, `${command}\n${end.stderr}`).toBe(0)
  }
})

test('the line of a log that it shows is one', async () => {
  const { of } = await page()
  const line = of('json').at(-1)
  expect(logEntryShape.safeParse(JSON.parse(line ?? '')).error).toBeUndefined()
})

test('the file of statistics that it shows is one, to the last character', async () => {
  const { of } = await page()
  const text = of('json')[0] ?? ''
  expect(stateText(readState(text, 'docs/routing.md'))).toBe(text)
})

test('it names every strategy', async () => {
  const { text } = await page()
  for (const name of strategyNames) expect(text).toContain(`| \`${name}\` |`)
})

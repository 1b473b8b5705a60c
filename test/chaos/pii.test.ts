/** pii_mask in a process that is killed while its prediction runs, and in the one that takes it up. */
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { temporaryFolder, type TemporaryFolder } from '../../src/testing/temporary-folder.ts'
import { createsOf, journalOf, type Place, runCliProcess, startCli } from './processes.ts'

vi.setConfig({ testTimeout: 90_000 })

const address = 'bob.the.builder@example.com'

let folder: TemporaryFolder
let sandbox: Sandbox
let place: Place
let log: string

beforeEach(async () => {
  folder = await temporaryFolder()
  log = folder.file('log.jsonl')
  sandbox = await startSandbox({ latency: '1000', logFile: log })
  place = { home: folder.file('home'), cwd: folder.path, url: sandbox.url }
  // The sandbox's models say nothing of what they were told; this one repeats it.
  await writeFile(
    folder.file('echo.mjs'),
    `export default { name: 'echo', hooks: {
      agent_post_execute: (context, result) => ({ ...result, output: 'You said: ' + context.input.prompt }),
    } }\n`,
  )
  await writeFile(folder.file('replicate-agent.yaml'), 'plugins: [pii_mask, echo.mjs]\n')
})
afterEach(async () => {
  await sandbox.close()
  await folder.remove()
})

async function writeWorkflow(input: string): Promise<void> {
  const text = `name: w
inputs: {to: {${input}}}
steps: {a: {model: meta/meta-llama-3-8b-instruct, input: {prompt: 'Write to \${{ inputs.to }}'}}}
outputs: {a: '\${{ steps.a.output }}'}
`
  await writeFile(folder.file('w.yaml'), text)
}

/** Starts the run, kills its process once the prediction was made, and finishes it in another one. */
async function killedAndResumed(meanwhile?: () => Promise<void>): Promise<{ run_id: string; outputs: { a: string } }> {
  const given = ['-i', `to=${address}`]
  const { child, end } = startCli(['run', 'w.yaml', '--jsonl', ...given], place)
  for await (const line of createInterface({ input: child.stdout! }))
    if ((JSON.parse(line) as { type: string }).type === 'call.created') break
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect((await end).signal).toBe('SIGKILL')
  await meanwhile?.()
  const again = await runCliProcess(['runs', 'resume', 'last', '--json', ...given], place)
  expect(again.code, again.stderr + again.stdout).toBe(0)
  return JSON.parse(again.stdout) as { run_id: string; outputs: { a: string } }
}

/** Files in which the address stands. */
async function leaks(): Promise<string[]> {
  const entries = await readdir(place.home, { recursive: true, withFileTypes: true })
  const paths = [
    log,
    ...entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)),
  ]
  expect(paths.some((path) => path.endsWith('store.db'))).toBe(true)
  const found: string[] = []
  for (const path of paths) if ((await readFile(path)).includes(address)) found.push(path)
  return found
}

test('Its call is taken up, not made again; what is put back into the answer is what the placeholder stood for', async () => {
  await writeWorkflow('type: string')
  const { run_id, outputs } = await killedAndResumed()
  expect(outputs.a).toBe(`You said: Write to ${address}`)
  expect(await createsOf(log)).toHaveLength(1)
  const calls = (await journalOf(place.home, run_id)).filter(({ type }) => type.startsWith('call.'))
  expect(calls.map(({ type }) => type)).toContain('call.settled')
  expect(JSON.stringify(calls)).toContain('Write to <EMAIL_1>')
  expect(JSON.stringify(calls)).not.toContain(address)
  // The run's own inputs are journaled, so that who looks for it finds it.
  expect(await leaks()).not.toEqual([])
})

test('Of an address that is a secret input, no file has a trace, before the resume and after it', async () => {
  await writeWorkflow('type: string, secret: true')
  const { run_id, outputs } = await killedAndResumed(async () => expect(await leaks()).toEqual([]))
  // It was put back: what the journal hides is the address, and no placeholder is left.
  expect(outputs.a).toBe('You said: Write to ***')
  expect(await createsOf(log)).toHaveLength(1)
  expect(JSON.stringify(await journalOf(place.home, run_id))).toContain('Write to <EMAIL_1>')
  expect(await leaks()).toEqual([])
})

/** A process that is killed with two calls of a hedge on their way, and what the next one makes of its journal. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { callAction, createApp, logsOfRun, resumeRun } from '../../src/index.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'

const victim = fileURLToPath(new URL('hedge-victim.ts', import.meta.url))
const context = { by: 'test', warn: () => {}, signal: new AbortController().signal }

test('Both calls count as made and may have cost something, and the step is answered by one more', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const home = folder.file('home')
  await writeFile(
    join(folder.path, 'flow.yaml'),
    'name: flow\nagents:\n  slow: {function: slow, hedge: {after: 20ms}, price: {usd_per_call: 0.5}, retry: {attempts: 3}}\nsteps:\n  say: {agent: slow}\n',
  )
  const child = spawn(process.execPath, [victim, folder.path, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await closed

  let calls = 0
  const app = await createApp({
    ...{ env: { XDG_CONFIG_HOME: folder.path }, cwd: folder.path, home },
    functions: { slow: () => (calls += 1) },
  })
  onTestFinished(() => app.close())
  const end = await callAction(app, resumeRun, { run: 'run' }, context)
  const { events } = await callAction(app, logsOfRun, { run: 'run' }, context)
  expect(calls).toBe(1)
  expect(end).toMatchObject({ status: 'succeeded', cost_usd: null, steps: { say: { output: 1, attempts: 2 } } })
  // The one that nobody takes up is settled, so that nothing of the journal stays open; the other is made anew.
  expect(events.filter(({ type }) => String(type).startsWith('call.'))).toMatchObject([
    { type: 'call.intended', attempt: 1 },
    { type: 'call.intended', attempt: 2 },
    { type: 'call.settled', attempt: 1, status: 'cancelled', error: { code: 'interrupted' }, cost_usd: null },
    { type: 'call.reattached', attempt: 2, how: 'not_found' },
    { type: 'call.intended', attempt: 2 },
    { type: 'call.settled', attempt: 2, status: 'succeeded', cost_usd: 0.5 },
  ])
})

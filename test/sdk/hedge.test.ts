/** `hedge` in YAML, of a function that a program registered. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callAction, createApp, logsOfRun, runWorkflow } from '../../src/index.ts'
import type { FunctionContext } from '../../src/index.ts'
import { type TemporaryFolder, temporaryFolder } from '../../src/testing/temporary-folder.ts'

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const context = { by: 'test', warn: () => {}, signal: new AbortController().signal }

/** The first call of each hangs until it is called off. */
async function run(hedge: string) {
  await writeFile(
    join(folder.path, 'flow.yaml'),
    `name: flow\nagents:\n  slow: {function: slow${hedge}, price: {usd_per_call: 0.5}, retry: {attempts: 3, attempt_timeout: 400ms, base_delay: 0}}\nsteps:\n  say: {agent: slow}\n`,
  )
  let calls = 0
  const app = await createApp({
    ...{ env: { XDG_CONFIG_HOME: folder.path }, cwd: folder.path, home: folder.file('home') },
    functions: {
      slow: (_input, { signal }: FunctionContext) => {
        calls += 1
        if (calls > 1) return `call ${calls}`
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('called off'))),
        )
      },
    },
  })
  try {
    const end = await callAction(app, runWorkflow, { workflow: 'flow.yaml' }, context)
    const { events } = await callAction(app, logsOfRun, { run: end.run_id }, context)
    const ends = events.flatMap((event) => (event.type === 'call.settled' ? [event.status] : []))
    return { end, ends, calls }
  } finally {
    await app.close()
  }
}

test('A call that takes longer than `after` is made once more; without it, it is only tried again', async () => {
  const hedged = await run(', hedge: {after: 20ms}')
  expect(hedged).toMatchObject({ calls: 2, ends: ['cancelled', 'succeeded'] })
  expect(hedged.end).toMatchObject({
    status: 'succeeded',
    cost_usd: 1,
    steps: { say: { attempts: 2, output: 'call 2' } },
  })
  expect((await run('')).ends).toEqual(['failed', 'succeeded'])
})

test('It is refused where it would do nothing', async () => {
  await expect(run(', hedge: {after: soon}')).rejects.toMatchObject({ code: 'invalid_workflow' })
  await expect(run(', hedge: {max: 2}')).rejects.toMatchObject({ code: 'invalid_workflow' })
})

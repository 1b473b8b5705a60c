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

const one = '{agent: slow}'

/** Calls of these numbers hang until they are called off. */
async function run(
  hedge: string,
  { step = one, hangs = [1], time = '400ms' }: { step?: string; hangs?: readonly number[]; time?: string } = {},
) {
  await writeFile(
    join(folder.path, 'flow.yaml'),
    `name: flow\nagents:\n  slow: {function: slow${hedge}, price: {usd_per_call: 0.5}, retry: {attempts: 3, attempt_timeout: ${time}, base_delay: 0}}\nsteps:\n  say: ${step}\n`,
  )
  let calls = 0
  const app = await createApp({
    ...{ env: { XDG_CONFIG_HOME: folder.path }, cwd: folder.path, home: folder.file('home') },
    functions: {
      slow: (_input, { signal }: FunctionContext) => {
        calls += 1
        if (!hangs.includes(calls)) return `call ${calls}`
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

test('`max` is how many are made besides the first; by default one', async () => {
  const hangs = [1, 2]
  expect(await run(', hedge: {after: 20ms, max: 2}', { hangs })).toMatchObject({
    ...{ calls: 3, ends: ['cancelled', 'cancelled', 'succeeded'] },
  })
  // Both run into the time of an attempt, and it is tried again.
  expect((await run(', hedge: {after: 20ms}', { hangs })).ends).toEqual(['failed', 'failed', 'succeeded'])
})

test('`after` may be a percentile of the answers before, once there are ten', async () => {
  const items = (count: number) =>
    `{agent: slow, foreach: {in: ${JSON.stringify(Array.from({ length: count }, (_, at) => at))}, max_concurrency: 1}}`
  const enough = await run(', hedge: {after: p95}', { step: items(11), hangs: [11], time: '1h' })
  expect(enough.ends.slice(10)).toEqual(['cancelled', 'succeeded'])
  const few = await run(', hedge: {after: p95}', { step: items(10), hangs: [10] })
  expect(few.ends.slice(9)).toEqual(['failed', 'succeeded'])
})

test('It is refused where it would do nothing', async () => {
  await expect(run(', hedge: {after: soon}')).rejects.toMatchObject({ code: 'invalid_workflow' })
  await expect(run(', hedge: {max: 2}')).rejects.toMatchObject({ code: 'invalid_workflow' })
})

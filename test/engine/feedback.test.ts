import { afterEach, expect, test } from 'vitest'
import { deferred } from '../../src/std/deferred.ts'
import type { Json } from '../../src/std/json.ts'
import { readRun, startRun } from '../../src/workflow/engine.ts'
import { ratedCall, recordFeedback } from '../../src/workflow/feedback.ts'
import { type ModelCall, openRig, type Rig } from './rig.ts'

let rig: Rig
afterEach(() => rig.close())

const echo = ({ input }: ModelCall) => input.text as Json
const yaml = `
name: flow
steps:
  say: { model: o/echo, input: { text: a } }
  each: { model: o/echo, foreach: { in: [b, c] }, input: { text: "\${{ item }}" } }
  wait: { model: o/wait, needs: [say] }
  sum: { value: "\${{ 1 + 1 }}" }
`

test('Feedback is added to the journal of a run that is over, which stays as it was', async () => {
  rig = await openRig({ models: { 'o/echo': echo } })
  const { run_id } = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {} })).done
  const before = await readRun(rig.parts, run_id)
  const { ref } = ratedCall(await rig.store.readEvents(run_id), 'each', 1)
  for (const score of [0.2, 0.9]) await recordFeedback(rig.parts, run_id, { ...ref, decision: 'd', score, by: 'ann' })
  const given = (await rig.store.readEvents(run_id)).filter(({ type }) => type === 'feedback.given')
  expect(given).toMatchObject([
    { step: 'each', index: 1, decision: 'd', score: 0.2, by: 'ann' },
    { step: 'each', index: 1, decision: 'd', score: 0.9, by: 'ann' },
  ])
  expect(await readRun(rig.parts, run_id)).toEqual(before)
  expect(await rig.store.getLease(run_id)).toBeUndefined()
})

test('Feedback on a run that goes on is journaled by the process that drives it', async () => {
  const gate = deferred()
  rig = await openRig({ models: { 'o/echo': echo, 'o/wait': () => gate.promise.then(() => 1) } })
  const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
  await recordFeedback(rig.parts, driving.run_id, { step: 'say', decision: 'd', score: 1, by: 'bob' })
  expect(await rig.store.pendingCommands(driving.run_id)).toHaveLength(1)
  gate.resolve()
  await driving.done
  const types = (await rig.store.readEvents(driving.run_id)).map(({ type }) => type)
  expect(types.filter((type) => type === 'feedback.given')).toHaveLength(1)
})

test.each([
  ['nope', undefined, /no call of "nope" was answered/],
  ['each', undefined, /2 items/],
  ['each', 7, /each"\[7\]/],
  ['sum', undefined, /no call of "sum"/],
])('Asking for the call of %s[%s] says what is wrong', async (step, index, message) => {
  rig = await openRig({ models: { 'o/echo': echo } })
  const { run_id } = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {} })).done
  const events = await rig.store.readEvents(run_id)
  expect(() => ratedCall(events, step, index)).toThrow(message)
})

/** The time of a workflow, or of the step that nests one, as the calls within it see it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const small = 'meta/meta-llama-3-8b-instruct'
const child = `name: child\nsteps:\n  say: {model: ${small}, input: {prompt: hi}}\noutputs: {text: '\${{ steps.say.output }}'}\n`

/** A workflow at a provider that asks to come again in an hour. */
async function refused(text: string): Promise<JsonObject> {
  await cli.write('faults.yaml', `faults: ['meta/*:429=3600']\n`)
  await cli.write('workflows/child.yaml', child)
  await cli.write('workflows/flow.yaml', text)
  return (await cli.run('run flow --sandbox --faults faults.yaml --json')).json()
}

const atOnce = { status: 'failed', error: { message: expect.stringMatching(/not tried again: .* in 1h 00m/) } }

test('No back-off goes beyond the `timeout` of the workflow', async () => {
  const end = await refused(`name: flow\ntimeout: 10m\nsteps:\n  say: {model: ${small}, input: {prompt: hi}}\n`)
  expect(end).toMatchObject({ status: 'failed', steps: { say: atOnce } })
})

test.each([
  ['the workflow above', 'timeout: 10m\nsteps:\n  nest: {workflow: child}'],
  ['the step that nests it', 'steps:\n  nest: {workflow: child, timeout: 10m}'],
])('nor beyond that of %s, in a nested workflow', async (_what, text) => {
  const end = await refused(`name: flow\n${text}\n`)
  expect(end).toMatchObject({ status: 'failed', steps: { nest: atOnce } })
})

test('A nested workflow that failed is run again after the delays of its `retry`, as often as it says', async () => {
  await cli.write('faults.yaml', `latency: 1\nfaults: ['meta/*:failed']\n`)
  await cli.write('workflows/child.yaml', child.replace('{prompt: hi}', '{prompt: hi}, retry: {attempts: 1}'))
  await cli.write(
    'workflows/flow.yaml',
    'name: flow\nsteps:\n  nest: {workflow: child, retry: {attempts: 3, base_delay: 7s, jitter: none}}\n',
  )
  const clock = eagerClock(20_000)
  const end = await cli.run('run flow --sandbox --faults faults.yaml --json', { clock })
  expect(end.json()).toMatchObject({ status: 'failed' })
  expect(clock.slept.filter((ms) => ms === 7_000 || ms === 14_000)).toEqual([7_000, 14_000])
})

/** What plugins ask agents about calls: what it costs, and that nothing is paid for twice where it stops a run. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write(
    'asks.mjs',
    `export default { name: 'asks', hooks: { async agent_post_execute(context, result, tools) {
      const { output } = await tools.ask({ agent: '${judge}', input: { prompt: 'Is it good?' } })
      return { ...result, output: output.length > 0 ? 'judged' : 'not judged' }
    } } }\n`,
  )
})
afterEach(() => cli.close())

const model = 'meta/meta-llama-3-8b-instruct'
const judge = 'meta/meta-llama-3-70b-instruct'
const config = `plugins: [asks.mjs]\nprices: {${model}: {usd_per_call: 0.1}, ${judge}: {usd_per_call: 0.02}}\n`

interface Result {
  run_id: string
  status: string
  outputs: JsonObject
  cost_usd: number
  steps: Record<string, { cost_usd: number; attempts: number; error?: JsonObject }>
}

async function events(runId: string): Promise<JsonObject[]> {
  return (JSON.parse((await cli.run(`runs logs ${runId} --json`)).stdout) as { events: JsonObject[] }).events
}

test('In the rounds of a `repeat` it counts as the cost of the round, the step and the run, once', async () => {
  await cli.write('replicate-agent.yaml', config)
  await cli.write(
    'workflows/w.yaml',
    `name: w\nsteps:\n  a: {model: ${model}, input: {prompt: hi}, repeat: {max: 3, until: '\${{ cost_usd > 0.2 }}'}}\n`,
  )
  const { steps, cost_usd, run_id } = (await cli.run('run w --sandbox --json')).json() as unknown as Result
  expect(steps['a']?.cost_usd).toBeCloseTo(0.24)
  expect(cost_usd).toBeCloseTo(0.24)
  const rounds = (await events(run_id)).filter(({ type }) => type === 'round.settled')
  expect(rounds).toHaveLength(2)
  for (const round of rounds) expect(round['cost_usd']).toBeCloseTo(0.12)
})

test('Where a budget refuses the question, a resume takes up the answer that it is about, and pays only for the question', async () => {
  await cli.write('replicate-agent.yaml', config)
  await cli.write(
    'workflows/w.yaml',
    `name: w\nsteps: {a: {model: ${model}, input: {prompt: hi}}}\noutputs: {a: '\${{ steps.a.output }}'}\n`,
  )
  const stopped = (await cli.run('run w --sandbox --json --budget 0.11')).json() as unknown as Result
  expect(stopped).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' } })
  expect(stopped.cost_usd).toBeCloseTo(0.1)

  const again = (await cli.run(`runs resume ${stopped.run_id} --budget 0.11 --json`)).json() as unknown as Result
  expect(again.cost_usd).toBeCloseTo(0.1)

  const resumed = (await cli.run(`runs resume ${stopped.run_id} --budget 0.13 --json`)).json() as unknown as Result
  expect(resumed).toMatchObject({ status: 'succeeded', outputs: { a: 'judged' }, steps: { a: { attempts: 1 } } })
  expect(resumed.cost_usd).toBeCloseTo(0.12)
  expect(resumed.steps['a']?.cost_usd).toBeCloseTo(0.12)
  const created = (await events(stopped.run_id)).filter(({ type }) => type === 'call.created')
  expect(created).toHaveLength(1)
})

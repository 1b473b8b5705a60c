/** `routing.quality` of an agent: what scores its answers, and what follows from the scores. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const [small, large] = ['meta/meta-llama-3-8b-instruct', 'meta/meta-llama-3-70b-instruct']

interface Scored {
  model: string
  attempts: number
  cost_usd: number
  status: string
  error: { code: string; message: string } | undefined
  /** Of each call, in order. */
  scores: unknown[]
  /** Nested runs of judges. */
  judged: number
}

/** A run of one call, by an agent with the large model first. */
async function scored(quality: string, strategy = 'order', options = '', judgeUsd = 0.01): Promise<Scored> {
  await cli.write(
    'workflows/flow.yaml',
    `
name: flow
agents:
  critic: {model: openai/gpt-4o-mini, retry: {attempts: 1}, price: {usd_per_call: ${judgeUsd}}}
  writer:
    models: [${large}, ${small}]
    retry: {attempts: 1}
    routing: {strategy: ${strategy}, quality: ${quality}}
steps:
  write: {agent: writer, input: {prompt: Write a sentence about tea.}}
`,
  )
  const end = await cli.run(`run flow --sandbox --json ${options}`, { clock: eagerClock() })
  // By its id: all runs begin in the same moment of the clock, so none is the last.
  const { run_id: parent, steps } = end.json() as unknown as { run_id: string; steps: { write: Scored } }
  const events = (await cli.run(`runs logs ${parent} --jsonl`)).lines()
  const settled = events.filter(({ type, step }) => type === 'call.settled' && step === 'write')
  const judges = await Promise.all([1, 2].map((call) => cli.run(`runs show ${parent}.write-judge${call} --json`)))
  return {
    ...steps.write,
    scores: settled.map((event) => event.quality),
    judged: judges.filter(({ code }) => code === 0).length,
  }
}

test('An expression scores each answer', async () => {
  const { scores, status } = await scored('{expression: "0.5 if contains(output, input.prompt) else 0.75"}')
  expect({ scores, status }).toEqual({ scores: [{ score: 0.75, by: 'expression' }], status: 'succeeded' })
})

test('What an expression says is learned: the router tells apart who was good from who was not', async () => {
  await scored('{expression: "0.25"}')
  const state = (await cli.run('router feedback last write --score 0.75 --json')).json()
  expect(state).toMatchObject({ model: large, quality: { mean: 0.5, observations: 2 } })
})

test('Below `accept` the next candidate is asked, and the answer of the last one is a failure, too', async () => {
  const { scores, attempts, error } = await scored('{expression: "0.25", accept: 0.5}')
  expect({ scores, attempts }).toMatchObject({ scores: [{ score: 0.25 }, { score: 0.25 }], attempts: 2 })
  expect(error).toMatchObject({
    code: 'quality_failure',
    message: expect.stringMatching(/scored 0\.25 \(expression\), and 0\.5 is asked for/) as string,
  })
})

test('A cascade asks the cheapest candidate first, and takes the last answer as it is', async () => {
  const content = await scored('{expression: "0.9", accept: 0.5}', 'cascade')
  expect(content).toMatchObject({ model: small, attempts: 1, status: 'succeeded' })
  const choosy = await scored('{expression: "0.1", accept: 0.5}', 'cascade')
  expect(choosy).toMatchObject({ model: large, attempts: 2, status: 'succeeded' })
})

test('A judge is asked in a run of its own, whose cost counts', async () => {
  const { scores, judged, cost_usd } = await scored('{judge: critic}')
  expect({ scores, judged }).toEqual({ scores: [{ score: expect.any(Number) as number, by: 'judge' }], judged: 1 })
  expect(cost_usd).toBeGreaterThan(0.01)
})

test('`input` is what the judge is sent, and `score` how its answer is read', async () => {
  const { scores } = await scored(
    '{judge: {agent: critic, input: {prompt: "How many words has: ${{ model }}?"}, score: "0.75 if len(output) > 0 else 0"}}',
  )
  expect(scores).toEqual([{ score: 0.75, by: 'judge' }])
  const { stdout } = await cli.run('runs list --json')
  const { runs } = JSON.parse(stdout) as { runs: { run_id: string }[] }
  const asked = (await cli.run(`runs logs ${runs[0]?.run_id}.write-judge1 --jsonl`)).stdout
  expect(asked).toContain(`How many words has: ${large}?`)
})

test('`sample` is the share of answers that a judge sees; a cascade shows it all of them', async () => {
  const never = '{judge: {agent: critic, sample: 0}, accept: 0}'
  expect(await scored(never)).toMatchObject({ judged: 0, scores: [undefined] })
  expect(await scored(never, 'cascade')).toMatchObject({ judged: 1 })
})

test('An answer that could not be judged is not accepted, and says why', async () => {
  await cli.write('faults.yaml', "faults: ['openai/gpt-4o-mini:failed']\n")
  const { scores, model } = await scored('{judge: critic, accept: 0.1}', 'cascade', '--faults faults.yaml')
  const problem = expect.stringMatching(/^the judge failed: /) as string
  expect({ scores, model }).toEqual({
    ...{
      scores: [
        { score: null, by: 'judge', problem },
        { score: null, by: 'judge', problem },
      ],
      model: large,
    },
  })
})

test('A judge that would pass the budget stops the run, which goes on with a larger one', async () => {
  await scored('{judge: critic}', 'order', '--budget 0.5', 0.9)
  const stopped = await cli.run('runs show last --json')
  expect(stopped.json()).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' } })
  const resumed = await cli.run('runs resume last --budget 2 --json')
  expect(resumed.json()).toMatchObject({ status: 'succeeded', steps: { write: { attempts: 1 } } })
})

test('An answer that was refused teaches how long it took', async () => {
  await scored('{expression: "0.25", accept: 0.5}')
  const { agents } = (await cli.run('router stats writer --sandbox --json')).json() as unknown as {
    agents: { models: { latency_ms: { n: number } }[] }[]
  }
  expect(agents[0]?.models.map(({ latency_ms }) => latency_ms.n)).toEqual([1, 1])
})

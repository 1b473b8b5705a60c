import { expect, test } from 'vitest'
import { normaliseQuality, qualitySpec } from '../../documents/agent/quality-spec.ts'
import type { AgentDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import { NonRetryableError, toErrorData } from '../../domain/errors.ts'
import { defaultRouting } from '../../domain/routing.ts'
import type { Scored } from '../../executor/contract.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { planOf } from '../plan.ts'
import { scoreAnswer, type ScoringParts } from './score-answer.ts'
import type { ChildCall, ChildEnd } from './work.ts'

const critic: AgentDefinition = { target: 'replicate', models: ['acme/critic'], defaults: {}, fallback: [] }

function definitionWith(quality: JsonObject): WorkflowDefinition {
  const writer: AgentDefinition = {
    ...{ target: 'replicate', models: ['acme/one', 'acme/two'], defaults: {}, fallback: [] },
    routing: { ...defaultRouting, quality: normaliseQuality(qualitySpec.parse(quality)) },
  }
  const none = { env: [], inputs: {}, finally: {}, outputs: {}, max_concurrency: 1, workflows: {} }
  const write = {
    action: { kind: 'agent', agent: 'writer' },
    needs: [],
    input: {},
    on_error: 'fail',
    fallback: [],
  } as const
  return { name: 'flow', ...none, agents: { writer, critic }, steps: { write: { ...write, needs: [], fallback: [] } } }
}

interface Asked {
  quality: JsonObject
  output?: Json
  /** What the judge says. */
  says?: Json
  end?: ChildEnd
  draw?: number
}

async function score({
  quality,
  output = 'text',
  says = 1,
  end,
  draw = 0,
}: Asked): Promise<{ scored: Scored | undefined; calls: ChildCall[] }> {
  const calls: ChildCall[] = []
  const parts: ScoringParts = {
    plan: planOf(definitionWith(quality)),
    ref: { step: 'write' },
    childId: 'run.write-judge1',
    signal: new AbortController().signal,
    now: 0,
    draw,
    async runChild(call) {
      calls.push(call)
      return end ?? { status: 'succeeded', outputs: { output: says }, files: [], cost_usd: 0.01 }
    },
  }
  const answer = {
    agent: 'writer',
    call: 1,
    model: 'acme/one',
    input: { topic: 'rain' },
    output,
    files: [],
    latency_ms: 5,
    cost_usd: 0.1,
  }
  return { scored: await scoreAnswer(parts, answer), calls }
}

test.each([
  ['a number', '0.25', 0.25],
  ['true', 'contains(output, "ex")', 1],
  ['false', 'output == input.topic', 0],
])('An expression that gives %s is the score of an answer', async (_, expression, expected) => {
  const { scored, calls } = await score({ quality: { expression } })
  expect(scored).toEqual({ score: expected, by: 'expression', judging_usd: 0 })
  expect(calls).toEqual([])
})

test.each([
  ['gives no number from 0 to 1', '7', /from 0 to 1, not 7/],
  ['fails', 'output.stars / 5', /stars/],
])('An answer whose expression %s has no score, says why, and is not accepted', async (_, expression, problem) => {
  const { scored } = await score({ quality: { expression, accept: 0.5 }, output: {} })
  expect(scored).toMatchObject({ score: null, problem: expect.stringMatching(problem), accepted: false })
})

test('A judge is asked with templates over the answer, and what it costs is told', async () => {
  const quality = { judge: { agent: 'critic', input: { prompt: '${{ input.topic }}: ${{ output }}' } }, accept: 0.7 }
  const { scored, calls } = await score({ quality, says: '0.8, for it is short' })
  expect(scored).toEqual({ score: 0.8, by: 'judge', judging_usd: 0.01, accepted: true })
  expect(calls).toMatchObject([
    { workflow: 'judge of writer', childId: 'run.write-judge1', inputs: { request: { prompt: 'rain: text' } } },
  ])
})

test('A judge without an input of its own is asked for a number, and told what was asked and answered', async () => {
  const { calls } = await score({ quality: { judge: 'critic' } })
  expect(calls[0]?.inputs).toMatchObject({ request: { prompt: expect.stringMatching(/number.*rain.*text/s) } })
})

test.each<[Json, number | null]>([
  ['0.5', 0.5],
  [['0.', '75'], 0.75],
  [{ score: 0.3 }, 0.3],
  ['{"score": 0.9}', 0.9],
  ['```json\n{"score": 0.6}\n```', 0.6],
  ['Score: 0.7.', 0.7],
  [' **1**', 1],
  ['8/10', null],
  ['80%', null],
  ['good', null],
  [null, null],
])('A judge that says %j gives the score %j', async (says, expected) => {
  const { scored } = await score({ quality: { judge: 'critic' }, says })
  expect(scored?.score).toBe(expected)
})

test('An expression over what the judge says makes it a score', async () => {
  const quality = { judge: { agent: 'critic', score: 'output.stars / 5' } }
  expect((await score({ quality, says: { stars: 4 } })).scored?.score).toBe(0.8)
})

test('A judge sees the share of answers that it is given', async () => {
  const quality = { judge: { agent: 'critic', sample: 0.25 } }
  expect((await score({ quality, draw: 0.2 })).scored?.score).toBe(1)
  expect((await score({ quality, draw: 0.3 })).scored).toBeUndefined()
})

test('A judge that fails leaves the answer without a score, and its cost counts', async () => {
  const error = toErrorData(new NonRetryableError('exception', 'no power'))
  const { scored } = await score({ quality: { judge: 'critic' }, end: { status: 'failed', error, cost_usd: 0.02 } })
  expect(scored).toEqual({ score: null, problem: 'the judge failed: no power', by: 'judge', judging_usd: 0.02 })
})

test('A judge that meets a spent budget stops the run', async () => {
  const error = toErrorData(new NonRetryableError('budget_exceeded', 'spent'))
  const end: ChildEnd = { status: 'waiting', waiting_for: 'resume', error }
  await expect(score({ quality: { judge: 'critic' }, end })).rejects.toMatchObject({ code: 'budget_exceeded' })
})

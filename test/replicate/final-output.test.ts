/** Creates that waited are answered with the output: whether the prediction is looked at once more. */
import { expect, it } from 'vitest'
import type { Candidate } from '../../src/executor/contract.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { ReplicateOptions } from '../../src/targets/replicate/options.ts'
import { createWire } from '../../src/targets/replicate/wire.ts'
import { bench, isCreate, isGet, official, prediction } from './bench.ts'

interface Case {
  answered?: { status?: number; body?: JsonObject }
  candidate?: Partial<Candidate>
  options?: () => Partial<ReplicateOptions>
}

async function looked({ answered, candidate, options }: Case) {
  const { call, server } = await bench((request) => {
    if (isCreate(request)) {
      const whole = { status: 'processing', output: ['who', 'le'], metrics: {}, ...answered?.body }
      return { status: answered?.status ?? 201, body: prediction(whole) }
    }
    return isGet(request) ? { body: prediction({ output: ['who', 'le', 'r'] }) } : undefined
  }, options?.())
  const chain = [
    { ...{ name: official, target: 'replicate', model: official, deployment: false, defaults: {} }, ...candidate },
  ]
  const { outcome } = await call(official, {}, { spec: { chain } })
  expect(outcome).toMatchObject({ status: 'succeeded' })
  const { output, cost_usd } = outcome as { output?: unknown; cost_usd?: unknown }
  return { gets: server.requests.filter((request) => isGet(request)).length, output, cost_usd }
}

const byTheCall = { candidate: { price: { usd_per_call: 0.02 } } }
const final = ['who', 'le']

it.each<[string, Case, number | null]>([
  ['costs so much a call', byTheCall, 0.02],
  ['is free', { candidate: { price: { usd_per_call: 0, usd_per_second: 0 } } }, 0],
  ['has no price that is known', {}, null],
])('a final output is taken as it is from a model that %s', async (_what, given, cost_usd) => {
  expect(await looked(given)).toEqual({ gets: 0, output: final, cost_usd })
})

const minute = { per_minute: 1e6, burst: 1e6 }

it.each<[string, Case]>([
  ['it costs by the second', { candidate: { price: { usd_per_second: 0.01 } } }],
  ['it costs by the output', { candidate: { price: { usd_per_call: 0.02, usd_per_output: 0.01 } } }],
  ['it costs by the token', { candidate: { price: { usd_per_output_token: 0.01 } } }],
  ['a limit counts its tokens', { candidate: { ...byTheCall.candidate, limits: { tokens: minute } } }],
  ['it is recorded', { ...byTheCall, options: () => ({ wire: createWire() }) }],
  ['the answer is 202', { ...byTheCall, answered: { status: 202 } }],
  ['the answer is 200', { ...byTheCall, answered: { status: 200 } }],
  ['it is said to be starting', { ...byTheCall, answered: { body: { status: 'starting' } } }],
  ['there is an error beside it', { ...byTheCall, answered: { body: { error: 'stopped' } } }],
  ['there is none yet', { ...byTheCall, answered: { body: { output: null } } }],
  ['nobody asked it to wait', { ...byTheCall, options: () => ({ wait_seconds: 0 }) }],
])('an output is looked at once more when %s', async (_what, given) => {
  expect(await looked(given)).toMatchObject({ gets: 1, output: ['who', 'le', 'r'] })
})

/** News of a run for tests: a prompt, four drawings of which one fails, a judge, an upscaler that never begins. */
import type { RunEventBody, RunNews } from '../../domain/events.ts'
import type { LivePlan } from './live-state.ts'

export const photoPlan: LivePlan = {
  run_id: 'run1',
  title: 'product_photo',
  steps: [
    { id: 'brief', group: 'steps', level: 0 },
    { id: 'draw', group: 'steps', level: 1 },
    { id: 'judge', group: 'steps', level: 2 },
    { id: 'upscale', group: 'steps', level: 3 },
  ],
}

const flux = 'black-forest-labs/flux-schnell'
const call = { candidate: 0, target: 'replicate', body: { value: {} } }
const drawn = {
  type: 'step.settled',
  step: 'draw',
  attempts: 1,
  latency_ms: 700,
  cost_usd: 0.003,
  model: flux,
} as const
const refused = { code: 'validation' as const, message: 'the prompt was\nrefused', retryable: false }

const bodies: RunEventBody[] = [
  {
    type: 'run.created',
    workflow: 'product_photo',
    definition_hash: 'h',
    inputs: {},
    env: {},
    files: [],
    sandbox: true,
  },
  { type: 'run.started', pid: 1, host: 'h', token: 1 },
  { type: 'step.started', step: 'brief' },
  { type: 'call.intended', step: 'brief', call: 1, model: 'meta/meta-llama-3-70b-instruct', ...call },
  {
    type: 'step.settled',
    step: 'brief',
    status: 'succeeded',
    attempts: 1,
    latency_ms: 640,
    cost_usd: 0.0002,
    model: 'meta/meta-llama-3-70b-instruct',
  },
  { type: 'step.started', step: 'draw' },
  { type: 'foreach.expanded', step: 'draw', count: 4 },
  { type: 'step.started', step: 'draw', index: 0 },
  { type: 'call.intended', step: 'draw', index: 0, call: 1, model: flux, ...call },
  { type: 'step.started', step: 'draw', index: 1 },
  { type: 'call.settled', step: 'draw', index: 0, call: 1, status: 'succeeded', latency_ms: 700, cost_usd: 0.003 },
  { ...drawn, index: 0, status: 'succeeded' },
  { type: 'step.started', step: 'draw', index: 2 },
  { ...drawn, index: 1, status: 'succeeded' },
  { ...drawn, index: 2, status: 'succeeded' },
  { ...drawn, index: 3, status: 'failed', error: refused },
  {
    ...drawn,
    status: 'failed',
    cost_usd: 0.009,
    latency_ms: 2_400,
    attempts: 4,
    error: { ...refused, message: '1 of 4 items failed; item 3: the prompt was\nrefused' },
  },
  {
    type: 'step.settled',
    step: 'judge',
    status: 'skipped',
    reason: '"draw" failed',
    attempts: 0,
    latency_ms: 0,
    cost_usd: 0,
  },
  {
    type: 'step.settled',
    step: 'upscale',
    status: 'skipped',
    reason: '"judge" was skipped',
    attempts: 0,
    latency_ms: 0,
    cost_usd: 0,
  },
  { type: 'run.settled', status: 'failed', outputs: { value: {} }, error: refused, cost_usd: 0.0092 },
]

/** Half a second apart. */
export const photoNews: readonly RunNews[] = bodies.map((body, at) => ({
  run_id: 'run1',
  event: { seq: at + 1, time: 5_000 + 500 * at, ...body },
}))

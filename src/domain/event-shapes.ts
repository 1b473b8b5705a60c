/** What events of a journal look like when they come from elsewhere. Fields that are not known are let through. */
import { z } from 'zod'
import { missReasons } from './cache.ts'
import { errorCodes } from './errors.ts'
import type { Json } from '../std/json.ts'
import type { RunEventType } from './events.ts'
import { strategyNames } from './routing.ts'

/** A name that will be printed: no control or text-direction characters, and not endless. */
export const plainText = z
  .string()
  .max(1_000)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'has characters that no name has')
export const hashText = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256')
/** Of a run, or of one nested in it: letters, digits, `-`, `_`, and dots between. */
export const runIdText = z
  .string()
  .max(1_000)
  .regex(/^[A-Za-z0-9][\w-]*(\.[\w-]+)*$/, 'is not the id of a run')

const whole = z.number().int().nonnegative()
/** Epoch milliseconds; later ones are no dates. */
const moment = whole.max(8.64e15)
const money = z.number().nullable()
/** What JSON.parse gave, whatever it is. */
const json = z.custom<Json>((value) => value !== undefined, 'is missing')
const jsonObject = z.record(z.string(), json)
const work = { step: plainText, index: whole.optional(), round: whole.optional() }
const call = { ...work, call: whole }
const spilled = z.union([
  z.looseObject({ value: json }),
  z.looseObject({ spilled: z.looseObject({ sha256: hashText, bytes: whole }) }),
])
const error = z.looseObject({
  code: z.enum(errorCodes),
  message: z.string(),
  retryable: z.boolean(),
  hint: z.string().optional(),
  step: z.string().optional(),
  details: jsonObject.optional(),
  cause: z.string().optional(),
})
const file = z.looseObject({
  name: plainText.refine((name) => !/[/\\]/.test(name), 'is a path, not a name'),
  sha256: hashText,
  bytes: whole,
  media_type: plainText,
})
const files = z.array(file)
const ended = z.enum(['succeeded', 'failed', 'cancelled'])
const callStatus = z.enum(['succeeded', 'failed', 'cancelled', 'abandoned'])

const share = z.number().min(0).max(1)
export const decisionShape = z.looseObject({
  id: plainText,
  agent: plainText,
  strategy: z.enum(strategyNames),
  context: plainText,
  chosen: whole,
  candidates: z.array(
    z.looseObject({
      candidate: whole,
      model: plainText,
      removed_by: plainText.optional(),
      exploring: z.boolean().optional(),
      observations: z.number().nonnegative(),
      quality: z.number().nullable(),
      score: z.number().optional(),
      cost_usd: money,
      latency_ms: z.number().nullable(),
      pending: whole,
      propensity: share.optional(),
    }),
  ),
})

const bodies = {
  'run.created': {
    workflow: plainText,
    version: plainText.optional(),
    definition_hash: hashText,
    inputs: jsonObject,
    env: z.record(z.string(), z.string()),
    files,
    max_concurrency: whole.optional(),
    budget_usd: z.number().optional(),
    sandbox: z.boolean(),
    parent: z.looseObject({ run_id: runIdText, ...work }).optional(),
  },
  'run.started': { pid: whole, host: plainText, token: whole, budget_usd: z.number().optional() },
  'run.pausing': { by: plainText },
  'run.cancelling': { by: plainText },
  'run.stopping': { error },
  'run.timed_out': { after_ms: z.number() },
  'run.finalising': { status: ended },
  'run.waiting': { waiting_for: z.enum(['approval', 'resume']), error: error.optional() },
  'run.settled': { status: ended, outputs: spilled, error: error.optional(), cost_usd: money },
  'run.retried': {
    attempt: whole,
    reset: z.array(
      z.looseObject({ step: plainText, indexes: z.array(whole).optional(), nested: z.literal(true).optional() }),
    ),
    definition_hash: hashText,
    by: plainText,
  },
  'step.started': work,
  'foreach.expanded': { step: plainText, count: whole },
  'step.settled': {
    ...work,
    status: z.enum(['succeeded', 'failed', 'skipped', 'cancelled']),
    output: spilled.optional(),
    error: error.optional(),
    reason: z.string().optional(),
    attempts: whole,
    latency_ms: z.number(),
    model: plainText.optional(),
    cached: z.boolean().optional(),
    saved_usd: money.optional(),
    files: files.optional(),
    cost_usd: money,
  },
  'round.settled': {
    ...work,
    round: whole,
    output: spilled,
    attempts: whole,
    model: plainText.optional(),
    saved_usd: money.optional(),
    files: files.optional(),
    cost_usd: money,
  },
  'child.started': { ...work, run_id: runIdText },
  'approval.requested': { ...work, message: z.string(), inputs: jsonObject, expires_at: moment.optional() },
  'approval.answered': { ...work, approved: z.boolean(), inputs: jsonObject, by: plainText },
  'model.resolved': { ...work, model: plainText, version: plainText },
  'call.routed': { ...call, decision: decisionShape },
  'call.uploaded': { ...call, sha256: hashText, url: z.string() },
  'call.intended': {
    ...call,
    candidate: whole,
    target: plainText,
    model: plainText,
    version: plainText.optional(),
    body: spilled,
    reserve_usd: z.number().optional(),
    agent: plainText.optional(),
  },
  'call.refused': call,
  'budget.crossed': { ...work, budget: plainText, soft_usd: z.number(), spent_usd: z.number() },
  'call.created': { ...call, id: plainText, how: z.enum(['created', 'searched']), matches: whole.optional() },
  'call.reattached': {
    ...call,
    id: plainText.optional(),
    how: z.enum(['known_id', 'searched', 'not_found', 'lost']),
  },
  'call.settled': {
    ...call,
    status: callStatus,
    error: error.optional(),
    latency_ms: z.number(),
    retry_in_ms: z.number().optional(),
    quality: z.looseObject({ score: share.nullable(), by: plainText, problem: z.string().optional() }).optional(),
    answer_usd: money.optional(),
    cost_usd: money,
  },
  'cache.hit': {
    ...work,
    key: plainText,
    target: plainText,
    model: plainText,
    version: plainText.optional(),
    kept_at: moment,
    kept_by: plainText.optional(),
    saved_ms: z.number().optional(),
  },
  'cache.missed': {
    ...work,
    key: plainText,
    reason: z.enum(missReasons),
    target: plainText,
    model: plainText,
    version: plainText.optional(),
    parts: z.record(z.string(), plainText),
  },
  'feedback.given': { ...work, decision: plainText, score: share, by: plainText },
} satisfies Record<RunEventType, z.core.$ZodLooseShape>

const shapes = new Map<string, z.ZodType>(
  Object.entries(bodies).map(([type, body]) => [
    type,
    z.looseObject({ seq: whole, time: moment, type: z.literal(type), ...body }),
  ]),
)

/** What is wrong with an event, or undefined. */
export function eventProblem(event: unknown): string | undefined {
  const { type } = (event ?? {}) as { type?: unknown }
  const shape = typeof type === 'string' ? shapes.get(type) : undefined
  if (!shape) return `there is no event "${String(type).slice(0, 60)}"`
  const checked = shape.safeParse(event)
  if (checked.success) return undefined
  const [issue] = checked.error.issues
  return `"${issue?.path.join('.')}" of ${type as string}: ${issue?.message}`
}

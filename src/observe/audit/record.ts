/** What stands in the audit log: a call that is over or begins, or a mark of what happened to the log itself. */
import { z } from 'zod'
import { missReasons } from '../../domain/cache.ts'

const count = z.number().int().min(0)
const money = z.number().nullable()
const fault = z.object({ code: z.string(), message: z.string() })

const attempt = z.object({
  id: z.string().describe('run/step[index]#round/call, as in the decisions of the router'),
  time: z.iso.datetime().describe('when it was settled'),
  agent: z.string(),
  target: z.string(),
  model: z.string(),
  version: z.string().optional(),
  prediction_id: z.string().optional(),
  status: z.enum(['succeeded', 'failed', 'cancelled', 'abandoned']),
  error: fault.optional(),
  sent: z.boolean().describe('it came to a create, or took up one'),
  earlier: z.literal(true).optional().describe('made by a process that ended before the call did'),
  latency_ms: z.number(),
  waiting_ms: z.number(),
  backoff_ms: z.number().optional(),
  cost_usd: money,
  answer_usd: money.optional().describe('without what judging the answer cost, where it was judged'),
  reserved_usd: z.number().optional(),
  breaker: z.string().optional().describe('of the model, when it was called'),
})

const place = {
  id: z.string(),
  time: z.iso.datetime().describe('when the call was over'),
  who: z.object({ user: z.string(), host: z.string(), door: z.string(), client: z.string().optional() }),
  run: z.string(),
  run_attempt: count.optional(),
  workflow: z.string(),
  step: z.string(),
  index: count.optional(),
  round: count.optional(),
  agent: z.string(),
}

const inputShape = z.object({
  hash: z.string().describe('HMAC-SHA-256 of its canonical JSON, under a key of the store'),
  bytes: count,
  value: z.json().optional(),
  omitted: z.literal(true).optional().describe('asked for, but too large to be kept'),
})

/** `refused` and `withheld`: by a plugin, the call or its answer. */
export const callStatuses = ['succeeded', 'failed', 'cancelled', 'stopped', 'refused', 'withheld'] as const

export const callShape = z.object({
  kind: z.literal('call'),
  ...place,
  candidates: z.array(z.object({ agent: z.string(), model: z.string() })),
  model: z.string().optional().describe('what answered, or was called last'),
  version: z.string().optional(),
  status: z.enum(callStatuses),
  error: fault.optional(),
  decisions: z.array(z.string()),
  input: inputShape,
  output: z
    .object({
      bytes: count,
      files: count,
      file_bytes: count,
      value: z.json().optional(),
      omitted: z.literal(true).optional(),
    })
    .optional(),
  attempts: z.array(attempt),
  resumed: z.literal(true).optional().describe('an earlier process had begun it, and may have told of it'),
  latency: z.object({
    total_ms: z.number(),
    waiting_ms: z.number().describe('for limits, bulkhead and budget'),
    target_ms: z.number(),
    judging_ms: z.number(),
    backoff_ms: z.number(),
  }),
  cost: z.object({ usd: money, judging_usd: money, reserved_usd: money, saved_usd: money.optional() }),
  cache: z.enum(['hit', 'miss', 'off']),
  cache_miss: z.enum(missReasons).optional().describe('why it was one'),
  refused: z.array(z.string()).describe('models that their circuit breaker kept from being called'),
})
export type CallRecord = z.infer<typeof callShape>

const begunShape = z.object({ kind: z.literal('begun'), ...place, input: inputShape })
export type BegunRecord = z.infer<typeof begunShape>

const at = { time: z.iso.datetime() }
const tornMark = z.object({ kind: z.literal('torn'), ...at, bytes: count, sha256: z.string() })
const adoptedMark = z.object({ kind: z.literal('adopted'), ...at, records: count })
const lostMark = z.object({ kind: z.literal('lost'), ...at, records: count, reason: z.string() })
const unanchoredMark = z.object({ kind: z.literal('unanchored'), ...at })
const purgedMark = z.object({
  kind: z.literal('purged'),
  ...at,
  through: z.object({ seq: count, hash: z.string() }),
  segments: z.array(z.string()),
  by: z.string(),
})

export const entryShape = z.discriminatedUnion('kind', [
  callShape,
  begunShape,
  tornMark,
  adoptedMark,
  lostMark,
  unanchoredMark,
  purgedMark,
])
export type AuditEntry = z.infer<typeof entryShape>

type MarkOf<S extends z.ZodType> = Omit<z.infer<S>, 'time'>
export type Mark =
  /** A process was killed while it wrote: the end of a line without its rest, which stands before this one. */
  | MarkOf<typeof tornMark>
  /** A process was killed between writing lines and saying so: they are in the chain, and count. */
  | MarkOf<typeof adoptedMark>
  /** The disk refused records for so long that they were given up. */
  | MarkOf<typeof lostMark>
  /** Nothing said where the log had ended: what was cut off before this line can't be told. */
  | MarkOf<typeof unanchoredMark>
  /** Everything up to a line was removed on purpose. */
  | MarkOf<typeof purgedMark>

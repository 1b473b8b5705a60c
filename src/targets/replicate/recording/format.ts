/** What a recording looks like on disk: a manifest, a file for each request with its answers, and large bodies beside them. */
import { z } from 'zod'

export const manifestFile = 'recording.json'
export const exchangesFolder = 'exchanges'
export const bodiesFolder = 'bodies'
/** The versions that pins of agents stood for. */
export const recordedLock = 'replicate-agent.lock'

export const manifestShape = z.strictObject({
  /** Of this layout. */
  format: z.literal(1),
  /** Where the API was; URLs of requests are relative to it. */
  base_url: z.url(),
  /** When it began: a replay takes this for now. */
  recorded_at: z.iso.datetime(),
})
export type Manifest = z.infer<typeof manifestShape>

/** A request without what differs from one recording to the next, and without secrets. */
const requestShape = z.strictObject({
  method: z.enum(['GET', 'POST', 'QUERY']),
  url: z.string(),
  /** Where a stream or download goes on. */
  from: z.string().optional(),
  /** JSON; of a form, its parts with the hashes of their bytes. */
  body: z.json().optional(),
})
export type RecordedRequest = z.infer<typeof requestShape>

const answerShape = z.strictObject({
  /** The step (and item) that asked. */
  for: z.string().optional(),
  /** There was no whole answer, and why; `unanswered` when the recording process ended first. */
  failed: z.string().optional(),
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** The body: one of these, or none when it was empty. */
  json: z.json().optional(),
  text: z.string().optional(),
  file: z
    .string()
    .regex(/^[0-9a-f]{64}\.[a-z0-9]{1,8}$/, 'is no name of a body')
    .optional(),
})
export type RecordedAnswer = z.infer<typeof answerShape>

export const exchangeShape = z.strictObject({ request: requestShape, answers: z.array(answerShape).min(1) })
export type Exchange = z.infer<typeof exchangeShape>

/** A create stands so from before it is sent until it is answered. */
export const unanswered: RecordedAnswer = { failed: 'unanswered' }

/** Whether each such request makes a prediction of its own. */
export function isCreate({ method, url }: Pick<RecordedRequest, 'method' | 'url'>): boolean {
  return method === 'POST' && url.endsWith('/predictions')
}

/** Headers of an answer that anything depends on. */
export const keptHeaders = ['content-type', 'retry-after'] as const

/** A target that answers some calls as a test says, and hands on the others: retries, fallbacks and the journal work as ever. */
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import {
  type ErrorCode,
  type FailureClass,
  failureClasses,
  NonRetryableError,
  RateLimitError,
  type ReplicateAgentError,
  RetryableError,
} from '../../domain/errors.ts'
import { artifactUri, type KeptFile } from '../../domain/file.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { Candidate, Target, TargetContext, TargetResult } from '../../targets/target.ts'
import type { AnswerSpec, ReplySpec } from './spec.ts'
import { nameOfModel } from './workflow-names.ts'

type Answers = Readonly<Record<string, AnswerSpec>>

/** `folder`: what paths of files are relative to. */
export function answering(answers: Answers, folder: string): (target: Target) => Target {
  const turns = new Map<string, number>()
  /** What this attempt is answered with; every attempt takes the next reply, the last one stays. */
  const next = (candidate: Candidate, labels: TargetContext['labels']): ReplySpec | undefined => {
    const replies = repliesOf(answers, candidate, labels)
    if (!replies) return undefined
    const key = JSON.stringify([labels.run_id, labels.step, labels.index])
    const turn = turns.get(key) ?? 0
    turns.set(key, turn + 1)
    return replies[Math.min(turn, replies.length - 1)]
  }
  return (target) => ({
    kind: target.kind,
    async call(candidate, input, context) {
      const reply = next(candidate, context.labels)
      return reply ? replyTo(reply, candidate, input, context, folder) : target.call(candidate, input, context)
    },
    estimate: (candidate, input, options) => target.estimate(candidate, input, options),
    ...(target.pin && { pin: target.pin.bind(target) }),
    ...(target.cancel && { cancel: target.cancel.bind(target) }),
    ...(target.describe && { describe: target.describe.bind(target) }),
    close: () => target.close(),
  })
}

/** By step, then by model; undefined: none, or an empty list, was given. */
function repliesOf(
  answers: Answers,
  candidate: Candidate,
  { run_id, step, index }: TargetContext['labels'],
): readonly ReplySpec[] | undefined {
  const keys = [pathOfStep(run_id, step), nameOfModel(candidate.model)]
  const key = keys.find((one) => Object.hasOwn(answers, one))
  const answer = key === undefined ? undefined : answers[key]
  if (answer === undefined) return undefined
  if (Array.isArray(answer)) return answer.length > 0 ? answer : undefined
  if (answer.items === undefined) return [answer]
  const item = answer.items[index ?? 0]
  if (!item) return undefined
  if (!Array.isArray(item)) return [item]
  return item.length > 0 ? item : undefined
}

/** `outer.inner` for a step of a nested run, whose id is `<root>.outer`, perhaps with an item, a round or a try. */
function pathOfStep(runId: string, step: string): string {
  const within = runId
    .split('.')
    .slice(1)
    .flatMap((part) => /^[a-z][a-z0-9_]*/.exec(part)?.[0] ?? [])
  return [...within, step].join('.')
}

async function replyTo(
  reply: ReplySpec,
  candidate: Candidate,
  input: JsonObject,
  context: TargetContext,
  folder: string,
): Promise<TargetResult> {
  const { record, signal } = context
  if (context.open) await record.reattached('not_found')
  // As the target would journal it.
  await record.intended(candidate.target === 'replicate' ? { input } : input, undefined)
  signal.throwIfAborted()
  const cost_usd = reply.cost_usd ?? 0
  if (reply.error !== undefined) throw failureOf(reply.error, candidate, cost_usd)
  const files: KeptFile[] = []
  for (const path of reply.files ?? (reply.file === undefined ? [] : [reply.file]))
    files.push(await context.files.keep(await bytesOf(resolve(folder, path)), basename(path)))
  const uris = files.map(artifactUri)
  const output = reply.file !== undefined ? (uris[0] as Json) : reply.files ? uris : ((reply.output ?? null) as Json)
  return { output, files, cost_usd, model: candidate.model }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new NonRetryableError('file_not_found', `the file of the answer, ${path}, can't be read`, { cause })
  }
}

function failureOf(
  error: NonNullable<ReplySpec['error']>,
  { model }: Candidate,
  cost_usd: number,
): ReplicateAgentError {
  const code = (typeof error === 'string' ? error : error.code) as ErrorCode
  const message = (typeof error === 'string' ? undefined : error.message) ?? `the test lets ${model} fail`
  const details: JsonObject = { cost_usd }
  if (code === 'rate_limited') return new RateLimitError(message, { details, retryAfterMs: 0 })
  if ((failureClasses as readonly string[]).includes(code))
    return new RetryableError(code as FailureClass, message, { details })
  return new NonRetryableError(code, message, { details })
}

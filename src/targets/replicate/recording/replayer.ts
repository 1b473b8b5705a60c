/** Answers from a recording, and from nothing else: no connection is made, and what was not recorded is an error. */
import { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { Response } from 'undici'
import { ConfigurationError } from '../../../domain/errors.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Candidate, TargetContext } from '../../target.ts'
import { officialUrl } from '../options.ts'
import { hasEnded, hasSucceeded, readPrediction } from '../prediction.ts'
import type { Asked, Wire } from '../wire.ts'
import { parseJson } from './body.ts'
import { callerName, trackCallers } from './caller.ts'
import { createConcealer } from './conceal.ts'
import { calledFirst, createStems, type OpenCreate } from './called-models.ts'
import { exchangeNames, readBody, readExchange, readManifest } from './folder.ts'
import { isCreate, type Manifest, type RecordedAnswer, type RecordedRequest, unanswered } from './format.ts'
import { nearestRecorded } from './nearest.ts'
import { nameOf, requestOf } from './request.ts'

export interface Replayer {
  wire: Wire
  /** Where the API was when it was recorded. */
  baseUrl: string
  /** Which of these a step (and item) called next then, as an index; undefined: none that is left to be replayed. */
  calledNext(labels: TargetContext['labels'], candidates: readonly Candidate[]): Promise<number | undefined>
}

/** The longest that a replay sleeps between two polls, milliseconds: what is waited for is there already. */
const longestSleepMs = 10

interface Kept {
  request: RecordedRequest
  answers: RecordedAnswer[]
  served: Set<RecordedAnswer>
}

/** Throws ConfigurationError when there is no recording, or a damaged one. */
export async function readRecording(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder)
  if (manifest) return manifest
  throw new ConfigurationError('configuration', `there is no recording in ${folder}`, {
    hint: 'make one with --record, or say with --replay where it is',
  })
}

/** Without a recording, it throws as `readRecording` when it is asked anything but to cancel: what never ran is over. */
export async function openReplayer(folder: string, clock: Clock): Promise<Replayer> {
  const manifest = await readManifest(folder)
  const baseUrl = manifest?.base_url ?? officialUrl
  const recordedAt = manifest ? Date.parse(manifest.recorded_at) : clock.now()
  const callers = trackCallers()
  const exchanges = new Map<string, Promise<Kept | undefined>>()
  /** Names of exchanges by what they begin with. */
  const stems = new Map<string, Promise<string[]>>()
  /** Who was given which prediction by a create. */
  const given = new Map<string, string | undefined>()

  async function answerTo(asked: Pick<Asked, 'method' | 'url' | 'headers' | 'body'>): Promise<RecordedAnswer> {
    const caller = callers.now()
    const request = await requestOf(asked, baseUrl, createConcealer('', caller?.mask))
    const name = nameOf(request)
    const kept = await keptAs(name)
    const answer = kept && next(kept, caller?.name, !isCreate(request))
    if (answer) return answer
    if (asked.method === 'POST' && request.url.endsWith('/cancel')) return { status: 404 }
    await readRecording(folder)
    throw await notRecorded(folder, request, caller?.name, kept?.answers.length ?? 0)
  }

  function keptAs(name: string): Promise<Kept | undefined> {
    const reading = exchanges.get(name) ?? read(name)
    exchanges.set(name, reading)
    return reading
  }

  function namesOf(stem: string): Promise<string[]> {
    const listing = stems.get(stem) ?? exchangeNames(folder, stem)
    stems.set(stem, listing)
    return listing
  }

  async function calledNext(
    labels: TargetContext['labels'],
    candidates: readonly Candidate[],
  ): Promise<number | undefined> {
    const caller = callerName({ labels })
    const creates: OpenCreate[] = []
    for (const stem of new Set(candidates.flatMap(createStems))) {
      for (const name of await namesOf(stem)) {
        const { request, answers = [], served } = (await keptAs(name)) ?? {}
        for (const answer of answers) {
          if (!request || answer.for !== caller || served?.has(answer)) continue
          creates.push({ url: request.url, body: parseJson(await bodyText(folder, answer)) })
        }
      }
    }
    return calledFirst(creates, candidates)
  }

  async function read(name: string): Promise<Kept | undefined> {
    const exchange = await readExchange(folder, name)
    if (!exchange) return undefined
    const { request, answers } = exchange
    return { request, answers: isCreate(request) ? await followed(folder, answers) : answers, served: new Set() }
  }

  const wire: Wire = {
    async request(asked) {
      asked.signal?.throwIfAborted()
      const answer = await answerTo(asked)
      const { status, headers } = answered(answer)
      const text = await bodyText(folder, answer)
      if (asked.method === 'POST') note(given, text, callers.now()?.name)
      return { status, headers: hurried(status, headers), text }
    },
    async open(url, headers, signal) {
      signal.throwIfAborted()
      const answer = await answerTo({ method: 'GET', url: url.href, headers, body: undefined })
      const { status, headers: sent } = answered(answer)
      const hasNone = status === 204 || status === 304
      const body = hasNone
        ? null
        : answer.file === undefined
          ? await bodyText(folder, answer)
          : Readable.toWeb(await readBody(folder, answer.file))
      return new Response(body as ConstructorParameters<typeof Response>[0], {
        status,
        headers: hurried(status, sent),
      })
    },
    during: (context, call) => callers.during(context, () => call(replayed(context, clock, recordedAt, given))),
    close: async () => {},
  }
  return { wire, baseUrl, calledNext }
}

// ── answers ──

/** What this step and item got, then what anyone got, each once; then, where it does no harm, the last one again. */
function next({ answers, served }: Kept, caller: string | undefined, repeats: boolean): RecordedAnswer | undefined {
  const open = answers.filter((answer) => !served.has(answer))
  const ours = open.filter((answer) => answer.for === caller)
  // One that was never sent was sent again by the process that went on.
  const own = ours.find((answer) => answer.failed !== unanswered.failed) ?? ours[0]
  const found = own ?? (repeats ? (answers.findLast((answer) => answer.for === caller) ?? open[0]) : open[0])
  if (found) served.add(found)
  return found ?? (repeats ? answers.at(-1) : undefined)
}

/**
 * A process that was killed right after a create may have journaled nothing of its answer; the next one then searched.
 * So does a replay, where nobody ever asked for the prediction again.
 */
async function followed(folder: string, answers: readonly RecordedAnswer[]): Promise<RecordedAnswer[]> {
  return Promise.all(
    answers.map(async (answer) => {
      const made = answer.status === undefined ? undefined : readPrediction(parseJson(await bodyText(folder, answer)))
      if (!made || hasEnded(made) || hasSucceeded(made)) return answer
      const url = `/predictions/${made.id}`
      const asked =
        (await readExchange(folder, nameOf({ method: 'GET', url }))) ??
        (await readExchange(folder, nameOf({ method: 'POST', url: `${url}/cancel` })))
      return asked ? answer : { ...(answer.for !== undefined && { for: answer.for }), ...unanswered }
    }),
  )
}

/** Throws as the network did, where there was no answer. */
function answered({ status, headers, failed }: RecordedAnswer): { status: number; headers: Record<string, string> } {
  if (status === undefined) throw Object.assign(new Error('as it was recorded'), { code: failed ?? 'UND_ERR_SOCKET' })
  return { status, headers: headers ?? {} }
}

/** Nobody has to wait for a limit that is none here. */
function hurried(status: number, headers: Readonly<Record<string, string>>): Record<string, string> {
  const asks = status === 429 || headers['retry-after'] !== undefined
  return asks ? { ...headers, 'retry-after': '0' } : { ...headers }
}

async function bodyText(folder: string, { json, text, file }: RecordedAnswer): Promise<string> {
  if (file !== undefined) return textOf(await readBody(folder, file))
  return json === undefined ? (text ?? '') : JSON.stringify(json)
}

async function notRecorded(
  folder: string,
  request: RecordedRequest,
  caller: string | undefined,
  recorded: number,
): Promise<ConfigurationError> {
  const what = `${request.method} ${request.url}${caller === undefined ? '' : ` of ${caller}`}`
  const near = recorded > 0 ? `it has ${recorded} of them, all used` : await nearestRecorded(folder, request)
  const message = `${what} is not in the recording ${folder}${near === undefined ? '' : `: ${near}`}`
  return new ConfigurationError('configuration', message, {
    hint: 'nothing was sent; record again with --record, or undo the change',
    details: { replay: true },
  })
}

// ── what a call sees ──

function note(given: Map<string, string | undefined>, text: string, caller: string | undefined): void {
  const id = /^\{"id":"([\w-]+)"/.exec(text)?.[1]
  if (id !== undefined) given.set(id, caller)
}

/**
 * The time is that of the recording, so that what it holds is as old as it was; nothing sleeps for long; predictions
 * are claimed for this run alone, for other runs replay the same ones; a create that was never answered was none.
 */
function replayed(
  context: TargetContext,
  clock: Clock,
  recordedAt: number,
  given: ReadonlyMap<string, string | undefined>,
): TargetContext {
  const { open, record, labels } = context
  const name = callerName(context)
  const began = clock.monotonic()
  const { open: _open, ...rest } = context
  return {
    ...rest,
    ...(open?.id !== undefined && { open: { ...open, intended_at: recordedAt } }),
    clock: {
      now: () => recordedAt + clock.monotonic() - began,
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(Math.min(ms, longestSleepMs), signal),
    },
    record: {
      ...record,
      claim: async (id) => (await record.claim(`replay ${labels.run_id} ${id}`)) || given.get(id) === name,
    },
    // Uploads live for a day, recordings longer.
    files: {
      find: (uri) => context.files.find(uri),
      read: (sha256) => context.files.read(sha256),
      keep: (bytes, fileName, mediaType) => context.files.keep(bytes, fileName, mediaType),
      renew: async () => false,
      uploadOf: () => undefined,
    },
    mask: (value) => context.mask(value),
  }
}

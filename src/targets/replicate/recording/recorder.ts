/**
 * Keeps every exchange that passes over a wire in a folder. An answer is on disk, whole and without secrets, before
 * anything depends on it: a process that is killed leaves a recording of all that it acted on.
 */
import { Response, type Response as FetchResponse } from 'undici'
import { ConfigurationError, ReplicateAgentError, UsageError } from '../../../domain/errors.ts'
import type { Clock } from '../../../std/clock.ts'
import { sha256 } from '../../../std/hash.ts'
import { isObject } from '../../../std/json.ts'
import { codeOf } from '../failure.ts'
import type { Asked, Wire } from '../wire.ts'
import { bodyOf, inputOf, isDone, isSearch, parseJson, spilled, withoutPartial } from './body.ts'
import { trackCallers } from './caller.ts'
import { type Concealer, createConcealer } from './conceal.ts'
import { type Body, copied } from './copy.ts'
import {
  beginRecording,
  holdFolder,
  holdsOtherFiles,
  makeFolders,
  readExchange,
  readManifest,
  writeExchange,
} from './folder.ts'
import { isCreate, keptHeaders, type RecordedAnswer, type RecordedRequest, unanswered } from './format.ts'
import { nameOf, requestOf } from './request.ts'

export interface RecorderOptions {
  folder: string
  /** Goes on with the recording that is there; else it is replaced at the first exchange. */
  continues: boolean
  baseUrl: string
  token: string
  clock: Clock
}

/** The answers to one request, and what the last one said. */
interface Kept {
  answers: RecordedAnswer[]
  said: string | undefined
}

/** Throws UsageError when the folder holds something else than a recording, or one of another API. */
export async function openRecorder(wire: Wire, options: RecorderOptions): Promise<Wire> {
  const { folder, baseUrl, token, clock } = options
  const earlier = await earlierRecording(options)
  const callers = trackCallers()
  const kept = new Map<string, Promise<Kept>>()
  /** Inputs of creates, as a search compares them. */
  const inputs = new Set<string>()
  /** Gives what lets the folder go. */
  let begun: Promise<() => Promise<void>> | undefined

  /** A verb that asks nothing leaves the folder as it is. */
  function begin(): Promise<() => Promise<void>> {
    begun ??= holdFolder(folder).then(async (letGo) => {
      const recorded_at = new Date(clock.now()).toISOString()
      if (earlier) await makeFolders(folder)
      else await beginRecording(folder, { format: 1, base_url: baseUrl, recorded_at })
      return letGo
    })
    return begun
  }

  async function writing<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      if (error instanceof ReplicateAgentError) throw error
      const reason = codeOf(error) ?? String(error)
      throw new ConfigurationError('configuration', `the recording ${folder} can't be written (${reason})`, {
        cause: error,
      })
    }
  }

  const concealer = (): Concealer => createConcealer(token, callers.now()?.mask)

  async function prepared(asked: Pick<Asked, 'method' | 'url' | 'headers' | 'body'>): Promise<RecordedRequest> {
    await writing(begin)
    const sent = typeof asked.body === 'string' ? parseJson(asked.body) : undefined
    if (isObject(sent)) inputs.add(inputOf(sent, concealer()))
    return requestOf(asked, baseUrl, concealer())
  }

  async function before(name: string): Promise<Kept> {
    const exchange = await readExchange(folder, name)
    return { answers: exchange?.answers ?? [], said: undefined }
  }

  /** Resolves when it is on disk, in place of another. Answers of one request are written one after the other. */
  async function keep(
    request: RecordedRequest,
    answer: RecordedAnswer,
    replaced?: RecordedAnswer,
  ): Promise<RecordedAnswer> {
    const name = nameOf(request)
    const caller = callers.now()?.name
    const named = { ...(caller !== undefined && { for: caller }), ...(await writing(() => spilled(folder, answer))) }
    const next = (kept.get(name) ?? before(name)).then(async ({ answers, said }) => {
      // How often one asks is no part of what was answered; what a search found is for who searched.
      const says = isSearch(request) ? `${caller ?? ''} ${whatItSays(answer)}` : whatItSays(answer)
      if (request.method === 'GET' && says === said) return { answers, said }
      return writing(async () => {
        // By who asked, so that what runs in parallel is in the same order each time.
        const others = answers.filter((each) => each !== replaced)
        const all = [...others, named].toSorted((a, b) => inOrder(a.for ?? '', b.for ?? ''))
        await writeExchange(folder, name, { request, answers: all })
        return { answers: all, said: says }
      })
    })
    kept.set(name, next)
    try {
      await next
    } catch (error) {
      // Told to who asked; the next one tries again.
      if (kept.get(name) === next) kept.delete(name)
      throw error
    }
    return named
  }

  /** Sends, and keeps that there was no answer. What we broke off ourselves says nothing about the API. */
  async function sent<T>(
    {
      request,
      signal,
      open,
    }: { request: RecordedRequest; signal: AbortSignal | undefined; open?: RecordedAnswer | undefined },
    send: () => Promise<T>,
  ): Promise<T> {
    try {
      return await send()
    } catch (error) {
      if (!signal?.aborted) await keep(request, failure(error), open)
      throw error
    }
  }

  return {
    async request(asked) {
      const request = await prepared(asked)
      // If this process ends before the answer, a replay has to search for the prediction, as the next process does.
      const open = isCreate(request) ? await keep(request, unanswered) : undefined
      const answered = await sent({ request, signal: asked.signal, open }, () => wire.request(asked))
      const { status, headers, text } = answered
      const isOurs = isSearch(request) ? (input: string) => inputs.has(input) : undefined
      const body = bodyOf(request.method === 'GET' ? withoutPartial(text) : text, concealer(), isOurs)
      await keep(request, { status, headers: keptOf((name) => headers[name]), ...body }, open)
      return answered
    },
    async open(url, headers, signal) {
      const request = await prepared({ method: 'GET', url: url.href, headers, body: undefined })
      const response = await sent({ request, signal }, () => wire.open(url, headers, signal))
      const answer = { status: response.status, headers: keptOf((name) => response.headers.get(name)) }
      if (!response.body) {
        await keep(request, answer)
        return response
      }
      const type = answer.headers['content-type'] ?? ''
      const stream = copied(response.body, {
        folder,
        extension: extensionOf(type, url),
        textBody: textBodyOf(type, concealer()),
        writing,
        async kept(body) {
          await keep(request, { ...answer, ...body })
        },
        failed: async (error) => {
          if (!signal.aborted) await keep(request, failure(error))
        },
      })
      return new Response(stream, { status: response.status, headers: response.headers }) satisfies FetchResponse
    },
    during: (context, call) =>
      callers.during(context, () => {
        // It is searched for, and was not made by this process.
        if (isObject(context.open?.body)) inputs.add(inputOf(context.open.body, concealer()))
        return call(context)
      }),
    async close() {
      await Promise.allSettled(kept.values())
      await wire.close()
      await (
        await begun?.catch(() => undefined)
      )?.()
    },
  }
}

/** Whether there is a recording that is gone on with. */
async function earlierRecording({ folder, continues, baseUrl }: RecorderOptions): Promise<boolean> {
  const manifest = await readManifest(folder)
  if (!manifest && (await holdsOtherFiles(folder))) {
    throw new UsageError(`${folder} holds other files, and no recording`, { hint: 'name a new or an empty folder' })
  }
  if (!manifest || !continues) return false
  if (manifest.base_url === baseUrl) return true
  throw new UsageError(`the recording ${folder} is one of ${manifest.base_url}, not of ${baseUrl}`, {
    hint: 'record into another folder',
  })
}

// ── answers ──

function whatItSays({ status, json, text, file, failed = '' }: RecordedAnswer): string {
  if (status === undefined) return `failed ${failed}`
  const told = isObject(json) ? json['status'] : undefined
  if (isObject(json) && typeof told === 'string') return `${status} ${told} ${isDone(json)}`
  return sha256(JSON.stringify([status, json, text, file]))
}

function failure(error: unknown): RecordedAnswer {
  return { failed: codeOf(error) ?? 'UND_ERR_SOCKET' }
}

function inOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function keptOf(header: (name: string) => string | null | undefined): Record<string, string> {
  return Object.fromEntries(
    keptHeaders.flatMap((name) => {
      const value = header(name)
      return value === null || value === undefined ? [] : [[name, value]]
    }),
  )
}

/** Undefined for what is no text. */
function textBodyOf(mediaType: string, conceal: Concealer): ((text: string) => Body) | undefined {
  if (mediaType.startsWith('text/event-stream')) return (text) => ({ text: conceal.events(text) })
  return /^(?:text\/|application\/(?:problem\+)?json)/.test(mediaType) ? (text) => bodyOf(text, conceal) : undefined
}

function extensionOf(mediaType: string, url: URL): string {
  const written = /\.([a-z0-9]{1,8})$/i.exec(url.pathname)?.[1]?.toLowerCase()
  return written ?? /^[\w.+-]+\/([a-z0-9]{1,8})\b/.exec(mediaType)?.[1] ?? 'bin'
}

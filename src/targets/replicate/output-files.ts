/** Takes the files out of an output: downloads what its links name while they live, and puts artifact URIs in their place. */
import pLimit from 'p-limit'
import {
  NetworkError,
  NonRetryableError,
  NotFoundError,
  RateLimitError,
  ReplicateAgentError,
  ServerError,
} from '../../domain/errors.ts'
import { artifactUri, type KeptFile } from '../../domain/file.ts'
import { isObject, type Json } from '../../std/json.ts'
import type { TargetContext } from '../target.ts'
import { parseDataUri } from './canonical-input.ts'
import { answerFailure, transportFailure } from './failure.ts'
import type { Api } from './transport.ts'

const parallelDownloads = 4
const tries = 6
const baseDelayMs = 500
const longestDelayMs = 30_000

export interface KeptOutput {
  output: Json
  files: KeptFile[]
}

export interface OutputFiles {
  /** Throws the last error of a file that can't be had; downloads are tried again, the prediction is not. */
  keep(output: Json, context: TargetContext): Promise<KeptOutput>
}

export function createOutputFiles(api: Api, maxBytes: number): OutputFiles {
  const limit = pLimit(parallelDownloads)
  return {
    async keep(output, context) {
      const links = fileLinks(output, api.baseUrl)
      if (links.length === 0) return { output, files: [] }
      const { step, index } = context.labels
      const stem = index === undefined ? step : `${step}-${index}`
      const ended = await Promise.allSettled(
        links.map((link, at) => limit(() => keepOne(api, link, `${stem}-${at}`, maxBytes, context))),
      )
      const kept = new Map<string, KeptFile>()
      for (const [at, file] of ended.entries()) {
        if (file.status === 'rejected') throw file.reason
        kept.set(links[at] as string, file.value)
      }
      return { output: replaced(output, kept), files: [...kept.values()] }
    },
  }
}

/** Every string of the output that is a file, each once, in order. */
function fileLinks(output: Json, baseUrl: URL): string[] {
  const found = new Set<string>()
  const walk = (value: Json): void => {
    if (typeof value === 'string') {
      if (isFile(value, baseUrl)) found.add(value)
    } else if (Array.isArray(value)) value.forEach(walk)
    else if (isObject(value)) Object.values(value).forEach(walk)
  }
  walk(output)
  return [...found]
}

/**
 * Data URIs, and links to where Replicate keeps outputs. A link to anywhere else is text that a model wrote: reading it
 * would let a model choose what this machine asks for.
 */
function isFile(text: string, baseUrl: URL): boolean {
  if (text.startsWith('data:')) return parseDataUri(text) !== undefined
  if (!/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  if (url.origin === baseUrl.origin) return !isReplicate(baseUrl.hostname) || url.pathname.includes('/files/')
  if (url.protocol !== 'https:') return false
  return (
    /(?:^|\.)replicate\.delivery$/.test(url.hostname) || (isReplicate(url.hostname) && url.pathname.includes('/files/'))
  )
}

function isReplicate(hostname: string): boolean {
  return hostname === 'replicate.com' || hostname.endsWith('.replicate.com')
}

function replaced(value: Json, by: ReadonlyMap<string, KeptFile>): Json {
  if (typeof value === 'string') {
    const file = by.get(value)
    return file ? artifactUri(file) : value
  }
  if (Array.isArray(value)) return value.map((each) => replaced(each, by))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each, by)]))
}

// ── one file ──

async function keepOne(
  api: Api,
  link: string,
  stem: string,
  maxBytes: number,
  context: TargetContext,
): Promise<KeptFile> {
  const inline = link.startsWith('data:') ? parseDataUri(link) : undefined
  if (inline)
    return context.files.keep(inline.bytes, `${stem}.${extensionOf(undefined, inline.mediaType)}`, inline.mediaType)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await download(api, new URL(link), stem, maxBytes, context)
    } catch (error) {
      if (attempt >= tries || !mayHelp(error)) throw error
      const asked = error instanceof RateLimitError ? (error.retryAfterMs ?? 0) : 0
      const backoff = Math.min(longestDelayMs, baseDelayMs * 2 ** (attempt - 1)) * (0.5 + context.random() / 2)
      context.progress({ status: 'downloading again' })
      await context.clock.sleep(Math.max(asked, backoff), context.signal)
    }
  }
}

function mayHelp(error: unknown): boolean {
  return error instanceof NetworkError || error instanceof ServerError || error instanceof RateLimitError
}

async function download(api: Api, url: URL, stem: string, maxBytes: number, context: TargetContext): Promise<KeptFile> {
  const what = `downloading ${url.origin}${url.pathname}`
  const { signal } = context
  // Ends the connection whatever happens to the file.
  const over = new AbortController()
  try {
    const response = await api.open(url, {}, AbortSignal.any([signal, over.signal])).catch((error: unknown) => {
      if (error instanceof ReplicateAgentError) throw error
      throw signal.aborted ? signal.reason : transportFailure(what, error)
    })
    if (response.status === 404 || response.status === 410) {
      throw new NotFoundError(`${what}: the file is no longer there (${response.status})`)
    }
    if (!response.ok || !response.body) {
      throw answerFailure(
        what,
        response.status,
        undefined,
        response.headers.get('retry-after') ?? undefined,
        context.clock.now(),
      )
    }
    const mediaType = mediaTypeOf(response.headers.get('content-type'), url)
    const bytes = limited(response.body, what, maxBytes, signal)
    try {
      return await context.files.keep(bytes.stream, `${stem}.${extensionOf(url, mediaType)}`, mediaType)
    } catch (error) {
      // What broke the stream says more than what the store made of it.
      throw bytes.failure() ?? error
    }
  } finally {
    over.abort()
  }
}

function limited(body: AsyncIterable<Uint8Array>, what: string, maxBytes: number, signal: AbortSignal) {
  let failure: unknown
  async function* stream(): AsyncGenerator<Uint8Array> {
    let seen = 0
    try {
      for await (const chunk of body) {
        seen += chunk.length
        if (seen > maxBytes)
          throw new NonRetryableError('file_too_large', `${what}: it has more than ${maxBytes} bytes`)
        yield chunk
      }
    } catch (error) {
      failure =
        error instanceof ReplicateAgentError ? error : signal.aborted ? signal.reason : transportFailure(what, error)
      throw failure
    }
  }
  return { stream: stream(), failure: () => failure }
}

// ── names and types ──

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
  'image/avif': 'avif',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/flac': 'flac',
  'audio/mp4': 'm4a',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/csv': 'csv',
  'text/vtt': 'vtt',
  'application/json': 'json',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'model/gltf-binary': 'glb',
}

function extensionOf(url: URL | undefined, mediaType: string): string {
  return writtenExtension(url) ?? extensions[mediaType] ?? 'bin'
}

function writtenExtension(url: URL | undefined): string | undefined {
  return url && /\.([a-z0-9]{1,8})$/i.exec(url.pathname)?.[1]?.toLowerCase()
}

function mediaTypeOf(header: string | null, url: URL): string {
  const told = header?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (/^[\w.+-]+\/[\w.+-]+$/.test(told) && told !== 'application/octet-stream' && told !== 'binary/octet-stream')
    return told
  const extension = writtenExtension(url)
  const known = Object.entries(extensions).find(([, each]) => each === extension)
  return known?.[0] ?? 'application/octet-stream'
}

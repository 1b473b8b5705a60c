/** Puts the files of an input into the form that the API takes: small ones inside it, others uploaded before. */
import pLimit from 'p-limit'
import { NotFoundError } from '../../domain/errors.ts'
import { type KeptFile, parseArtifactUri } from '../../domain/file.ts'
import { untilAborted } from '../../std/abort.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { TargetContext } from '../target.ts'
import type { Api } from './transport.ts'

export interface PreparedInput {
  /** As it is sent. */
  wire: JsonObject
  /** As it is journaled: files inside it stay artifact URIs, those uploaded are links. */
  journaled: JsonObject
}

/** Bytes up to which the API recommends data URIs, and what one request carries of them in all. */
const inlineBytes = 256_000
const inlineTotalBytes = 4_000_000
const parallelUploads = 4
/** An upload that ends sooner is made anew. */
const spareMs = 10 * 60_000

export interface InputFiles {
  prepare(input: JsonObject, context: TargetContext): Promise<PreparedInput>
}

export function createInputFiles(api: Api): InputFiles {
  const limit = pLimit(parallelUploads)
  /** Uploads of this process, or of an earlier one that were found to be still there. */
  const good = new Set<string>()

  /** Steps that begin together with the same file wait for one upload. */
  const uploading = new Map<string, Promise<string>>()

  async function sharedLink(file: KeptFile, context: TargetContext): Promise<string> {
    const key = `${context.labels.run_id} ${file.sha256}`
    const others = uploading.get(key)
    // If it fails for them, it may still succeed for us: their signal is not ours.
    const theirs =
      others &&
      (await untilAborted(
        others.catch(() => undefined),
        context.signal,
      ))
    if (theirs !== undefined) return theirs
    const ours = linkOf(file, context)
    uploading.set(key, ours)
    try {
      return await ours
    } finally {
      if (uploading.get(key) === ours) uploading.delete(key)
    }
  }

  async function linkOf(file: KeptFile, context: TargetContext): Promise<string> {
    const earlier = context.files.uploadOf(file.sha256)
    if (earlier !== undefined && (good.has(earlier) || (await isThere(api, earlier, context)))) {
      good.add(earlier)
      return earlier
    }
    const bytes = await context.files.read(file.sha256)
    context.progress({ status: `uploading ${file.name}` })
    const url = await api.upload(bytes, file.name, file.media_type, context.signal)
    await context.record.uploaded(file.sha256, url)
    good.add(url)
    return url
  }

  return {
    async prepare(input, context) {
      const files = filesIn(input, context)
      if (files.size === 0) return { wire: input, journaled: input }
      const inWire = new Map<string, string>()
      const inJournal = new Map<string, string>()
      let inlined = 0
      const uploads: Promise<void>[] = []
      for (const [uri, file] of files) {
        if (file.bytes <= inlineBytes && inlined + file.bytes <= inlineTotalBytes) {
          inlined += file.bytes
          const bytes = await context.files.read(file.sha256)
          inWire.set(uri, `data:${file.media_type.replaceAll(' ', '')};base64,${Buffer.from(bytes).toString('base64')}`)
          continue
        }
        uploads.push(
          limit(async () => {
            const url = await sharedLink(file, context)
            inWire.set(uri, url)
            inJournal.set(uri, url)
          }),
        )
      }
      const ended = await Promise.allSettled(uploads)
      for (const upload of ended) if (upload.status === 'rejected') throw upload.reason
      return { wire: replaced(input, inWire) as JsonObject, journaled: replaced(input, inJournal) as JsonObject }
    },
  }
}

/** The files that the run holds, by the URIs that name them; equal content is listed once for each name. */
function filesIn(input: JsonObject, context: TargetContext): Map<string, KeptFile> {
  const found = new Map<string, KeptFile>()
  const open: Json[] = [input]
  while (open.length > 0) {
    const value = open.pop() as Json
    if (typeof value === 'string') {
      const file = value.startsWith('artifact:') && parseArtifactUri(value) ? context.files.find(value) : undefined
      if (file) found.set(value, file)
    } else if (Array.isArray(value) || isObject(value)) {
      for (const each of Object.values(value)) open.push(each)
    }
  }
  return found
}

function replaced(value: Json, by: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return by.get(value) ?? value
  if (Array.isArray(value)) return value.map((each) => replaced(each, by))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each, by)]))
}

/** Uploads live for a day or so: one of an earlier process may be gone. */
async function isThere(api: Api, url: string, { signal, clock }: TargetContext): Promise<boolean> {
  const id = /\/files\/([\w-]+)$/.exec(new URL(url).pathname)?.[1]
  if (id === undefined) return false
  try {
    const file = await api.json('GET', `/files/${id}`, { signal })
    const expires =
      isObject(file) && typeof file['expires_at'] === 'string' ? Date.parse(file['expires_at']) : Number.NaN
    return Number.isNaN(expires) || expires > clock.now() + spareMs
  } catch (error) {
    if (error instanceof NotFoundError) return false
    throw error
  }
}

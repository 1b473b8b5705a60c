/** Inputs of type `file` and `files`: read from paths and URLs once, kept by hash, and named by artifact URIs from then on. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { InputSpec } from '../../domain/definition.ts'
import { NetworkError, NonRetryableError } from '../../domain/errors.ts'
import { artifactUri, type KeptFile, parseArtifactUri } from '../../domain/file.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { assertAccepted, findFiles, type Wanted } from './find-files.ts'

export interface ImportedInputs {
  inputs: JsonObject
  files: KeptFile[]
}

/** What the texts of one input may be together, bytes: they stand in the journal. */
const mostText = 4_000_000

/**
 * Keeps the bytes behind every `file` and `files` input. Paths are relative to `folder`. Values that are artifact URIs
 * of `known` files stay as they are. Throws `file_not_found`, `file_unreadable`, `invalid_input` or NetworkError.
 */
export async function importFiles(
  specs: Record<string, InputSpec>,
  inputs: JsonObject,
  artifacts: ArtifactStore,
  folder: string,
  known: ReadonlyMap<string, KeptFile> = new Map(),
): Promise<ImportedInputs> {
  const imported: ImportedInputs = { inputs: { ...inputs }, files: filesNamedIn(inputs, known) }
  const keepOne = async (source: string, wanted: Wanted): Promise<KeptFile> => {
    const uri = parseArtifactUri(source)
    const there = uri && known.get(uri.sha256)
    const file = there ? { ...there, name: uri.name } : await keep(source, artifacts, folder, wanted.input)
    // what a folder holds was chosen by name, anything else is checked here
    assertAccepted(file.name, wanted)
    if (!there) imported.files.push(file)
    return file
  }
  for (const [input, spec] of Object.entries(specs)) {
    const value = inputs[input]
    const wanted = { input, accept: spec.accept }
    if (spec.type === 'file' && typeof value === 'string') {
      imported.inputs[input] = artifactUri(await keepOne(value, wanted))
    } else if (spec.type === 'files' && value !== undefined && value !== null) {
      const sources = await sourcesIn(value, folder, wanted, spec)
      const files: KeptFile[] = []
      for (const source of sources) files.push(await keepOne(source, wanted))
      const texts = spec.text ? await textsOf(files, artifacts, input) : []
      imported.inputs[input] = files.map((file, at) => ({
        name: file.name,
        file: artifactUri(file),
        sha256: file.sha256,
        bytes: file.bytes,
        media_type: file.media_type,
        ...(spec.text && { text: texts[at] as string }),
      }))
    }
  }
  return imported
}

/** Paths and URLs, each once; as many as the input allows. */
async function sourcesIn(value: Json, folder: string, wanted: Wanted, { min, max }: InputSpec): Promise<string[]> {
  const given = Array.isArray(value) ? value : [value]
  const sources = new Set<string>()
  for (const one of given) {
    const named = String(isObject(one) ? one['file'] : one)
    if (isElsewhere(named)) sources.add(named)
    else for (const path of await findFiles(named, folder, wanted)) sources.add(path)
  }
  const least = min ?? (given.length === 0 ? 0 : 1)
  if (sources.size >= least && sources.size <= (max ?? Number.POSITIVE_INFINITY)) return [...sources]
  const input = `input "${wanted.input}"`
  if (sources.size === 0 && given.length > 0) {
    const kind = wanted.accept ? `${wanted.accept.join(', ')} files` : 'files'
    const message = `${input}: there are no ${kind} in ${given.map(String).join(', ')}`
    const hint = 'hidden files, and folders within a folder, are not looked at'
    throw new NonRetryableError('invalid_input', message, { hint })
  }
  const limit = sources.size < least ? `at least ${least}` : `at most ${max}`
  throw new NonRetryableError('invalid_input', `${input} takes ${limit} files, but there are ${sources.size}`)
}

async function textsOf(files: readonly KeptFile[], artifacts: ArtifactStore, input: string): Promise<string[]> {
  const sum = files.reduce((bytes, file) => bytes + file.bytes, 0)
  if (sum > mostText) {
    const message = `input "${input}" is read as text, of at most ${mostText / 1e6} MB in all, but has ${(sum / 1e6).toFixed(1)} MB`
    throw new NonRetryableError('invalid_input', message, { hint: 'give fewer files, or shorter ones' })
  }
  const texts: string[] = []
  for (const file of files) {
    try {
      texts.push(new TextDecoder('utf-8', { fatal: true }).decode(await artifacts.read(file.sha256)))
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause
      const message = `input "${input}": ${file.name} is not UTF-8 text`
      throw new NonRetryableError('invalid_input', message, { cause })
    }
  }
  return texts
}

/** Not a path on this machine. */
function isElsewhere(source: string): boolean {
  return /^(https?:|data:|artifact:)/i.test(source)
}

/** The known files that a value names anywhere. */
export function filesNamedIn(value: Json, known: ReadonlyMap<string, KeptFile>): KeptFile[] {
  const found = new Map<string, KeptFile>()
  const open: Json[] = [value]
  while (open.length > 0) {
    const next = open.pop() as Json
    if (typeof next === 'string' && next.startsWith('artifact:')) {
      const file = known.get(parseArtifactUri(next)?.sha256 ?? '')
      if (file) found.set(file.sha256, file)
    } else if (Array.isArray(next)) open.push(...next)
    else if (isObject(next)) open.push(...Object.values(next))
  }
  return [...found.values()]
}

async function keep(source: string, artifacts: ArtifactStore, folder: string, input: string): Promise<KeptFile> {
  if (/^https?:\/\//i.test(source)) return keepUrl(source, artifacts, input)
  if (source.startsWith('data:')) return keepDataUri(source, artifacts, input)
  const path = source.startsWith('file:') ? pathOfUrl(source, input) : resolve(folder, source)
  const found = await stat(path).catch((cause: unknown) => {
    const hint = 'give a path relative to the working folder, or a URL'
    throw new NonRetryableError('file_not_found', `input "${input}": there is no file ${path}`, { cause, hint })
  })
  if (!found.isFile()) throw new NonRetryableError('file_unreadable', `input "${input}": ${path} is not a regular file`)
  return artifacts.put(createReadStream(path), basename(path))
}

function pathOfUrl(source: string, input: string): string {
  try {
    return fileURLToPath(source)
  } catch (cause) {
    throw new NonRetryableError('invalid_input', `input "${input}": ${source} is no file URL of this machine`, {
      cause,
      hint: 'write file:///path, or the path alone',
    })
  }
}

async function keepUrl(source: string, artifacts: ArtifactStore, input: string): Promise<KeptFile> {
  const response = await fetch(source).catch((cause: unknown) => {
    throw new NetworkError(`input "${input}": ${source} could not be fetched`, { cause })
  })
  if (!response.ok || !response.body) {
    throw new NonRetryableError('file_not_found', `input "${input}": ${source} answered ${response.status}`)
  }
  const name = basename(new URL(source).pathname) || input
  const type = response.headers.get('content-type')?.split(';')[0]?.trim()
  return artifacts.put(response.body as AsyncIterable<Uint8Array>, name, type || undefined)
}

async function keepDataUri(source: string, artifacts: ArtifactStore, input: string): Promise<KeptFile> {
  const match = /^data:([^;,]*)(?:;[^,]*?)?(;base64)?,(.*)$/s.exec(source)
  const bytes = match && bytesOfData(match[3] ?? '', match[2] !== undefined)
  if (!bytes) {
    const hint = 'write data:TYPE;base64,BYTES'
    throw new NonRetryableError('invalid_input', `input "${input}" is not a valid data: URI`, { hint })
  }
  return artifacts.put(bytes, input, match[1] || undefined)
}

function bytesOfData(text: string, isBase64: boolean): Uint8Array | undefined {
  if (isBase64) return Buffer.from(text, 'base64')
  try {
    return Buffer.from(decodeURIComponent(text))
  } catch {
    return undefined
  }
}

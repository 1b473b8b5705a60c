/** Inputs of type `file`: read from a path or URL once, kept by hash, and named by artifact URIs from then on. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { InputSpec } from '../../domain/definition.ts'
import { NetworkError, NonRetryableError } from '../../domain/errors.ts'
import { artifactUri, type KeptFile, parseArtifactUri } from '../../domain/file.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'

export interface ImportedInputs {
  inputs: JsonObject
  files: KeptFile[]
}

/**
 * Keeps the bytes behind every `file` input. Paths are relative to `folder`. Values that are artifact URIs of
 * `known` files stay as they are. Throws `file_not_found`, `file_unreadable` or NetworkError.
 */
export async function importFiles(
  specs: Record<string, InputSpec>,
  inputs: JsonObject,
  artifacts: ArtifactStore,
  folder: string,
  known: ReadonlyMap<string, KeptFile> = new Map(),
): Promise<ImportedInputs> {
  const imported: ImportedInputs = { inputs: { ...inputs }, files: filesNamedIn(inputs, known) }
  for (const [name, spec] of Object.entries(specs)) {
    const value = inputs[name]
    if (spec.type !== 'file' || typeof value !== 'string') continue
    const uri = parseArtifactUri(value)
    if (uri && known.has(uri.sha256)) continue
    const file = await keep(value, artifacts, folder, name)
    imported.files.push(file)
    imported.inputs[name] = artifactUri(file)
  }
  return imported
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
  const path = source.startsWith('file:') ? fileURLToPath(source) : resolve(folder, source)
  const found = await stat(path).catch((cause: unknown) => {
    throw new NonRetryableError('file_not_found', `input "${input}": there is no file ${path}`, { cause })
  })
  if (!found.isFile()) throw new NonRetryableError('file_unreadable', `input "${input}": ${path} is not a regular file`)
  return artifacts.put(createReadStream(path), basename(path))
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
  if (!match) throw new NonRetryableError('invalid_input', `input "${input}" is not a valid data: URI`)
  const [, type, base64, text] = match
  const bytes = base64 ? Buffer.from(text ?? '', 'base64') : Buffer.from(decodeURIComponent(text ?? ''))
  return artifacts.put(bytes, input, type || undefined)
}

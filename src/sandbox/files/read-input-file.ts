/** Reads a file that an input names: a data URI, a link of the sandbox, or a link to this machine; nothing beyond it. */
import { NonRetryableError } from '../../domain/errors.ts'
import type { InputFile } from '../catalogue/model.ts'
import type { Content } from '../store/content.ts'
import type { FileRows } from '../store/file-rows.ts'
import { fileIdOf } from './links.ts'
import { isThisMachine } from './this-machine.ts'

const maxBytes = 100 * 1024 * 1024

/** Throws NonRetryableError (`validation`): the prediction then fails with its message. */
export async function readInputFile(link: string, files: FileRows, content: Content): Promise<InputFile> {
  if (link.startsWith('data:')) return readDataUri(link)
  const id = fileIdOf(link)
  const row = id === undefined ? undefined : files.get(id)
  if (row) {
    const bytes = await content.get(row.id)
    if (!bytes) throw unreadable(link, 'it has expired')
    return { bytes, mediaType: row.media_type, name: row.name }
  }
  return readFromThisMachine(link)
}

function readDataUri(link: string): InputFile {
  const match = /^data:([^;,]*)((?:;[^;,]*)*),/.exec(link)
  if (!match) throw unreadable(link, 'it is no data URI')
  const data = link.slice(match[0].length)
  const bytes = (match[2] ?? '').includes(';base64') ? Buffer.from(data, 'base64') : decodeText(data, link)
  return { bytes, mediaType: match[1] || 'text/plain', name: 'data' }
}

function decodeText(data: string, link: string): Buffer {
  try {
    return Buffer.from(decodeURIComponent(data))
  } catch {
    throw unreadable(link, 'its escapes are wrong')
  }
}

async function readFromThisMachine(link: string): Promise<InputFile> {
  const url = URL.canParse(link) ? new URL(link) : undefined
  if (!url || !isThisMachine(url)) {
    throw unreadable(
      link,
      'the sandbox reads data URIs, its own files and links to this machine, nothing from the internet',
    )
  }
  let response: Response
  try {
    response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(30_000) })
    if (response.ok) {
      const bytes = await readBounded(response, link)
      const mediaType = response.headers.get('content-type')?.split(';')[0] ?? 'application/octet-stream'
      return { bytes, mediaType, name: url.pathname.split('/').at(-1) || 'data' }
    }
  } catch (error) {
    if (error instanceof NonRetryableError) throw error
    throw unreadable(link, error instanceof Error ? error.message : String(error))
  }
  throw unreadable(link, `it answered ${response.status}`)
}

async function readBounded(response: Response, link: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > maxBytes) throw unreadable(link, 'it is larger than 100 MB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function unreadable(link: string, why: string): NonRetryableError {
  const shown = link.length > 120 ? `${link.slice(0, 117)}…` : link
  return new NonRetryableError('validation', `The file ${shown} can't be read: ${why}`)
}

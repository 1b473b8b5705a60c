/** Uploaded files: create, list, get, delete, download. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { sha256 } from '../../std/hash.ts'
import { isObject, type JsonObject } from '../../std/json.ts'
import type { SandboxContext } from '../context.ts'
import { uploadLink } from '../files/links.ts'
import { newId } from '../prediction-id.ts'
import type { FileRow } from '../store/file-rows.ts'
import { type Answer, notFound, ok, problem } from './answer.ts'
import { refusal } from './fault-answer.ts'
import { readForm } from './multipart.ts'
import { header, param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { seqPage } from './seq-page.ts'

const lifetimeMs = 24 * 3_600_000
const maxFileBytes = 100 * 1024 * 1024

export const fileRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/files', maxBodyBytes: maxFileBytes + 64 * 1024, handle: createFile },
  {
    method: 'GET',
    path: '/v1/files',
    handle: (context, request) =>
      seqPage(
        context,
        request,
        (range) => context.files.uploads({ ...range, now: Math.floor(context.clock.now()) }),
        (row) => viewFile(context, row),
      ),
  },
  {
    method: 'GET',
    path: '/v1/files/:id',
    handle(context, request) {
      const file = uploadOf(context, param(request, 0))
      return file ? ok(viewFile(context, file)) : notFound()
    },
  },
  {
    method: 'DELETE',
    path: '/v1/files/:id',
    async handle(context, request) {
      const file = uploadOf(context, param(request, 0))
      if (!file) return notFound()
      await context.writer.write(() => context.files.remove(file.id))
      await context.content.drop(file.id)
      return { kind: 'empty', status: 204 }
    },
  },
  { method: 'GET', path: '/v1/files/:id/download', auth: false, handle: downloadFile },
]

function uploadOf(context: SandboxContext, id: string): FileRow | undefined {
  const file = context.files.get(id)
  return file && file.prediction === null && file.expires_ms > context.clock.now() ? file : undefined
}

async function createFile(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const form = readForm(request.body, header(request, 'content-type') ?? '')
  const content = form?.get('content')
  if (!form || !content) return problem(400, 'The form must have a file named "content".')
  const metadata = readMetadata(form.get('metadata')?.bytes)
  if (!metadata) return problem(400, 'metadata must be a JSON object.')
  const name = form.get('filename')?.bytes.toString() || content.filename || 'file'
  if (Buffer.byteLength(name) > 255) return problem(400, 'filename must be at most 255 bytes.')
  const { bytes } = content
  if (bytes.byteLength > maxFileBytes) return problem(413, 'Files may have at most 100 MB.')
  const mediaType = mediaTypeOf(form.get('type')?.bytes.toString() ?? content.mediaType)
  return keepFile(context, { name, mediaType, bytes, metadata })
}

async function keepFile(
  context: SandboxContext,
  { name, mediaType, bytes, metadata }: { name: string; mediaType: string; bytes: Buffer; metadata: JsonObject },
): Promise<Answer> {
  const hash = sha256(bytes)
  const fault = context.injector.strike('upload', '*', hash)
  const refused = fault && refusal(fault)
  if (refused) return refused
  const now = Math.floor(context.clock.now())
  const row = {
    id: newId(),
    prediction: null,
    name,
    media_type: mediaType,
    bytes: bytes.byteLength,
    sha256: hash,
    metadata: JSON.stringify(metadata),
    created_ms: now,
    expires_ms: now + lifetimeMs,
  }
  await context.content.put(row.id, bytes)
  await context.writer.write(() => context.files.insert(row))
  return ok(viewFile(context, { ...row, seq: 0 }), 201)
}

/** As a header may carry it. */
function mediaTypeOf(given: string | undefined): string {
  const found = /^[\w.+-]+\/[\w.+-]+/.exec(given ?? '')?.[0]
  return found ?? 'application/octet-stream'
}

function readMetadata(bytes: Buffer | undefined): JsonObject | undefined {
  if (!bytes) return {}
  try {
    const metadata: unknown = JSON.parse(bytes.toString())
    return isObject(metadata) ? (metadata as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** With a token, or with `owner`, `expiry` and the signature of `{owner} {id} {expiry}` under the account's secret. */
async function downloadFile(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const file = uploadOf(context, param(request, 0))
  if (!file) return notFound()
  const allowed = header(request, 'authorization') !== undefined || isSigned(context, request, file.id)
  if (!allowed) return problem(403, 'The signature is wrong or has expired.')
  const bytes = await context.content.get(file.id)
  return bytes ? { kind: 'bytes', status: 200, mediaType: file.media_type, bytes } : notFound()
}

function isSigned(context: SandboxContext, request: SandboxRequest, id: string): boolean {
  const { query } = request
  const expiry = query.get('expiry') ?? ''
  if (!(Number(expiry) * 1_000 > context.clock.now())) return false
  const key = Buffer.from(context.secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key)
    .update(`${query.get('owner') ?? ''} ${id} ${expiry}`)
    .digest()
  const given = Buffer.from(query.get('signature') ?? '', 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function viewFile(context: SandboxContext, file: FileRow): JsonObject {
  return {
    id: file.id,
    name: file.name,
    content_type: file.media_type,
    size: file.bytes,
    etag: file.sha256.slice(0, 32),
    checksums: { sha256: file.sha256 },
    metadata: JSON.parse(file.metadata) as JsonObject,
    created_at: new Date(file.created_ms).toISOString(),
    expires_at: new Date(file.expires_ms).toISOString(),
    urls: { get: uploadLink(context.origin(), file.id) },
  }
}

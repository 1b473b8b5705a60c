/** What kind of file it is: by what was said, else by its first bytes, else by its name. */
import { extname } from 'node:path'

/** How many bytes of the beginning are looked at. */
export const sniffedBytes = 64

const unknownType = 'application/octet-stream'

export function mediaTypeOf(given: string | undefined, head: Uint8Array, name: string): string {
  const said = given?.split(';')[0]?.trim().toLowerCase()
  if (said !== undefined && said !== unknownType && /^[\w.+-]+\/[\w.+-]+$/.test(said)) return said
  const seen = byBytes(Buffer.from(head.buffer, head.byteOffset, head.byteLength))
  const named = byExtension[extname(name).toLowerCase()]
  return (seen !== undefined && containers.has(seen) ? (named ?? seen) : (seen ?? named)) ?? unknownType
}

/** Text at a place in the file → media type; the first that fits. */
const signatures: readonly (readonly [at: number, text: string, mediaType: string])[] = [
  [0, '\x89PNG\r\n\x1a\n', 'image/png'],
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, 'GIF8', 'image/gif'],
  [0, 'II*\0', 'image/tiff'],
  [0, 'MM\0*', 'image/tiff'],
  [0, '\0\0\x01\0', 'image/x-icon'],
  [0, '%PDF-', 'application/pdf'],
  [0, 'PK\x03\x04', 'application/zip'],
  [0, '\x1f\x8b', 'application/gzip'],
  [0, 'fLaC', 'audio/flac'],
  [0, 'OggS', 'audio/ogg'],
  [0, 'ID3', 'audio/mpeg'],
  [0, '\x1a\x45\xdf\xa3', 'video/webm'],
  [0, 'glTF', 'model/gltf-binary'],
  [4, 'ftypavif', 'image/avif'],
  [4, 'ftyphei', 'image/heic'],
  [4, 'ftypmif1', 'image/heif'],
  [4, 'ftypM4A', 'audio/mp4'],
  [4, 'ftypqt', 'video/quicktime'],
  [4, 'ftyp', 'video/mp4'],
]

/** Kinds of RIFF files, by the word after the length. */
const riff: Record<string, string> = { WEBP: 'image/webp', WAVE: 'audio/wav', 'AVI ': 'video/x-msvideo' }

/** Kinds that hold others: their name says more, when it says something. */
const containers = new Set(['application/zip', 'video/webm', 'audio/ogg'])

function byBytes(head: Buffer): string | undefined {
  const text = head.toString('latin1')
  if (text.startsWith('RIFF')) return riff[text.slice(8, 12)]
  // MPEG audio without tags: eleven set bits, then a version and layer III.
  if (head[0] === 0xff && ((head[1] ?? 0) & 0xe6) === 0xe2) return 'audio/mpeg'
  return signatures.find(([at, signature]) => text.startsWith(signature, at))?.[2]
}

const byExtension: Record<string, string> = {
  '.aac': 'audio/aac',
  '.avif': 'image/avif',
  '.bin': unknownType,
  '.bmp': 'image/bmp',
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.epub': 'application/epub+zip',
  '.flac': 'audio/flac',
  '.gif': 'image/gif',
  '.glb': 'model/gltf-binary',
  '.gltf': 'model/gltf+json',
  '.gz': 'application/gzip',
  '.heic': 'image/heic',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.m4a': 'audio/mp4',
  '.md': 'text/markdown',
  '.mkv': 'video/x-matroska',
  '.mov': 'video/quicktime',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.obj': 'model/obj',
  '.ogg': 'audio/ogg',
  '.ogv': 'video/ogg',
  '.opus': 'audio/ogg',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  '.srt': 'application/x-subrip',
  '.stl': 'model/stl',
  '.svg': 'image/svg+xml',
  '.tar': 'application/x-tar',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.txt': 'text/plain',
  '.vtt': 'text/vtt',
  '.wav': 'audio/wav',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.zip': 'application/zip',
}

/** Keeps the bytes of a prediction's output files, and gives the rows that are to be written with its outcome. */
import { sha256 } from '../../std/hash.ts'
import type { OutputFile } from '../catalogue/model.ts'
import { derivedId } from '../prediction-id.ts'
import type { Content } from '../store/content.ts'
import type { FileRow } from '../store/file-rows.ts'

/** Ids follow from prediction and secret: computed again they are the same, and links can't be guessed. */
export async function keepFiles(
  content: Content,
  prediction: string,
  made: readonly OutputFile[],
  about: { secret: string; createdMs: number; expiresMs: number },
): Promise<Omit<FileRow, 'seq'>[]> {
  const rows: Omit<FileRow, 'seq'>[] = []
  for (const [n, file] of made.entries()) {
    const id = derivedId(`${about.secret} ${prediction} ${n}`)
    await content.put(id, file.bytes)
    rows.push({
      id,
      prediction,
      name: file.name,
      media_type: file.mediaType,
      bytes: file.bytes.byteLength,
      sha256: sha256(file.bytes),
      metadata: '{}',
      created_ms: about.createdMs,
      expires_ms: about.expiresMs,
    })
  }
  return rows
}

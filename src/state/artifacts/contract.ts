/** Files kept by content hash. Putting the same bytes twice keeps them once. */
import type { KeptFile } from '../../domain/file.ts'

export interface ArtifactStore {
  /** Keeps bytes durably (file and folder synced) and says what was kept. The name is cleaned of path parts. */
  put(bytes: Uint8Array | AsyncIterable<Uint8Array>, name: string, mediaType?: string): Promise<KeptFile>
  /** Where the bytes lie on this machine. */
  pathOf(sha256: string): string
  /** The same bytes under a path that ends as their name does, so that other programs know what they open. */
  shownPath(file: Pick<KeptFile, 'sha256' | 'name'>): string
  has(sha256: string): Promise<boolean>
  /** Throws StoreError `store_corrupt` when missing or not what the hash says. */
  read(sha256: string): Promise<Uint8Array>
  /** Copies to `folder/name` (a number is added to the name when it is taken by other bytes); gives the path. */
  exportTo(file: KeptFile, folder: string): Promise<string>
}

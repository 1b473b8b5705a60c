/** Files kept by content hash. Putting the same bytes twice keeps them once. */
import type { KeptFile } from '../../domain/file.ts'

export interface ShelvedFile {
  sha256: string
  bytes: number
  /** When it was last put or renewed, epoch milliseconds. */
  renewed_at: number
}

export interface ArtifactStore {
  /** Keeps bytes durably (file and folder synced) and says what was kept. The name is cleaned of path parts. */
  put(bytes: Uint8Array | AsyncIterable<Uint8Array>, name: string, mediaType?: string): Promise<KeptFile>
  /** Where the bytes lie on this machine. */
  pathOf(sha256: string): string
  /** The same bytes under a path that ends as their name does, so that other programs know what they open. */
  shownPath(file: Pick<KeptFile, 'sha256' | 'name'>): string
  has(sha256: string): Promise<boolean>
  /**
   * Whether the file is kept; if so, it counts as put now. Whoever is about to name a file in a journal has put or
   * renewed it first, so that nobody takes it for one that nothing needs.
   */
  renew(sha256: string): Promise<boolean>
  /** Everything that is kept. What others put or remove meanwhile may be missing or not. */
  list(): AsyncIterable<ShelvedFile>
  /**
   * Removes a file with all its names, unless it was put or renewed after `notAfter`. True: it is gone (or was not
   * there). Killed in the middle it leaves the file whole, or leaves what `restoreCutOff` puts back.
   */
  remove(sha256: string, notAfter: number): Promise<boolean>
  /** Throws StoreError `store_corrupt` when missing or not what the hash says. */
  read(sha256: string): Promise<Uint8Array>
  /** Copies to `folder/name` (a number is added to the name when it is taken by other bytes); gives the path. */
  exportTo(file: KeptFile, folder: string): Promise<string>
}

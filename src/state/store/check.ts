/** Looks a store over, for `doctor`: is it whole, how large is it, what is in it? */
import { findBackend } from './backends.ts'

export interface StoreReport {
  url: string
  /** Where it lies on this machine; undefined for a server's. */
  file: string | undefined
  exists: boolean
  /** Of the database and what it keeps beside it, bytes. */
  bytes: number
  /** 0: empty or not there. */
  version: number
  supported_version: number
  /** How many runs there are, by status. */
  runs: Record<string, number>
  events: number
  definitions: number
  cached: number
  /** Hashes of the kept files that journals speak of. */
  file_hashes: Set<string>
  /** What is wrong, in words; empty: nothing. */
  problems: string[]
  /** What to do about them, where that is clear. */
  hint?: string
}

/** Changes nothing. Reads everything, so it takes its time on a large store. Throws StoreError for what can't be opened. */
export async function checkStore(where: { url?: string; home: string }): Promise<StoreReport> {
  const { url, backend } = findBackend(where)
  return backend.check(url)
}

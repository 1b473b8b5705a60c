/** The files of an audit log: one for each day (UTC) on which something was written, `2026-11-21.jsonl`. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const pattern = /^(\d{4}-\d{2}-\d{2})\.jsonl$/

export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

export function segmentFile(folder: string, segment: string): string {
  return join(folder, `${segment}.jsonl`)
}

/** In the order of the chain. */
export function segmentsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => pattern.exec(name)?.[1] ?? [])
      .toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

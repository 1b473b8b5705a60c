/** Writes a log of decisions; what appears under the name is whole. */
import { writePieces } from '../write-pieces.ts'
import type { LogEntry } from './entry.ts'

/** Entries are written so many at once. */
const together = 500

export async function writeLog(path: string, entries: AsyncIterable<LogEntry>): Promise<void> {
  await writePieces(path, piecesOf(entries))
}

async function* piecesOf(entries: AsyncIterable<LogEntry>): AsyncGenerator<string> {
  let lines: string[] = []
  for await (const entry of entries) {
    lines.push(`${JSON.stringify(entry)}\n`)
    if (lines.length < together) continue
    yield lines.join('')
    lines = []
  }
  yield lines.join('')
}

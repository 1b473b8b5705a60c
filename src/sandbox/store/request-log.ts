/** The log file: a JSON line for each prediction asked for, in step with the data folder even across a crash. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../domain/errors.ts'
import type { JsonObject } from '../../std/json.ts'

export interface RequestLog {
  /** Within a transaction: the line belongs to it. It is made only where there is a file. */
  add(line: () => JsonObject): void
  /** After the commit: the lines go to the file. */
  committed(): void
  close(): void
}

/**
 * A line is first committed with its prediction, then written to the file, then forgotten in a later transaction.
 * So a crash leaves neither a line without its prediction nor, after the next start, a prediction without its line.
 */
export function openRequestLog(database: DatabaseSync, file: string | undefined): RequestLog {
  if (file === undefined) return { add: () => {}, committed: () => {}, close: () => {} }
  const path = resolve(file)
  const descriptor = openLog(path)
  const insert = database.prepare('insert into log_outbox (pid, path, line) values (?, ?, ?)')
  const forget = database.prepare('delete from log_outbox where seq <= ? and pid = ? and path = ?')
  writeWhatCrashesLeft(database, path)
  let lines: string[] = []
  let lastSeq = 0
  let writtenSeq = 0
  return {
    add(line) {
      if (writtenSeq > 0) {
        forget.run(writtenSeq, process.pid, path)
        writtenSeq = 0
      }
      const written = JSON.stringify(line())
      lastSeq = Number(insert.run(process.pid, path, written).lastInsertRowid)
      lines.push(`${written}\n`)
    },
    committed() {
      if (lines.length === 0) return
      writeSync(descriptor, lines.join(''))
      fdatasyncSync(descriptor)
      lines = []
      writtenSeq = lastSeq
    },
    close() {
      // the next start finds these lines in the file and forgets them, should this fail
      if (writtenSeq > 0) {
        try {
          forget.run(writtenSeq, process.pid, path)
        } catch {}
      }
      closeSync(descriptor)
    },
  }
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'a', 0o600)
  } catch (error) {
    throw new StoreError('store', `The sandbox's log ${path} can't be written`, { cause: error })
  }
}

function writeWhatCrashesLeft(database: DatabaseSync, path: string): void {
  const left = database
    .prepare('select seq, pid, line from log_outbox where path = ? order by seq')
    .all(path)
    .filter((row) => !isAlive(Number(row['pid'])))
  if (left.length === 0) return
  const written = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (written !== '' && !written.endsWith('\n')) appendFileSync(path, '\n')
  const present = new Set(written.split('\n'))
  for (const row of left) {
    const line = String(row['line'])
    if (!present.has(line)) appendFileSync(path, `${line}\n`)
    database.prepare('delete from log_outbox where seq = ?').run(row['seq'] as number)
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

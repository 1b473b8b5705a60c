/** Gives the pages that removed rows leave behind back to the disk. */
import { stat } from 'node:fs/promises'
import type { Connection } from './connection.ts'

/** So many pages move in one transaction: a few milliseconds during which others wait. */
const pagesPerStep = 400
/** Less is left for the rows to come. */
const leastPages = 64
/** A store made before pages could be given back is written anew when that takes no more than a moment, bytes. */
const rewrittenUpTo = 128 * 1024 * 1024

export async function shrink(connection: Connection, file: string): Promise<{ before: number; after: number }> {
  const before = await bytesOf(file)
  const [mode, pageSize] = await connection.read(() => [one(connection, 'auto_vacuum'), one(connection, 'page_size')])
  const pages = await connection.read(() => ({ free: free(connection), all: one(connection, 'page_count') }))
  if (pages.free >= leastPages) {
    if (mode === 2) await inSteps(connection)
    else if ((pages.all - pages.free) * pageSize <= rewrittenUpTo) await rewrite(connection)
  }
  // The file gets shorter when the log is written into it; a reader elsewhere may put that off.
  await connection.alone(() => connection.statement('pragma wal_checkpoint(truncate)').all())
  return { before, after: await bytesOf(file) }
}

async function inSteps(connection: Connection): Promise<void> {
  for (let left = Number.POSITIVE_INFINITY; ;) {
    const now = await connection.small(() => {
      connection.statement(`pragma incremental_vacuum(${pagesPerStep})`).all()
      return free(connection)
    })
    if (now === 0 || now >= left) return
    left = now
  }
}

/** From now on in steps. */
async function rewrite(connection: Connection): Promise<void> {
  await connection.alone(() => {
    connection.statement('pragma auto_vacuum = incremental').run()
    connection.statement('vacuum').run()
  })
}

function free(connection: Connection): number {
  return one(connection, 'freelist_count')
}

function one(connection: Connection, pragma: string): number {
  return Number(connection.statement(`pragma ${pragma}`).get()?.[pragma])
}

async function bytesOf(file: string): Promise<number> {
  let bytes = 0
  for (const suffix of ['', '-wal']) bytes += (await stat(file + suffix).catch(() => undefined))?.size ?? 0
  return bytes
}

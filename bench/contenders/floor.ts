/** The floor under every durable step: append one record to a file and have the disk confirm it. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const record = `${JSON.stringify({ seq: 1, time: 1_700_000_000_000, type: 'step.settled', step: 's1', status: 'succeeded', output: { value: 1 } })}\n`

/** Milliseconds of `count` records, each flushed before the next. */
export function appendAndFlush(folder: string, count: number): number {
  const file = openSync(join(folder, 'floor.jsonl'), 'a')
  try {
    const began = performance.now()
    for (let n = 0; n < count; n += 1) {
      writeSync(file, record)
      fdatasyncSync(file)
    }
    return performance.now() - began
  } finally {
    closeSync(file)
  }
}

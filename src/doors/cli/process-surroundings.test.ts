import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { processSurroundings } from './process-surroundings.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

describe('signals of the process', () => {
  test('that arrive twice in a moment are one, for a launcher may send on what the terminal sent already', () => {
    const surroundings = processSurroundings()
    const seen: string[] = []
    stops.push(surroundings.onStop((signal) => seen.push(signal)))
    process.emit('SIGINT')
    process.emit('SIGINT')
    process.emit('SIGTERM')
    expect(seen).toEqual(['SIGINT', 'SIGTERM'])
    expect(surroundings.stopped()).toBe(true)
  })

  test('are left to Node.js when nobody listens', () => {
    const before = process.listenerCount('SIGINT')
    const surroundings = processSurroundings()
    expect(process.listenerCount('SIGINT')).toBe(before)
    const stop = surroundings.onStop(() => {})
    expect(process.listenerCount('SIGINT')).toBe(before + 1)
    stop()
    expect(process.listenerCount('SIGINT')).toBe(before)
    expect(surroundings.stopped()).toBe(false)
  })
})

// /dev/full is a disk without space, on Linux.
test.runIf(process.platform === 'linux').each(['agents list --no-config --json', '--help'])(
  'A result of `%s` that finds no space is an error in one line, with the code of a full disk',
  (words) => {
    const program = resolve(import.meta.dirname, '../../../test/cli/process.ts')
    const full = openSync('/dev/full', 'w')
    const end = spawnSync(process.execPath, [program, ...words.split(' ')], { stdio: ['ignore', full, 'pipe'] })
    expect(String(end.stderr)).toBe("error: stdout can't be written: ENOSPC: no space left on device, write\n")
    expect(end.status).toBe(74)
  },
)

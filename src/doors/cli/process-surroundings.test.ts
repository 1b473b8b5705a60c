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

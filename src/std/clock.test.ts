import { expect, test } from 'vitest'
import { virtualClock } from '../testing/virtual-clock.ts'
import { startTimer, systemClock } from './clock.ts'

test('A timer rings when its time is over, unless it was called off', async () => {
  const clock = virtualClock()
  const rung: string[] = []
  const stop = startTimer(clock, 100, () => rung.push('called off'))
  startTimer(clock, 100, () => rung.push('left alone'))
  stop()
  await clock.advance(100)
  expect(rung).toEqual(['left alone'])
})

test('A timer of the system clock that was called off keeps nothing waiting', async () => {
  const rung: string[] = []
  startTimer(systemClock, 0, () => rung.push('called off'))()
  await new Promise<void>((resolve) => void startTimer(systemClock, 0, resolve))
  expect(rung).toEqual([])
})

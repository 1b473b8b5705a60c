import { readdir, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { RunNews } from '../domain/events.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createLearner, learnedOf, readLearned } from './learned.ts'

function call(number: number, ms: number, usd: number | null, status = 'succeeded'): RunNews[] {
  const ref = { seq: 1, time: 0, step: 'a', call: number }
  const events = [
    { ...ref, type: 'call.intended', candidate: 0, target: 'replicate', model: 'a/b:1', body: { value: null } },
    { ...ref, type: 'call.settled', status, latency_ms: ms, cost_usd: usd },
  ]
  return events.map((event) => ({ run_id: 'r', event: event as RunNews['event'] }))
}

describe('what was learned of models', () => {
  test('is the mean of what succeeded, kept apart for the sandbox, under the name without a version', async () => {
    await using folder = await temporaryFolder()
    const home = folder.file('home')
    const learner = createLearner('sandbox', 1)
    for (const news of [...call(1, 100, 0.25), ...call(2, 300, 0.75), ...call(3, 9_000, 9, 'failed')])
      learner.listen(news)
    await learner.save(home)
    expect(learnedOf(await readLearned(home, 'sandbox'), 'a/b:2')).toEqual({ calls: 2, ms: 200, usd: 0.5 })
    expect(await readLearned(home, 'real')).toEqual({})
  })

  test('is written only when there is something to write, and once', async () => {
    await using folder = await temporaryFolder()
    const learner = createLearner('real', 1)
    await learner.save(folder.path)
    expect(await readdir(folder.path)).toEqual([])
    for (const news of call(1, 100, null)) learner.listen(news)
    await learner.save(folder.path)
    await learner.save(folder.path)
    expect(learnedOf(await readLearned(folder.path, 'real'), 'a/b')).toEqual({ calls: 1, ms: 100, usd: null })
    expect(await readdir(folder.path)).toEqual(['learned-real.json'])
  })

  test('of a file that is damaged is nothing', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.file('learned-real.json'), '{"a/b": 1}')
    expect(await readLearned(folder.path, 'real')).toEqual({})
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readPrediction } from './prediction.ts'

/** Null and absent mean the same. */
const text = z.string().nullish()
const object = z.record(z.string(), z.unknown()).nullish()
const shape = z.object({
  ...{ id: z.string().regex(/^[\w-]{1,128}$/), status: z.string(), input: object, metrics: object },
  ...{ model: text, version: text, deployment: text, deadline: text },
  ...{ created_at: text, started_at: text, completed_at: text },
})

const anything = fc.oneof(fc.constantFrom(undefined, null, 'p1', 'succeeded', '', 7, true, {}, []), fc.anything())
const often = <T>(good: T) => fc.oneof({ weight: 9, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: anything })
const fields = ['model', 'version', 'deployment', 'deadline', 'created_at', 'started_at', 'completed_at'] as const
const body = fc.record({
  ...{ id: often('p1'), status: often('processing'), input: often({ a: 1 }), metrics: often(null), output: anything },
  ...Object.fromEntries(fields.map((name) => [name, often<string | null>(null)])),
  ...{ logs: anything, data_removed: anything, error: anything, urls: anything },
})

describe('an answer of the API', () => {
  it('is a prediction just when its id, status, times and names are what they are said to be', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: body }, { weight: 1, arbitrary: fc.anything() }), (given) => {
        expect(readPrediction(given) !== undefined).toBe(shape.safeParse(given).success)
      }),
    )
  })

  it('is read with what is missing, null or of no use left out', () => {
    const bare = {
      ...{ id: 'p1', status: 'failed', input: {}, output: null, metrics: {}, logs: '' },
      data_removed: false,
    }
    for (const more of [{}, { model: null, input: null, logs: 7, data_removed: 'yes', urls: [] }]) {
      expect(readPrediction({ id: 'p1', status: 'failed', ...more })).toEqual(bare)
    }
    const whole = {
      ...{ ...bare, output: ['a'], logs: 'b', data_removed: true, error: 'c', input: { a: 1 }, metrics: { d: 2 } },
      ...Object.fromEntries(fields.map((name) => [name, name])),
    }
    const urls = { get: 'https://example.com/p1', stream: 'https://example.com/stream' }
    expect(readPrediction({ ...whole, urls, source: 'api' })).toEqual({ ...whole, stream: urls.stream })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rates } from '../../domain/price.ts'
import type { JsonObject } from '../../std/json.ts'
import { type Prediction, readPrediction } from './prediction.ts'
import { costOf, mostCost, usualCost } from './cost.ts'

const ended = (more: JsonObject): Prediction => readPrediction({ id: 'p1', status: 'succeeded', ...more }) as Prediction

describe('what a prediction cost', () => {
  const perSecond: Rates = { usd_per_second: 0.01 }
  const perImage: Rates = { usd_per_output: 0.03 }
  const perToken: Rates = { usd_per_input_token: 1e-6, usd_per_output_token: 4e-6 }

  it('is machine time, however it ended, and nothing when it never began', () => {
    for (const status of ['succeeded', 'failed', 'canceled']) {
      expect(costOf(ended({ status, metrics: { predict_time: 3 } }), perSecond)).toBe(0.03)
    }
    expect(costOf(ended({ status: 'canceled', metrics: {} }), perSecond)).toBe(0)
    expect(costOf(ended({ status: 'aborted', metrics: {} }), undefined)).toBe(0)
  })

  it('is a unit price for every output that came, and none for a failure', () => {
    expect(costOf(ended({ output: ['a', 'b'] }), perImage)).toBe(0.06)
    expect(costOf(ended({ output: 'a' }), perImage)).toBe(0.03)
    expect(costOf(ended({ output: 'a', metrics: { image_count: 3 } }), perImage)).toBe(0.09)
    expect(costOf(ended({ status: 'failed', error: 'x' }), perImage)).toBe(0)
    const running = { status: 'canceled', started_at: '2026-01-01T00:00:00Z', input: { num_outputs: 4 } }
    expect(costOf(ended(running), perImage)).toBe(0.12)
  })

  it('is what tokens and characters cost', () => {
    expect(costOf(ended({ metrics: { input_token_count: 1_000, output_token_count: 500 } }), perToken)).toBe(0.003)
    expect(costOf(ended({ metrics: { character_count: 200 } }), { usd_per_input_character: 0.00003 })).toBe(0.006)
  })

  it('is what a second of video or sound costs: as the metrics tell, else as the input asked', () => {
    const price: Rates = { usd_per_output_second: 0.1 }
    const metrics = { video_output_duration_seconds: 5 }
    expect(costOf(ended({ output: 'a', metrics, input: { duration: 8 } }), price)).toBe(0.5)
    expect(costOf(ended({ output: 'a', metrics: { audio_output_duration_seconds: 3 } }), price)).toBe(0.3)
    expect(costOf(ended({ output: 'a', input: { duration: 8 } }), price)).toBe(0.8)
    expect(costOf(ended({ output: ['a', 'b'], input: { duration: '5s' } }), price)).toBe(1)
    expect(costOf(ended({ output: 'a' }), price)).toBeNull()
    expect(mostCost(price, { duration: 8, num_outputs: 2 }, undefined)).toBe(1.6)
    expect(mostCost(price, {}, undefined)).toBeNull()
  })

  it('counts by both of the names that Replicate has for its metrics', () => {
    expect(costOf(ended({ metrics: { token_input_count: 1_000, token_output_count: 500 } }), perToken)).toBe(0.003)
    expect(costOf(ended({ output: 'a', metrics: { image_output_count: 2 } }), perImage)).toBe(0.06)
  })

  it('is unknown, and never zero, where price or metrics are missing', () => {
    expect(costOf(ended({ metrics: { predict_time: 1 } }), undefined)).toBeNull()
    expect(costOf(ended({ metrics: {} }), perSecond)).toBeNull()
    expect(costOf(ended({ metrics: { input_token_count: 5 } }), perToken)).toBeNull()
    expect(costOf(ended({ output: null }), perImage)).toBeNull()
  })
})

describe('the likely cost', () => {
  it('is that of the input, of a usual answer, and of the time that calls take', () => {
    const chat: Rates = { usd_per_input_token: 1e-6, usd_per_output_token: 4e-6 }
    expect(usualCost(chat, { prompt: 'x'.repeat(400) }, null)).toBe(0.0009)
    expect(usualCost(chat, { prompt: 'x'.repeat(400), max_tokens: 50 }, null)).toBe(0.000301)
    expect(usualCost({ usd_per_second: 0.01 }, {}, 3_000)).toBe(0.03)
    expect(usualCost({ usd_per_second: 0.01 }, {}, null)).toBeNull()
    expect(usualCost({ usd_per_output: 0.03 }, { num_outputs: 2 }, null)).toBe(0.06)
    expect(usualCost(undefined, {}, 1)).toBeNull()
  })
})

describe('the upper bound', () => {
  it('is never below the cost of what the input and the time allow', () => {
    const prices = fc.record({
      usd_per_call: fc.constantFrom(0, 0.5),
      usd_per_second: fc.constantFrom(0, 0.001),
      usd_per_output: fc.constantFrom(0, 0.04),
      usd_per_input_token: fc.constantFrom(0, 1e-6),
      usd_per_output_token: fc.constantFrom(0, 4e-6),
    })
    const calls = fc.record({
      prompt: fc.string({ unit: 'binary' }),
      images: fc.integer({ min: 1, max: 8 }),
      most: fc.integer({ min: 1, max: 5_000 }),
      seconds: fc.integer({ min: 1, max: 600 }),
    })
    fc.assert(
      fc.property(
        prices,
        calls,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (price, { prompt, images, most, seconds }, share) => {
          const input = { prompt, num_outputs: images, max_tokens: most }
          const cost = costOf(
            ended({
              output: Array.from({ length: images }, () => 'x'),
              // A token has at least one byte.
              metrics: {
                predict_time: seconds * share,
                input_token_count: Buffer.byteLength(prompt),
                output_token_count: Math.floor(most * share),
              },
            }),
            price,
          )
          expect(mostCost(price, input, seconds * 1_000)).toBeGreaterThanOrEqual((cost as number) - 1e-9)
        },
      ),
    )
  })

  it('reckons half an hour of hardware without a timeout, and is unknown without a price', () => {
    expect(mostCost({ usd_per_second: 0.001 }, {}, undefined)).toBe(1.8)
    expect(mostCost({ usd_per_second: 0.001 }, {}, 60_000)).toBe(0.065)
    expect(mostCost(undefined, {}, 60_000)).toBeNull()
  })
})

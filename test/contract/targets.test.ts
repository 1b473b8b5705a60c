import { createPriceBook } from '../../src/config/prices/book.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { systemClock } from '../../src/std/clock.ts'
import { seededRandom } from '../../src/std/random.ts'
import { createFunctionTarget } from '../../src/targets/function/target.ts'
import { createReplicateTarget } from '../../src/targets/replicate/target.ts'
import type { Candidate } from '../../src/targets/target.ts'
import { describeTarget } from '../../src/testing/target-contract.ts'

const candidate = (target: string, model: string): Candidate => ({
  name: model,
  target,
  model,
  deployment: false,
  defaults: {},
})

describeTarget({
  kind: 'function',
  skips: { 'asks for a known id again': 'a function can not be asked how an earlier call went' },
  async open() {
    let begun = 0
    const target = createFunctionTarget({
      good: (input) => ({ got: input, count: (begun += 1) }),
      bad: () => {
        throw new Error('it does not work')
      },
      slow: () => new Promise(() => {}),
    })
    return {
      target,
      good: { candidate: candidate('function', 'good'), input: { a: [1, null, 'x'] } },
      bad: { candidate: candidate('function', 'bad'), input: {} },
      slow: { candidate: candidate('function', 'slow'), input: {} },
      begun: () => begun,
      close: () => target.close(),
    }
  },
})

describeTarget({
  kind: 'replicate',
  async open() {
    const sandbox = await startSandbox({ latency: '20', faults: ['google/*:stall'] })
    const target = createReplicateTarget({
      prices: createPriceBook([]),
      token: 'any',
      baseUrl: sandbox.url,
      clock: systemClock,
      random: seededRandom(1),
    })
    return {
      target,
      good: {
        candidate: candidate('replicate', 'stability-ai/sdxl'),
        input: { prompt: 'a lighthouse', width: 128, height: 128 },
      },
      bad: { candidate: candidate('replicate', 'black-forest-labs/flux-schnell'), input: { num_outputs: 99 } },
      slow: { candidate: candidate('replicate', 'google/nano-banana'), input: { prompt: 'x' } },
      begun: () => sandbox.bill().predictions,
      close: async () => {
        await target.close()
        await sandbox.close()
      },
    }
  },
})

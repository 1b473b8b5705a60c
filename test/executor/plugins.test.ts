/** Plugins around a call: what they may change and refuse, what they can't break, and what becomes of them at a resume. */
import { expect, test } from 'vitest'
import { CancelledError } from '../../src/domain/errors.ts'
import { defineHostPlugin, type HookLog, hostOf, logging } from './plugin-host.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { createOwnCache } from '../../src/app/cache/own-cache.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import type { Plugin } from '../../src/plugins/plugin.ts'
import { candidate, harness, retry, scriptedHarness, spec, types } from './harness.ts'

const echo = (input: JsonObject) => ({ said: input['text'] ?? null })

async function ask(plugins: readonly Plugin[], text: Json = 'hello', more: Parameters<typeof hostOf>[1] = {}) {
  const { host, warnings } = await hostOf(plugins, more)
  const { executor } = harness({ f: echo }, { hooks: host.calls })
  const { context, facts } = memoryCall()
  const outcome = await executor.execute(spec({ input: { text } }), context)
  return { outcome, facts, warnings, host }
}

const changing = (name: string, mark: string, order = 0) =>
  defineHostPlugin({
    name,
    order,
    hooks: {
      agent_pre_execute: (context) => ({ ...context, input: { text: `${String(context.input['text'])}${mark}` } }),
      agent_post_execute: (_context, result) => ({ ...result, output: { was: result.output, by: name } }),
    },
  })

test('Plugins see a call in their order, and its answer in the reverse', async () => {
  const { outcome, facts } = await ask([changing('b', 'B'), changing('c', 'C'), changing('a', 'A', -1)])
  expect(outcome).toMatchObject({
    status: 'succeeded',
    output: { by: 'a', was: { by: 'b', was: { by: 'c', was: { said: 'helloABC' } } } },
  })
  // What is journaled, and so what a resume takes up, is what the plugins made of it.
  expect(facts.find(({ type }) => type === 'call.intended')).toMatchObject({ body: { text: 'helloABC' } })
})

test('A call that is refused is not made, for no candidate, and names the plugin and its reason', async () => {
  const log: HookLog = []
  const no = defineHostPlugin({
    name: 'no',
    hooks: { agent_pre_execute: (_context, { refuse }) => refuse('too long', 'cut it') },
  })
  const { host } = await hostOf([logging('first', log), no, logging('last', log)])
  const { executor } = harness({ f: echo, g: echo }, { hooks: host.calls })
  const { context, facts } = memoryCall()
  const outcome = await executor.execute(spec({ chain: [candidate('f'), candidate('g')] }), context)
  expect(outcome).toMatchObject({
    ...{ status: 'failed', attempts: 0, cost_usd: 0 },
    error: { code: 'refused', message: 'plugin "no" refused the call: too long', hint: 'cut it', retryable: false },
  })
  expect(facts).toEqual([])
  expect(log).toEqual(['first pre', 'first error refused'])
})

test('An answer that is withheld fails the call, is paid for, and nobody else is asked', async () => {
  const log: HookLog = []
  const no = defineHostPlugin({ name: 'no', hooks: { agent_post_execute: () => null } })
  const { host } = await hostOf([logging('first', log), no, logging('last', log)])
  const { executor } = scriptedHarness(async () => 'secret', { hooks: host.calls })
  const { context, facts } = memoryCall()
  const outcome = await executor.execute(spec({ chain: [candidate('f'), candidate('g')] }), context)
  expect(outcome).toMatchObject({
    status: 'failed',
    cost_usd: 0.5,
    error: { code: 'withheld', details: { plugin: 'no' } },
  })
  expect(types(facts)).toEqual(['call.settled'])
  expect(log).toEqual(['first pre', 'last pre', 'last post', 'first error withheld'])
})

test.each([
  [
    'throws',
    () => {
      throw new Error('boom')
    },
    /: boom$/,
  ],
  [
    'throws no Error',
    () => {
      throw 'x' as unknown as Error
    },
    /: x$/,
  ],
  ['hangs', () => new Promise(() => {}), /took longer than 5\.0s/],
  ['gives back text', () => 'ok', /gave back a string/],
  ['gives back false', () => false, /gave back a boolean/],
  ['gives back a list', () => [], /gave back a list/],
  ['gives back no input', () => ({}), /without `input`/],
  [
    'gives back an input that is no object',
    (context: object) => ({ ...context, input: [] }),
    /`input` that is no object/,
  ],
  [
    'gives back what is no JSON',
    (context: object) => ({ ...context, input: { at: new Date(0) } }),
    /`at` is an object of class Date/,
  ],
  ['gives back a function', (context: object) => ({ ...context, input: { a: [() => 1] } }), /`a\[0\]` is a function/],
  ['gives back NaN', (context: object) => ({ ...context, input: { a: Number.NaN } }), /`a` is a NaN/],
  ['changes who is called', (context: object) => ({ ...context, agent: 'other' }), /changed `agent`/],
  [
    'changes what it was given',
    (context: { input: Record<string, unknown> }) => {
      context.input['text'] = 'x'
    },
    /read only/,
  ],
  [
    'goes in circles',
    (context: object) => {
      const input: Record<string, unknown> = {}
      input['a'] = input
      return { ...context, input }
    },
    /nested more than 200 deep/,
  ],
  [
    'gives back too much',
    (context: object) => ({ ...context, input: { a: 'x'.repeat(65 * 1024 * 1024) } }),
    /larger than 64 MiB/,
  ],
])('A plugin that %s fails the call and is named; one that fails open is passed over', async (_, hook, message) => {
  const bad = (on_error: 'open' | 'closed') =>
    [
      {
        name: 'bad',
        on_error,
        hooks: { agent_pre_execute: hook, agent_post_execute: () => null },
      } as unknown as Plugin,
      changing('good', '!'),
    ] as const
  const closed = await ask(bad('closed'))
  expect(closed.outcome).toMatchObject({
    status: 'failed',
    attempts: 0,
    error: { code: 'plugin_failed', details: { plugin: 'bad' } },
  })
  expect(closed.outcome).toMatchObject({ error: { message: expect.stringMatching(message) as unknown } })
  const open = await ask(bad('open'))
  expect(open.outcome).toMatchObject({ status: 'succeeded', output: { was: { said: 'hello!' } } })
  expect(open.warnings).toEqual([expect.stringMatching(message)])
})

test('A hook without a `return` changes nothing', async () => {
  const log: HookLog = []
  const { outcome } = await ask([logging('one', log)])
  expect(outcome).toMatchObject({ status: 'succeeded', output: { said: 'hello' } })
  expect(log).toEqual(['one pre', 'one post'])
})

test('An answer can become null, which withholds nothing', async () => {
  const nothing = defineHostPlugin({
    name: 'nothing',
    hooks: { agent_post_execute: (_context, result) => ({ ...result, output: null }) },
  })
  expect((await ask([nothing])).outcome).toMatchObject({ status: 'succeeded', output: null })
})

test('What a plugin fails by in agent_error is only warned of', async () => {
  const bad = defineHostPlugin({ name: 'bad', hooks: { agent_error: () => Promise.reject(new Error('boom')) } })
  const { host, warnings } = await hostOf([bad])
  const { executor } = harness({ f: () => Promise.reject(new Error('down')) }, { hooks: host.calls })
  const { context } = memoryCall()
  const outcome = await executor.execute(spec({ retry: retry({ attempts: 1 }) }), context)
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'exception' } })
  expect(warnings).toEqual(['plugin "bad" failed in agent_error: boom'])
})

test('The cache is asked with the changed input, and its hits pass the plugins as well', async () => {
  let calls = 0
  const upper = defineHostPlugin({
    name: 'upper',
    hooks: {
      agent_pre_execute: (context) => ({ ...context, input: { text: String(context.input['text']).toUpperCase() } }),
      agent_post_execute: (_context, result) => ({ ...result, output: [result.output, result.cached] }),
    },
  })
  const { host } = await hostOf([upper])
  const cache = createOwnCache()
  const f = (input: JsonObject) => ((calls += 1), input['text'])
  const { executor } = harness({ f }, { hooks: host.calls, cache })
  const outputs = []
  for (const text of ['hello', 'HELLO', 'Hello']) {
    const outcome = await executor.execute(spec({ input: { text }, cache: {} }), memoryCall().context)
    outputs.push('output' in outcome ? outcome.output : outcome.status)
  }
  expect(outputs).toEqual([
    ['HELLO', false],
    ['HELLO', true],
    ['HELLO', true],
  ])
  expect(calls).toBe(1)
})

test('A hook hears of the cancellation of its call by its signal, and is not blamed for it', async () => {
  const controller = new AbortController()
  let reason: unknown
  const slow = defineHostPlugin({
    name: 'slow',
    hooks: {
      agent_pre_execute: (_context, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason
            reject(new Error('stopped'))
          })
          queueMicrotask(() => controller.abort(new CancelledError('enough')))
        }),
    },
  })
  const { host } = await hostOf([slow])
  const { executor } = harness({ f: echo }, { hooks: host.calls })
  const outcome = await executor.execute(spec(), memoryCall({ signal: controller.signal }).context)
  expect(outcome).toMatchObject({ status: 'cancelled', attempts: 0 })
  expect(reason).toMatchObject({ message: 'enough' })
})

// ── resuming ──

const open = { call: 1, candidate: 0, model: 'f', body: { text: 'first' }, intended_at: 0, id: 'p1' }
const prior = { open, calls: 1, attempts: [0, 0] }

/** A call that an earlier process made, taken up with plugins that may have another mind now. */
async function takeUp(plugins: readonly Plugin[], script?: Parameters<typeof scriptedHarness>[0]) {
  const { host } = await hostOf(plugins)
  const seen: { input: JsonObject; open: unknown }[] = []
  const { executor } = scriptedHarness(
    async (context, at, input) => {
      seen.push({ input, open: context.open?.id })
      return script ? script(context, at, input) : 'answer'
    },
    { hooks: host.calls },
  )
  const { context, facts } = memoryCall({ prior })
  const chain = [candidate('f'), candidate('g')]
  const outcome = await executor.execute(spec({ chain, input: { text: 'hello' } }), context)
  return { outcome, facts, seen }
}

test('A call that is taken up is the one that was made, though a plugin would now make another one of it', async () => {
  const { outcome, facts, seen } = await takeUp([changing('other', '?')])
  expect(outcome).toMatchObject({ status: 'succeeded', output: { by: 'other', was: 'answer' } })
  expect(seen.map((each) => each.open)).toEqual(['p1'])
  expect(types(facts)).toEqual(['call.settled'])
})

const refusing = defineHostPlugin({ name: 'no', hooks: { agent_pre_execute: () => null } })

test('What was made before a plugin refused it is taken to its end, but nothing new is made for it', async () => {
  expect((await takeUp([refusing])).outcome).toMatchObject({ status: 'succeeded', output: 'answer' })
  const failing = await takeUp([refusing], () => Promise.reject(new Error('down')))
  expect(failing.seen).toHaveLength(1)
  expect(failing.outcome).toMatchObject({ status: 'failed', error: { code: 'exception' } })
  const lost = await takeUp([refusing], async ({ record }, _at, input) => {
    await record.reattached('not_found')
    await record.intended(input, undefined)
    throw new Error('it was created')
  })
  expect(lost.outcome).toMatchObject({ status: 'failed', error: { code: 'refused' } })
})

test('What was made before a plugin failed is taken to its end, and its answer goes nowhere', async () => {
  const bad = defineHostPlugin({ name: 'bad', hooks: { agent_pre_execute: () => Promise.reject(new Error('boom')) } })
  const { outcome, facts } = await takeUp([bad])
  expect(outcome).toMatchObject({ status: 'failed', cost_usd: 0.5, error: { code: 'plugin_failed' } })
  expect(types(facts)).toContain('call.settled')
})

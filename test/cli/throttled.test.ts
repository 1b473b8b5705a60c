/** What a provider that throttles does to the limits of its calls: through the command line and the real transport. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type ScriptedAnswer, type SeenRequest, startScriptedServer } from '../../src/testing/scripted-server.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const prediction: JsonObject = {
  ...{ id: 'p1', model: 'acme/writer', version: 'hidden', status: 'succeeded', input: {}, output: 'done', error: null },
  ...{ logs: '', metrics: { predict_time: 1 }, created_at: new Date(0).toISOString() },
  urls: { get: 'https://example.com/p', cancel: 'https://example.com/p/cancel' },
}

/** A call that is given up because of how an API answers its create; then one of another model, in another process. */
async function meet(refusal: ScriptedAnswer) {
  const clock = eagerClock(100_000)
  /** When creates came, milliseconds. */
  const at: number[] = []
  const server = await startScriptedServer(({ method, path }: SeenRequest) => {
    if (path.startsWith('/v1/models/acme/') && method === 'GET') return { body: { is_official: true } }
    if (method !== 'POST') return { status: 404, body: { detail: 'not scripted' } }
    at.push(clock.monotonic())
    return at.length === 1 ? refusal : { status: 201, body: prediction }
  })
  try {
    const env = { REPLICATE_API_TOKEN: 'r8_anything', REPLICATE_BASE_URL: `${server.origin}/v1` }
    const run = async (command: string) => (await cli.run(`${command} --json`, { env, clock })).json()
    await cli.write(
      'replicate-agent.yaml',
      'agents:\n  hasty: {model: acme/writer, timeout: 10m}\n  patient: {model: acme/other}\n',
    )
    expect(await run('agents run hasty -i prompt=a')).toMatchObject({
      steps: { call: { error: { code: 'rate_limited', message: expect.stringContaining('not tried again') } } },
    })
    const { limits } = (await run('limits show replicate')) as { limits: Json[] }
    expect(await run('agents run patient -i prompt=b')).toMatchObject({ steps: { call: { status: 'succeeded' } } })
    return { creates: limits[0], waited: (at[1] ?? 0) - (at[0] ?? 0) }
  } finally {
    await server.close()
  }
}

test('A 429 holds all creates of all models and processes back for as long as it says', async () => {
  const { creates, waited } = await meet({ status: 429, headers: { 'retry-after': '3600' }, body: {} })
  expect(waited).toBeGreaterThanOrEqual(3_600_000)
  expect(creates).toMatchObject({ what: 'calls', per_minute: 600, paused_until: expect.any(String) })
  expect(creates).not.toHaveProperty('share')
})

test('At low credit creates keep to what the 429 says is let through in a minute', async () => {
  const detail =
    'Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~3600s.'
  const { creates, waited } = await meet({ status: 429, body: { detail } })
  expect(waited).toBeGreaterThanOrEqual(3_600_000)
  expect(creates).toMatchObject({ what: 'calls', per_minute: 600, share: 0.01 })
})

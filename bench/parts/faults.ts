/** What calls do when a provider fails: ours and Portkey's gateway through the same script. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { request } from 'undici'
import { systemClock } from '../../src/std/clock.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { startScriptedServer } from '../../src/testing/scripted-server.ts'
import { chatBody, chatPath, portkeyHeaders, portkeyTarget, startPortkey } from '../contenders/portkey.ts'
import { replayBurst } from '../../test/executor/burst-replay.ts'
import { backup, faultRig, isCreate, prediction, primary, token } from '../fault-rig.ts'
import { atMost, type Bench, type Figure, type Part } from '../figures.ts'
import { digits, quantile } from '../statistics.ts'

const calls = 20
const bars = { hits: 5, failOverMs: 50, probeMs: 60_000 }

interface Row {
  what: string
  ours: string
  theirs: string
}

export async function measureFaults({ root, peers, traces, say }: Bench): Promise<Part> {
  say('faults: a dead primary, a 429, a prediction that is aborted; about 30 s')
  const dead = await deadPrimary()
  const refused = await refusedOnce()
  const aborted = await abortedPrediction()
  const peer = peers ? await portkeyScript(root) : undefined
  const bursts = await burstTrace(join(dirname(traces), 'load', 'azure_llm_2023_code_slice.csv'))
  const leaks = [dead.leaks, refused.leaks, aborted.leaks].reduce((sum, each) => sum + each, 0)
  const figures: Figure[] = [
    atMost(`dead primary: hits in ${calls} calls`, dead.hits, bars.hits, '', 0),
    atMost('dead primary: a call once it is known, p50', dead.failOverMs, bars.failOverMs, 'ms'),
    atMost('primary well again: noticed after', dead.noticedMs / 1_000, bars.probeMs / 1_000, 's', 0),
    {
      what: '429 with `Retry-After: 1`',
      measured: `${refused.gaps.length + 1} requests, ${milliseconds(refused.gaps)} apart`,
      bar: '2 requests, >= 1,000 ms apart',
      met: refused.gaps.length === 1 && (refused.gaps[0] ?? 0) >= 1_000,
    },
    { what: 'a prediction that is `aborted`', measured: aborted.end, bar: 'the call ends', met: aborted.ended },
    atMost('requests with the token in their address or body', leaks, 0, '', 0),
    ...bursts.map(({ what, bad }) => atMost(`${what}: refused after the first minute, lost, overtaken`, bad, 0, '', 0)),
  ]
  const rows: Row[] = [
    {
      what: `dead primary (503): hits in ${calls} calls`,
      ours: String(dead.hits),
      theirs: String(peer?.hits ?? ''),
    },
    { what: 'ms a call once it is known, p50', ours: digits(dead.failOverMs, 1), theirs: text(peer?.failOverMs) },
    {
      what: '429 with `Retry-After: 1`: ms between requests',
      ours: milliseconds(refused.gaps),
      theirs: peer ? milliseconds(peer.gaps) : '',
    },
    {
      what: 'primary well again: noticed after',
      ours: `${digits(dead.noticedMs / 1_000, 0)} s`,
      theirs: peer ? 'asked each time' : '',
    },
    {
      what: 'its share of calls in each 5 s from then on, %',
      ours: dead.shares.map((share) => String(Math.round(share * 100))).join(', '),
      theirs: peer ? '100 at once' : '',
    },
  ]
  for (const { what, waits } of bursts)
    rows.push({ what: `${what}: waited, p50 / p99 / most`, ours: waits, theirs: '' })
  return {
    title: 'When a provider fails',
    figures,
    tables: [
      {
        head: ['', 'ours', ...(peer ? ['Portkey'] : [])],
        rows: rows.map(({ what, ours, theirs }) => [what, ours, ...(peer ? [theirs] : [])]),
      },
    ],
    notes: [
      'A chain of two models of different agents with breakers as they are by default, one attempt at each, at a local server that fails as the script says. Calls come one after the other. Waiting is on a clock that moves by itself, but for the 429 and for the time that a call takes once the breaker is open, which are real.',
      'A 503 without `Retry-After` does not say whether a prediction was made: each is followed by two looks at what there is, a second apart, before the next model is asked.',
      ...(bursts.length > 0
        ? [
            'The burst: arrivals at a code model (Azure, 2023), ten times faster on a virtual clock, against a limit of 6,000 a minute with a burst of 10 and a server that refuses what passes it.',
          ]
        : []),
      'Portkey 1.15.2: a fallback of two targets with `cb_config` (threshold 3, 5 requests at least), which its open-source edition reads and does not act on; for the 429 one target with three retries.',
    ],
  }
}

function text(ms: number | undefined): string {
  return ms === undefined ? '' : digits(ms, 1)
}

function milliseconds(gaps: readonly number[]): string {
  return gaps.length === 0 ? 'none' : gaps.map((gap) => Math.round(gap).toLocaleString('en')).join(', ')
}

// ── ours ──

async function deadPrimary() {
  const clock = eagerClock()
  let isDead = true
  const rig = await faultRig(clock, ({ method, path }, at) =>
    isDead && isCreate(primary, method, path)
      ? { status: 503, body: { detail: 'down' } }
      : prediction('succeeded', `p${at}`),
  )
  const hit = async (): Promise<boolean> => {
    const before = rig.hits(primary)
    await rig.call()
    return rig.hits(primary) > before
  }
  try {
    const took: number[] = []
    for (let turn = 0; turn < calls; turn += 1) {
      const before = rig.hits(primary)
      const { outcome, ms } = await rig.call()
      if (outcome.status !== 'succeeded' || outcome.model !== backup) throw new Error('the backup did not answer')
      if (rig.hits(primary) === before) took.push(ms)
    }
    const hits = rig.hits(primary)
    isDead = false
    const well = clock.monotonic()
    while (!(await hit())) clock.advance(1_000)
    const noticedMs = clock.monotonic() - well
    const shares: number[] = []
    for (let slot = 0; slot < 7; slot += 1) {
      let asked = 0
      for (let turn = 0; turn < 50; turn += 1) {
        clock.advance(100)
        if (await hit()) asked += 1
      }
      shares.push(asked / 50)
    }
    return { hits, failOverMs: quantile(took, 0.5), noticedMs, shares, leaks: leaksIn(rig.requests) }
  } finally {
    await rig.close()
  }
}

async function refusedOnce() {
  const times: number[] = []
  const rig = await faultRig(systemClock, (_, at) => {
    times.push(performance.now())
    return times.length === 1
      ? { status: 429, body: { detail: 'throttled' }, headers: { 'retry-after': '1' } }
      : prediction('succeeded', `p${at}`)
  })
  try {
    await rig.call()
    return { gaps: gapsOf(times), leaks: leaksIn(rig.requests) }
  } finally {
    await rig.close()
  }
}

async function abortedPrediction() {
  const rig = await faultRig(eagerClock(), ({ method, path }, at) =>
    isCreate(primary, method, path)
      ? prediction('starting', 'p1')
      : method === 'GET'
        ? prediction('aborted', 'p1', 200)
        : prediction('succeeded', `p${at}`),
  )
  try {
    const { outcome } = await rig.call()
    const looks = rig.requests.filter(({ method }) => method === 'GET').length
    const ended = outcome.status === 'succeeded' && outcome.model === backup
    return {
      ended,
      end: `it ends after ${looks} look${looks === 1 ? '' : 's'}, the next model answers`,
      leaks: leaksIn(rig.requests),
    }
  } finally {
    await rig.close()
  }
}

function leaksIn(requests: readonly { path: string; query: URLSearchParams; body: string }[]): number {
  return requests.filter(({ path, query, body }) => `${path} ${query.toString()} ${body}`.includes(token)).length
}

function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, at) => time - (times[at] as number))
}

/** A measured, very bursty load, ten times faster, against a limit and a server scaled alike. */
async function burstTrace(file: string): Promise<{ what: string; bad: number; waits: string }[]> {
  if (!existsSync(file)) return []
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const arrivals = lines.map((line) => Number(line.split(',')[0]) / 10)
  const limit = { per_minute: 6_000, burst: 10 }
  const bursts = []
  for (const processes of [1, 8]) {
    const { answered, refused, overtaken, waits } = await replayBurst({ arrivals, server: limit, limit, processes })
    const late = refused.filter((at) => at >= 60_000).length
    const seconds = (share: number) => digits(quantile(waits, share) / 1_000, 2)
    bursts.push({
      what: `a burst of ${arrivals.length} calls of ${processes} process${processes === 1 ? '' : 'es'}`,
      bad: late + arrivals.length - answered + overtaken,
      waits: `${seconds(0.5)} / ${seconds(0.99)} / ${seconds(1)} s`,
    })
  }
  return bursts
}

// ── Portkey ──

async function portkeyScript(root: string) {
  const portkey = await startPortkey(root)
  const completion = { choices: [{ index: 0, message: { role: 'assistant', content: 'done' }, finish_reason: 'stop' }] }
  const dead = await startScriptedServer(() => ({ status: 503, body: { error: { message: 'down' } } }))
  const well = await startScriptedServer(() => ({ body: completion }))
  const times: number[] = []
  const throttled = await startScriptedServer(() => {
    times.push(performance.now())
    const refusal = { status: 429, body: { error: { message: 'throttled' } }, headers: { 'retry-after': '1' } }
    return times.length === 1 ? refusal : { body: completion }
  })
  const targetAt = ({ origin }: { origin: string }) => portkeyTarget(Number(new URL(origin).port))
  const ask = async (config: object, turn: number): Promise<number> => {
    const began = performance.now()
    const url = `http://127.0.0.1:${portkey.port}${chatPath}`
    const answer = await request(url, { method: 'POST', headers: portkeyHeaders(config), body: chatBody(turn) })
    await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(`Portkey answered with ${answer.statusCode}`)
    return performance.now() - began
  }
  try {
    const cb_config = {
      failure_threshold: 3,
      minimum_requests: 5,
      cooldown_interval: 60_000,
      failure_status_codes: [503],
    }
    const fallback = { strategy: { mode: 'fallback' }, targets: [{ ...targetAt(dead), cb_config }, targetAt(well)] }
    const took: number[] = []
    for (let turn = 0; turn < calls; turn += 1) took.push(await ask(fallback, turn))
    await ask({ ...targetAt(throttled), retry: { attempts: 3, on_status_codes: [429] } }, 0)
    return { hits: dead.requests.length, failOverMs: quantile(took.slice(bars.hits), 0.5), gaps: gapsOf(times) }
  } finally {
    await portkey.close()
    for (const server of [dead, well, throttled]) await server.close()
  }
}

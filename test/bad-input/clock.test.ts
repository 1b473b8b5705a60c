import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import { journalFaults } from '../chaos/journal-rules.ts'
import { journalOf } from '../chaos/processes.ts'
import { type CliRig, openCli } from '../cli/rig.ts'

const hour = 3_600_000

/** The real clock, until it is set back. */
function settableClock(): { clock: Clock; setBack(ms: number): void } {
  let back = 0
  return {
    clock: { ...systemClock, now: () => systemClock.now() - back },
    setBack(ms) {
      back += ms
    },
  }
}

const workflow = `
name: w
timeout: 20s
steps:
  words:
    foreach: {in: [1, 2, 3], max_concurrency: 1}
    model: meta/meta-llama-3-8b-instruct
    input: {prompt: "Rewrite as one short line: a cup, number \${{ item }}.", max_tokens: 8}
  ask: {approval: {message: Go on?, timeout: 10m}, needs: [words]}
outputs: {words: "\${{ steps.words.output }}"}
`

let sandbox: Sandbox
let cli: CliRig
beforeEach(async () => {
  sandbox = await startSandbox({ latency: '30', faults: ['*:lost'] })
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
  await cli.write('w.yaml', workflow)
})
afterEach(async () => {
  await cli.close()
  await sandbox.close()
})

describe('a clock that jumps back', () => {
  it('while a run is driven, and again before it goes on, changes nothing: times in its journal only grow', async () => {
    const { clock, setBack } = settableClock()
    let jumped = false
    const first = await cli.run('run w.yaml --run-id r --json', {
      clock,
      watch(printed) {
        if (jumped || !printed.includes('words[1]')) return
        jumped = true
        setBack(hour)
      },
    })
    expect(jumped).toBe(true)
    expect(first.code, first.stderr).toBe(4)
    setBack(24 * hour)
    const second = await cli.run('runs approve r --json', { clock })
    expect(second.json()).toMatchObject({
      status: 'succeeded',
      outputs: { words: [1, 2, 3].map((cup) => `a cup, number ${cup}.`) },
    })
    expect(Number(second.json()['duration_ms'])).toBeGreaterThanOrEqual(0)
    const events = await journalOf(cli.home, 'r')
    expect(journalFaults(events, true)).toEqual([])
    expect(events.filter(({ type }) => type === 'call.created')).toHaveLength(3)
    expect(sandbox.bill().predictions).toBe(3)
    expect((await cli.run('runs list --json', { clock })).json()).toMatchObject({
      runs: [{ run_id: 'r', status: 'succeeded' }],
    })
  })

  it('neither ends a run by its timeout nor keeps it from ending by it', async () => {
    const { clock, setBack } = settableClock()
    await sandbox.close()
    sandbox = await startSandbox({ latency: '60s' })
    await cli.write('slow.yaml', workflow.replace('20s', '700ms'))
    let jumped = false
    const end = await cli.run('run slow.yaml --json', {
      clock,
      env: { REPLICATE_BASE_URL: sandbox.url },
      watch(printed) {
        if (jumped || !printed.includes('words')) return
        jumped = true
        setBack(hour)
      },
    })
    expect(end.code).toBe(1)
    expect(end.json()).toMatchObject({ status: 'failed', error: { code: 'timeout' } })
  })
})

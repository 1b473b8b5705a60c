/** What the audit log does with calls: batches, a disk that refuses it, days that are too old. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallReport } from '../../domain/call-report.ts'
import { type Cells, createMemoryCells } from '../../std/cells.ts'
import { seededRandom } from '../../std/random.ts'
import { redactionOf } from '../../std/redaction.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { headCell, headOf } from './head.ts'
import { keyedHash } from './keyed-hash.ts'
import { type AuditLog, type AuditLogOptions, openAuditLog } from './log.ts'
import { entryShape } from './record.ts'
import { segmentFile, segmentsIn } from './segments.ts'
import { verifyChain } from './verify.ts'

const day = 86_400_000
const key = new Uint8Array(32).fill(7)

let home: string
let folder: string
let clock: ReturnType<typeof virtualClock>
let memory: Cells
let isRefusing: boolean
let changes: number
let warnings: string[]
let log: AuditLog

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'audit-'))
  folder = join(home, 'audit')
  clock = virtualClock()
  memory = createMemoryCells()
  isRefusing = false
  changes = 0
  warnings = []
  log = open()
})
afterEach(async () => {
  await log.close()
  rmSync(home, { recursive: true, force: true })
})

const cells: Cells = {
  get: (name) => memory.get(name),
  list: (prefix) => memory.list(prefix),
  change(names, change) {
    changes += 1
    return isRefusing ? Promise.reject(new Error('no room left')) : memory.change(names, change)
  },
}

function open(more: Partial<AuditLogOptions> = {}): AuditLog {
  return openAuditLog({
    ...{ folder, cells: async () => cells, clock, random: seededRandom(1), required: false, retention_ms: undefined },
    ...{ durability: 'normal', hash: keyedHash(key), keep: new Set(), redaction: redactionOf([]) },
    who: { user: 'ada', host: 'here', door: 'test' },
    warn: (message) => void warnings.push(message),
    ...more,
  })
}

function report(more: Partial<CallReport> = {}): CallReport {
  return {
    ...{ place: { run_id: 'r', workflow: 'w', step: 's' }, agent: 'a', input: { b: 1, a: 'x' }, status: 'succeeded' },
    ...{ candidates: [], decisions: [], attempts: [], latency_ms: 1, judging_ms: 0, cost_usd: 0, cache: 'off' },
    ...{ resumed: false, refused: [], files: [], mask: (value) => value, ...more },
  }
}

const entries = () =>
  segmentsIn(folder).flatMap((segment) =>
    readFileSync(segmentFile(folder, segment), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => entryShape.parse(JSON.parse(line))),
  )
const verify = () =>
  verifyChain(
    segmentsIn(folder).map((segment) => segmentFile(folder, segment)),
    { head: headOf(memory.get(headCell)) ?? null },
  )

describe('Calls', () => {
  it('that end together are written together, and at the latest after a tenth of a second', async () => {
    for (let at = 0; at < 20; at += 1) log.take(report())
    expect(segmentsIn(folder)).toEqual([])
    await Promise.all([log.flushed(), log.flushed()])
    expect(entries()).toHaveLength(20)
    expect(changes).toBe(1)
    log.take(report())
    await clock.advance(100)
    await log.flushed()
    expect(entries()).toHaveLength(21)
    expect((await verify()).fault).toBeNull()
  })

  it('have an input hash that nobody can guess without the key, and the same for the same input', async () => {
    log.take(report())
    log.take(report({ input: { a: 'x', b: 1 } }))
    await log.flushed()
    const wanted = createHmac('sha256', key).update('{"a":"x","b":1}').digest('hex')
    expect(entries()).toMatchObject([{ input: { hash: wanted, bytes: 15 } }, { input: { hash: wanted } }])
  })

  it('have their messages masked and redacted, and nothing of inputs and outputs unless it is asked for', async () => {
    const mask = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('hunter2', '***')) as T
    await log.close()
    log = open({ redaction: redactionOf(['/[a-z]+@[a-z.]+/']) })
    const error = { code: 'server', message: 'no hunter2 for ada@here.org', retryable: true } as const
    log.take(report({ status: 'failed', error, input: { p: 'hunter2' }, output: 'hunter2', mask }))
    await log.close()
    log = open({ keep: new Set(['inputs', 'outputs']), redaction: redactionOf(['/[a-z]+@[a-z.]+/', 'output.a[*].c']) })
    log.take(report({ input: { p: 'hunter2' }, output: { a: [{ c: 1, d: 'ada@here.org' }] }, mask }))
    log.take(report({ input: { p: 'x'.repeat(300_000) } }))
    await log.flushed()
    const [first, second, third] = entries()
    expect(first).toMatchObject({ error: { message: 'no *** for [redacted]' } })
    expect(JSON.stringify(first)).not.toContain('value')
    expect(second).toMatchObject({
      input: { value: { p: '***' } },
      output: { value: { a: [{ c: '[redacted]', d: '[redacted]' }] } },
    })
    expect(third).toMatchObject({ input: { omitted: true, bytes: 300_008 } })
  })

  it('that a plugin refused, or whose answer it withheld, say so', async () => {
    for (const code of ['refused', 'withheld', 'plugin_failed'] as const)
      log.take(report({ status: 'failed', error: { code, message: 'no', retryable: false } }))
    await log.flushed()
    expect(entries()).toMatchObject([{ status: 'refused' }, { status: 'withheld' }, { status: 'failed' }])
  })

  it('cost what their attempts cost, with the part of judges apart', async () => {
    const attempt = { agent: 'a', target: 't', model: 'm/m', status: 'succeeded', sent: true, time: 0 } as const
    const spent = { latency_ms: 50, waiting_ms: 20, cost_usd: 0.5, answer_usd: 0.4, reserved_usd: 0.9 }
    log.take(report({ attempts: [{ id: '1', ...attempt, ...spent }], cost_usd: 0.5 }))
    const earlier = { id: '1', ...attempt, ...spent, earlier: true, answer_usd: null } as const
    log.take(report({ attempts: [earlier], cost_usd: null, resumed: true }))
    await log.flushed()
    expect(entries()).toMatchObject([
      { cost: { usd: 0.5, judging_usd: 0.1, reserved_usd: 0.9 }, latency: { waiting_ms: 20, target_ms: 30 } },
      { cost: { usd: null, judging_usd: null }, resumed: true, latency: { target_ms: 0 } },
    ])
  })
})

describe('A disk that refuses the log', () => {
  it('is told of once; what waits is written when there is room again, in order', async () => {
    isRefusing = true
    log.take(report({ agent: 'one' }))
    await log.flushed()
    log.take(report({ agent: 'two' }))
    await log.flushed()
    expect(warnings).toEqual(['calls are not written into the audit log: no room left'])
    isRefusing = false
    log.take(report({ agent: 'three' }))
    await log.flushed()
    expect(entries()).toMatchObject([{ agent: 'one' }, { agent: 'two' }, { agent: 'three' }])
  })

  it('for too long: the log says how many are lost', async () => {
    isRefusing = true
    for (let at = 0; at < 10_003; at += 1) log.take(report())
    await log.flushed()
    isRefusing = false
    await log.flushed()
    const { lines, calls, notes } = await verify()
    expect({ lines, calls }).toEqual({ lines: 10_001, calls: 10_000 })
    expect(notes).toEqual([expect.stringContaining('3 records could not be written: no room left')])
  })

  it('is not kept from other calls by one that has no text: that one counts as lost', async () => {
    const unwritable = { n: 1n } as never
    log.take(report({ agent: 'one' }))
    log.take(report({ agent: 'two', input: unwritable }))
    log.take(report({ agent: 'three' }))
    await log.flushed()
    const { calls, notes } = await verify()
    expect(calls).toBe(2)
    expect(notes).toEqual([expect.stringContaining('1 record could not be written: Do not know how to serialize')])
    expect(warnings).toHaveLength(1)
    log = open({ required: true })
    await expect(log.begin?.({ place: report().place, agent: 'a', input: unwritable })).rejects.toMatchObject({
      code: 'store',
    })
  })

  it('lets no call begin where the log is required', async () => {
    log = open({ required: true })
    const start = { place: report().place, agent: 'a', input: {} }
    const id = await log.begin?.(start)
    log.take(report({ ...(id !== undefined && { id }) }))
    await log.flushed()
    expect(entries()).toMatchObject([
      { kind: 'begun', id },
      { kind: 'call', id },
    ])
    isRefusing = true
    await expect(log.begin?.(start)).rejects.toMatchObject({
      code: 'store',
      message: expect.stringContaining('no room'),
    })
    isRefusing = false
    await expect(log.begin?.(start)).resolves.toMatch(/^\w{20}$/)
    // What was not called has not begun.
    expect(entries()).toHaveLength(3)
  })
})

describe('Days that are too old', () => {
  it('are removed when a new one begins', async () => {
    log = open({ retention_ms: 2 * day })
    for (let at = 0; at < 5; at += 1) {
      log.take(report())
      await log.flushed()
      await clock.advance(day)
    }
    expect(segmentsIn(folder)).toHaveLength(3)
    const { fault, notes } = await verify()
    expect(fault).toBeNull()
    expect(notes).toEqual([expect.stringMatching(/records? before .* purged/)])
  })
})

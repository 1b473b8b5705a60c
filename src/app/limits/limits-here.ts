/** Every limit that holds here or that processes use, as it stands now. */
import { z } from 'zod'
import { configuredLimits } from '../../config/limits.ts'
import {
  agentOwner,
  type BucketKind,
  bucketKinds,
  cellOf,
  type LimitOwner,
  ownerOfCell,
  type ProviderPolicies,
} from '../../executor/resilience/limits/call-limits.ts'
import { bucketReport, slotReport } from '../../executor/resilience/limits/limit-report.ts'
import type { Cells } from '../../std/cells.ts'
import { defined } from '../../std/defined.ts'
import { isObject, type Json } from '../../std/json.ts'
import type { App } from '../app.ts'
import { namedAgents } from '../named-agents.ts'

export const limitShape = z.object({
  kind: z.enum(['agent', 'model', 'provider']),
  name: z.string(),
  what: z.enum([...bucketKinds]).describe('calls of a provider are creates, its requests all others'),
  per_minute: z.number().describe('at most, in any minute'),
  burst: z.number().describe('of these, at once'),
  available: z.number().describe('now; below 0: so much was used too much, and has to come in first'),
  lent: z.number().describe('of these, what processes have in hand for their next calls'),
  waiting: z.number().describe('processes that wait'),
  paused_until: z.iso.datetime().optional().describe('the server refused'),
  share: z.number().optional().describe('of the rate, since the server refused again and again'),
  in_use: z.boolean().describe('false: only written, no call has passed it yet'),
})

export const bulkheadShape = z.object({
  kind: z.enum(['agent', 'model', 'provider']),
  name: z.string(),
  max_concurrent: z.number(),
  max_queue: z.number().optional(),
  queue_timeout_ms: z.number().optional(),
  places: z.number().describe('that processes have: calls under way, and for a moment after them'),
  waiting: z.number().describe('processes that wait'),
  processes: z.array(
    z.object({ places: z.number(), pid: z.number().optional(), host: z.string().optional(), since: z.iso.datetime() }),
  ),
})

export interface LimitsHere {
  limits: z.infer<typeof limitShape>[]
  bulkheads: z.infer<typeof bulkheadShape>[]
}

interface Written {
  owner: LimitOwner
  policies: ProviderPolicies
}

/** Limits that nobody here names are told of when they were used in the last hour. */
const lateMs = 3_600_000

export async function limitsHere(app: App): Promise<LimitsHere> {
  const cells = await app.cells(app.world)
  const now = app.clock.now()
  const kept = cells.list('limit/')
  const owners = new Map((await writtenHere(app)).map((one) => [cellOf(one.owner, 'calls'), one]))
  for (const [name, value] of kept) {
    const owner = ownerOfCell(name)
    const isRecent = isObject(value) && typeof value['at'] === 'number' && Math.abs(now - value['at']) < lateMs
    const isHeld = isObject(value) && isObject(value['holders'])
    if (owner && !owners.has(cellOf(owner, 'calls')) && (isRecent || isHeld))
      owners.set(cellOf(owner, 'calls'), { owner, policies: {} })
  }
  const all = [...owners.values()].toSorted((a, b) => order(a.owner) - order(b.owner) || byName(a.owner, b.owner))
  return {
    limits: all.flatMap((one) => bucketKinds.flatMap((what) => limitOf(one, what, kept, now) ?? [])),
    bulkheads: all.flatMap((one) => bulkheadOf(one, kept, now) ?? []),
  }
}

/** Names of the cells of what has that name; of all, without one. */
export function limitCells(cells: Cells, name: string | undefined): string[] {
  return [...cells.list('limit/').keys()].filter((cell) => name === undefined || ownerOfCell(cell)?.name === name)
}

async function writtenHere(app: App): Promise<Written[]> {
  const config = await app.config()
  config.use('limits')
  const { replicate, models } = configuredLimits(config.spec.limits ?? {}, app.world === 'real')
  const key = app.limitKey(app.world)
  const { agents } = await namedAgents(app)
  return [
    { owner: { kind: 'provider', name: 'replicate', key }, policies: replicate },
    ...Object.entries(models).map(([name, policies]) => ({ owner: { kind: 'model' as const, name, key }, policies })),
    ...agents.flatMap(({ name, definition: { limits, bulkhead } }) => {
      const policies = { ...limits, ...defined({ bulkhead }) }
      return Object.keys(policies).length === 0 ? [] : [{ owner: agentOwner(name, policies), policies }]
    }),
  ]
}

const policyOf = { calls: 'rate', tokens: 'tokens', dollars: 'usd', requests: 'requests' } as const

function limitOf({ owner, policies }: Written, what: BucketKind, kept: ReadonlyMap<string, Json>, now: number) {
  const cell = kept.get(cellOf(owner, what))
  const report = bucketReport(cell, policies[policyOf[what]], now)
  if (!report) return undefined
  const { paused_until, ...rest } = report
  return {
    ...{ kind: owner.kind, name: owner.name, what, ...rest },
    ...(paused_until !== undefined && { paused_until: new Date(paused_until).toISOString() }),
    in_use: cell !== undefined,
  }
}

function bulkheadOf({ owner, policies: { bulkhead } }: Written, kept: ReadonlyMap<string, Json>, now: number) {
  const report = slotReport(kept.get(cellOf(owner, 'slots')), bulkhead?.max_concurrent, now)
  if (!report) return undefined
  const { max_concurrent, holders, waiting } = report
  return {
    ...{ kind: owner.kind, name: owner.name, max_concurrent, waiting },
    ...defined({ max_queue: bulkhead?.max_queue, queue_timeout_ms: bulkhead?.queue_timeout_ms }),
    places: holders.reduce((sum, { places }) => sum + places, 0),
    processes: holders.map(({ places, holder, since }) => ({
      ...{ places, since: new Date(since).toISOString() },
      ...(isObject(holder) && defined({ pid: numberOf(holder['pid']), host: textOf(holder['host']) })),
    })),
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** From what all share to what one has for itself. */
function order({ kind }: LimitOwner): number {
  return kind === 'provider' ? 0 : kind === 'model' ? 1 : 2
}

function byName(a: LimitOwner, b: LimitOwner): number {
  return a.name < b.name ? -1 : Number(a.name > b.name)
}

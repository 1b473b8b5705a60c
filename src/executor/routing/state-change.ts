/** What happens to the router's state, as data: one line each in the log beside the file, and how it is taken in. */
import { z } from 'zod'
import { ownEntry, ownValue } from '../../std/own-entry.ts'
import { entriesOf, known, knownAnywhere } from './known.ts'
import { type ArmRecords, learn, type Learning, learnScore } from './learn.ts'
import { nestedContexts } from './nested-contexts.ts'
import type { ArmEntry, ContextEntry, StateFile, Writer } from './state-shape.ts'
import {
  type ArmRecord,
  correct,
  emptyRecord,
  moveAverages,
  type Observation,
  observe,
  type Sums,
} from './statistics.ts'

/** More of an arm's contexts, the least recently used ones, are forgotten; its total keeps what they added. */
const mostContexts = 1_000
/** So many decisions are remembered to be corrected, and so many not to be counted twice. */
const mostScored = 2_000
const mostSettled = 500
/** Not each change looks through all of them. */
const slack = 1.1
const boundEvery = 50

const place = { agent: z.string(), arm: z.string(), context: z.string() }
const policyShape = z.object({
  ...{ ema_alpha: z.number(), discount: z.number(), change_point: z.boolean(), prior_strength: z.number() },
}) satisfies z.ZodType<Learning>

export const changeShape = z.discriminatedUnion('op', [
  z.object({
    ...{ op: z.literal('observe'), ...place, time: z.number(), decision: z.string().optional() },
    outcome: z.object({
      succeeded: z.boolean(),
      quality: z.number().min(0).max(1).optional(),
      latency_ms: z.number().nonnegative().optional(),
      cost_usd: z.number().nonnegative().nullish(),
    }),
    policy: policyShape,
  }),
  z.object({
    ...{ op: z.literal('feedback'), ...place, time: z.number(), decision: z.string() },
    ...{ by: z.string(), score: z.number().min(0).max(1), policy: policyShape },
  }),
  z.object({
    ...{ op: z.literal('freeze'), agent: z.string(), value: z.number().nonnegative() },
    name: z.enum(['cost_ref_usd', 'latency_slo_ms']),
  }),
])
export type StateChange = z.output<typeof changeShape>
type DerivedEntry = StateFile['derived']['agents'][string][string]
type Feedback = StateFile['feedback'][string]
type References = StateFile['references'][string]
type Of<Op extends StateChange['op']> = Extract<StateChange, { op: Op }>

/** Takes a change in. False: it changed nothing, for it was known already. */
export function applyChange(state: StateFile, change: StateChange): boolean {
  switch (change.op) {
    case 'observe':
      return applyObservation(state, change)
    case 'feedback':
      return applyFeedback(state, change)
    case 'freeze':
      return applyFreeze(state, change)
  }
}

function ownWriter(state: StateFile): Writer {
  return ownEntry(state.writers, state.id, () => ({ revision: 0, agents: {}, forgotten: {} }))
}

function applyObservation(state: StateFile, change: Of<'observe'>): boolean {
  const { arm, decision, policy } = change
  if (decision !== undefined && ownValue(state.settled, decision)) return false
  const outcome = change.outcome as Observation
  const ofModel = ownEntry(state.derived.models, arm, () => knownAnywhere(state, arm).derived)
  const at = teach(
    ...[state, change],
    (records) => learn(records, outcome, policy),
    (record) => observe(record, outcome, policy),
  )
  moveAverages(ofModel, outcome, policy)
  if (decision !== undefined) {
    state.settled[decision] = { at, succeeded: outcome.succeeded }
    if (at % boundEvery === 0) bound(state.settled, mostSettled)
  }
  return true
}

function applyFeedback(state: StateFile, change: Of<'feedback'>): boolean {
  const { agent, arm, decision, by, score, policy } = change
  const kept = ownValue(state.feedback, decision)
  const before = kept && ownValue(kept.scores, by)
  if (before === score) return false
  const { succeeded } = ownValue(state.settled, decision) ?? { succeeded: true }
  const later = { succeeded, quality: score, ...(before !== undefined && { before }) }
  const at = teach(
    ...[state, change],
    (records) => learnScore(records, later, policy),
    (record) => correct(record, later, policy),
  )
  const scored = ownEntry(state.feedback, decision, (): Feedback => ({ at, agent, arm, scores: {} }))
  scored.at = at
  scored.scores[by] = score
  if (at % boundEvery === 0) bound(state.feedback, mostScored)
  return true
}

function applyFreeze(state: StateFile, { agent, name, value }: Of<'freeze'>): boolean {
  const references = ownEntry(state.references, agent, (): References => ({}))
  if (references[name] !== undefined) return false
  references[name] = value
  return true
}

/**
 * Adds to the own sums of an arm and of the contexts that the call was in, and to what is derived from the sums of all
 * writers. Gives the revision.
 */
function teach(
  state: StateFile,
  change: Of<'observe' | 'feedback'>,
  toAll: (records: ArmRecords) => void,
  toOwn: (record: ArmRecord) => void,
): number {
  const { agent, arm } = change
  const contexts = nestedContexts(change.context)
  const derived = derivedAt(state, agent, arm)
  const own = ownWriter(state)
  own.revision += 1
  const entry = entryAt(own, change)
  const sums: Sums[] = [entry.total, ...contexts.map((context) => contextAt(entry, derived, context, own.revision))]
  const entries = entriesOf(state, agent, arm)
  const [all, ...some] = ['', ...contexts].map((context): ArmRecord => {
    const { sums: summed, derived: made } = known(state, agent, arm, context, entries)
    return { sums: summed, derived: context === '' ? derived.total : ownEntry(derived.contexts, context, () => made) }
  })
  const records = { all: all as ArmRecord, contexts: some }
  toAll(records)
  // What several writers know of is a sum made for the moment: the own part of it is kept.
  const summed = [records.all, ...records.contexts]
  sums.forEach((part, at) => {
    if (part !== summed[at]?.sums) toOwn({ sums: part, derived: emptyRecord().derived })
  })
  return own.revision
}

function entryAt(own: Writer, { agent, arm, time }: Of<'observe' | 'feedback'>): ArmEntry {
  const [at, seen] = [own.revision, timeText(time)]
  const { arms } = ownEntry(own.agents, agent, (): Writer['agents'][string] => ({ arms: {} }))
  const entry = ownEntry(arms, arm, () => ({ at, seen, total: emptyRecord().sums, contexts: {} }))
  entry.at = at
  entry.seen = seen
  return entry
}

function contextAt(entry: ArmEntry, derived: DerivedEntry, context: string, at: number): ContextEntry {
  const found = ownValue(entry.contexts, context)
  if (!found) for (const old of bound(entry.contexts, mostContexts)) delete derived.contexts[old]
  const sums = found ?? { at, ...emptyRecord().sums }
  entry.contexts[context] = sums
  sums.at = at
  return sums
}

function derivedAt(state: StateFile, agent: string, arm: string): DerivedEntry {
  const ofAgent = ownEntry(state.derived.agents, agent, (): StateFile['derived']['agents'][string] => ({}))
  return ownEntry(ofAgent, arm, () => ({ total: known(state, agent, arm).derived, contexts: {} }))
}

/** How many more may be added before all of them are looked at: that is not done with every call. */
const room = new WeakMap<object, number>()

/** Removes the entries that were used longest ago; gives their names. To be called with each one that is added. */
function bound(entries: Record<string, { at: number }>, most: number): string[] {
  const left = room.get(entries) ?? 0
  room.set(entries, left - 1)
  if (left > 0) return []
  const names = Object.keys(entries)
  const enough = Math.floor(most * slack)
  if (names.length < enough) {
    room.set(entries, enough - names.length)
    return []
  }
  const ofAge = (name: string): number => entries[name]?.at ?? 0
  const old = names.sort((a, b) => ofAge(a) - ofAge(b)).slice(0, names.length - most)
  for (const name of old) delete entries[name]
  room.set(entries, enough - most)
  return old
}

/** The last instant whose text has a year of four digits; clocks say strange things. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

function timeText(time: number): string {
  return new Date(Math.min(latest, Math.max(0, Math.trunc(time) || 0))).toISOString()
}

/**
 * The state of a token bucket that processes share, and what becomes of it when somebody takes, waits, is refused or
 * corrects. Of units in the bucket and units out on loan there are never more than `burst`, and only the filling adds to
 * them: so no window W sees more than `burst + rate · W` of them go (ruling 47).
 */
import type { RateLimit } from '../../../domain/rate-limit.ts'
import { isObject, type Json } from '../../../std/json.ts'

/** Times are epoch milliseconds: they are shared, and outlive processes. */
export interface BucketState {
  per_minute: number
  burst: number
  /** Units at `at`. Less than none: more was used than taken, and has to come in first. */
  level: number
  at: number
  /** The server refused: nothing goes before. */
  paused?: number
  /** Since it refused: the share of the rate that is kept to, and when the last pause ended. */
  slowed?: readonly [share: number, since: number]
  /** What processes have in hand to give to calls of theirs, at most, and until when. */
  lent: Record<string, readonly [units: number, until: number]>
  /** Processes that wait, in order: whoever has not come `until` then has lost its place. */
  queue: (readonly [process: string, units: number, until: number])[]
}

/** A refusal within so long after the last pause halves the rate; without one, a tenth of the full rate comes back each time. */
const calmMs = 60_000
const leastShare = 0.01
const regained = 0.1
/** How much later than its turn a process may come. */
const graceMs = 1_000
/** A block of units lasts so long, and is what comes in within this time, but no more than this part of the burst. */
export const loanMs = 250
const blockMs = 100
const blockOfBurst = 1 / 16
/** Sums of fractions are that exact. */
const dust = 1e-9

/** The state as it is now, for changing. A clock that was set back stops nothing: times are moved with it. */
export function stateAt(kept: Json | undefined, { per_minute, burst }: RateLimit, now: number): BucketState {
  const state: BucketState = { per_minute, burst, level: burst, at: now, lent: {}, queue: [] }
  return isState(kept) ? bring(kept, state, now) : state
}

/** Brings what is kept into a fresh state. */
function bring(kept: Kept, state: BucketState, now: number): BucketState {
  const ahead = Math.max(0, kept.at - now)
  const paused = (kept.paused ?? 0) - ahead
  if (paused > now) state.paused = paused
  if (kept.slowed) state.slowed = [kept.slowed[0], kept.slowed[1] - ahead]
  const filling = Math.max(0, now - Math.max(kept.at - ahead, paused))
  state.level = kept.level + (filling * state.per_minute * shareAt(state, now - filling)) / 60_000
  if (state.slowed && shareAt(state, now) >= 1 && now >= state.slowed[1] + calmMs) delete state.slowed
  for (const [process, [units, until]] of Object.entries(kept.lent ?? {}))
    if (until - ahead > now) state.lent[process] = [units, until - ahead]
  for (const [process, units, until] of kept.queue ?? [])
    if (until - ahead > now) state.queue.push([process, units, until - ahead])
  state.level = Math.min(state.level, roomIn(state) - onLoan(state))
  return state
}

type Kept = Omit<BucketState, 'lent' | 'queue'> & Partial<Pick<BucketState, 'lent' | 'queue'>>

function isState(kept: unknown): kept is Kept {
  return isObject(kept) && typeof kept['level'] === 'number' && typeof kept['at'] === 'number'
}

/** What it is kept as: nothing that says nothing. */
export function keptAs({ lent, queue, ...rest }: BucketState): Json {
  const kept: Kept = rest
  if (Object.keys(lent).length > 0) kept.lent = lent
  if (queue.length > 0) kept.queue = queue
  return kept as unknown as Json
}

/** The share of the rate that is kept to. */
export function shareAt({ slowed }: Pick<BucketState, 'slowed'>, now: number): number {
  if (!slowed) return 1
  const [share, since] = slowed
  return Math.min(1, share + regained * Math.floor(Math.max(0, now - since) / calmMs))
}

/** How much it holds at most. */
function roomIn(state: BucketState): number {
  return Math.max(state.burst * shareAt(state, state.at), Math.min(1, state.burst))
}

function onLoan({ lent }: BucketState): number {
  let sum = 0
  for (const process in lent) sum += lent[process]?.[0] ?? 0
  return sum
}

/** What a call takes before it begins: one that needs more than the bucket holds goes when it is full. */
function takenFor(state: BucketState, units: number): number {
  return Math.min(units, roomIn(state))
}

/** Milliseconds until a process may take so much, after those who came before it; 0: now. */
export function waitFor(state: BucketState, units: number, process: string): number {
  const { queue, level, at, paused = at } = state
  const wanted = takenFor(state, units)
  let missing = wanted - level
  for (const [who, theirs] of queue) {
    if (who === process) break
    missing += theirs
  }
  if (missing <= dust && paused <= at) return 0
  const perMs = (state.per_minute * shareAt(state, at)) / 60_000
  // What is out on loan leaves no room for so much.
  const loans = roomIn(state) - onLoan(state) < wanted ? loanMs : 0
  return Math.max(1, loans, Math.ceil(paused - at + Math.max(0, missing) / perMs))
}

/** Takes what `waitFor` allowed; gives how much that is. */
export function takeFrom(state: BucketState, units: number, process: string): number {
  const taken = takenFor(state, units)
  state.level -= taken
  leaveQueue(state, process)
  return taken
}

/** The process comes back in `wait` milliseconds: nobody who comes later goes before it. */
export function queueIn(state: BucketState, units: number, process: string, wait: number): void {
  const place = [process, takenFor(state, units), state.at + wait + graceMs] as const
  const known = state.queue.findIndex(([who]) => who === process)
  if (known < 0) state.queue.push(place)
  else state.queue[known] = place
}

export function leaveQueue(state: BucketState, process: string): void {
  state.queue = state.queue.filter(([who]) => who !== process)
}

/** Gives the process a block to spend within `loanMs` without asking; 0 where it is to ask each time. */
export function lend(state: BucketState, units: number, process: string): number {
  const { burst, per_minute, level, at } = state
  delete state.lent[process]
  const block = Math.min(burst * blockOfBurst, (per_minute / 60_000) * blockMs)
  const isCalm = state.queue.length === 0 && !state.slowed && state.paused === undefined
  if (!isCalm || block < 2 * units || level < block || onLoan(state) + block > burst / 2) return 0
  state.level -= block
  state.lent[process] = [block, at + loanMs]
  return block
}

/** What a process has left of its block. */
export function giveBack(state: BucketState, units: number, process: string): void {
  delete state.lent[process]
  correct(state, -units)
}

/** So much more was used than taken; less than 0: less. */
export function correct(state: BucketState, units: number): void {
  state.level = Math.min(state.level - units, roomIn(state) - onLoan(state))
}

/**
 * The server refused (429): nothing goes for so long, and then at the rate, without a burst. When it refuses again soon
 * after, the rate is halved. `allowed`: what it said that it lets through in a minute.
 */
export function pause(state: BucketState, ms: number, allowed?: number): void {
  const { at, slowed, paused } = state
  const until = Math.max(paused ?? 0, at + Math.max(0, ms))
  // What was on its way when it refused is refused, too: the same refusal, as long as the pause lasts.
  const isAgain = paused === undefined && slowed !== undefined && at < slowed[1] + calmMs
  const told = allowed === undefined ? 1 : allowed / (state.per_minute + state.burst)
  const share = Math.min(told, shareAt(state, at) / (isAgain ? 2 : 1))
  state.slowed = [Math.max(leastShare, share), until]
  state.paused = until
  state.level = Math.min(state.level, 0)
}

/** Makes an attempt, and where it takes long, the same once more: the first answer wins, and the others are called off. */
import { CancelledError } from '../domain/errors.ts'
import type { HedgePolicy } from '../domain/hedge.ts'
import { stopsRun } from './failure.ts'
import type { Judged } from './judged.ts'
import { closePurse, type Purse } from './reservation.ts'
import { innerSignal } from './resilience/retry/timeout.ts'
import type { Tries, Turn, Work } from './work.ts'

/** An attempt that has ended, and is not settled yet. */
export interface Tried {
  tries: Tries
  end: Judged
  latency_ms: number
}

export interface Race {
  /** The one that counts; undefined: a breaker kept it from being made. */
  first: Tried | undefined
  /** Those that were made beside it. */
  others: Tried[]
}

export type Go = (work: Work, turn: Turn, tries: Tries) => Promise<Tried | undefined>

/** `mayHedge` is asked before each further call, with how many were made. */
export async function hedged(
  work: Work,
  turn: Turn,
  tries: Tries,
  go: Go,
  mayHedge: (made: number) => boolean,
): Promise<Race> {
  const { hedge } = turn.candidate
  const after = hedge && !tries.open && turn.target.idempotent ? work.latencies(turn.candidate).after(hedge) : undefined
  if (!hedge || after === undefined) return { first: await go(work, turn, tries), others: [] }
  return race(work, turn, tries, go, { hedge, after, mayHedge })
}

interface Rules {
  hedge: HedgePolicy
  /** Milliseconds. */
  after: number
  mayHedge: (made: number) => boolean
}

interface Racer {
  /** Never rejects: what it throws is news, too. */
  over: Promise<Tried | undefined>
  callOff(): void
}

type News = 'late' | { racer: Racer; ended: Tried | undefined } | { error: unknown }

async function race(work: Work, turn: Turn, tries: Tries, go: Go, rules: Rules): Promise<Race> {
  const { hedge, after, mayHedge } = rules
  const running = new Set<Racer>()
  const done: Tried[] = []
  const over = new AbortController()
  const inbox = createInbox<News>()
  let made = 0
  // Its time begins when it is sent, whatever it waited for before.
  const sent = () =>
    void work.clock.sleep(after, over.signal).then(
      () => inbox.post('late'),
      () => {},
    )
  const start = (own: Tries): void => {
    running.add(startRacer(work, turn, { ...own, sent }, go, inbox.post))
    made += 1
  }
  start(tries)
  try {
    while (running.size > 0) {
      const news = await inbox.next()
      if (news === 'late') {
        // Counted as one that had failed before: a breaker that refuses it is no news of this call.
        if (made <= hedge.max && mayHedge(made)) start({ ...tries, entered: false, failures: tries.failures + 1 })
        continue
      }
      if ('error' in news) throw news.error
      running.delete(news.racer)
      const { ended } = news
      if (!ended || (running.size > 0 && isNothing(ended))) continue
      if (ended.end.status === 'succeeded') {
        for (const racer of running) racer.callOff()
        const late = await Promise.all([...running].map((racer) => racer.over))
        return {
          first: ended,
          others: [...done, ...late.filter((one) => one !== undefined && !isNothing(one))] as Tried[],
        }
      }
      done.push(ended)
    }
    const first = done.findLast(({ end }) => end.status === 'failed' && stopsRun(end.failure)) ?? done.at(-1)
    return { first, others: done.filter((one) => one !== first) }
  } finally {
    over.abort()
    for (const racer of running) racer.callOff()
  }
}

/** Nothing was sent, so that there is nothing to settle. */
function isNothing({ end }: Tried): boolean {
  return end.status !== 'succeeded' && end.open === undefined && end.took_ms === undefined
}

function startRacer(work: Work, turn: Turn, tries: Tries, go: Go, post: (news: News) => void): Racer {
  const { deadline } = work
  const inner = innerSignal(deadline.signal)
  // What is set aside for one of them is not what is for another.
  const purse: Purse = new Map()
  const own = { ...work, purse, deadline: { signal: inner.signal, at: deadline.at, end: () => {} } }
  const going = go(own, turn, tries).finally(() => closePurse(purse))
  const racer: Racer = {
    over: going.then(
      (ended) => {
        inner.release()
        post({ racer, ended })
        return ended
      },
      (error: unknown) => {
        inner.release()
        post({ error })
        return undefined
      },
    ),
    callOff: () => inner.abort(new CancelledError('another answer to the same call came first')),
  }
  return racer
}

function createInbox<T>(): { post(one: T): void; next(): Promise<T> } {
  const waiting: T[] = []
  let wake = () => {}
  return {
    post(one) {
      waiting.push(one)
      wake()
    },
    async next() {
      while (waiting.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
      }
      return waiting.shift() as T
    },
  }
}

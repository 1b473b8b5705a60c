/**
 * One SQLite connection that everybody in the process shares: writes stand in a queue, and small ones that wait
 * together are committed together.
 *
 * 1. A write resolves after the commit it was in, never before; a commit that fails fails everyone in it.
 * 2. A write that is refused (it threw a ReplicateAgentError, before it wrote anything) fails alone.
 * 3. Nobody reads what is not committed: reads wait for an open transaction.
 * 4. The event loop gets a turn every few operations, however busy the callers are: nothing here waits by itself.
 * 5. While another process wants the database, too, it is left free for a moment every few commits.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { ReplicateAgentError, StoreError } from '../../../domain/errors.ts'
import { deferred } from '../../../std/deferred.ts'
import { storeError } from './failure.ts'
import { type Patience, shortSleep, whenFree } from './when-free.ts'

/**
 * Small: runs at once and may share a commit. Whole: has a transaction to itself, and may wait within it. Alone: runs at
 * once, between transactions.
 */
type Write =
  | { kind: 'small'; work: () => unknown }
  | { kind: 'whole'; work: () => Promise<unknown> }
  | { kind: 'alone'; work: () => unknown }
type Waiting = Write & { resolve(value: unknown): void; reject(reason: unknown): void }
type Outcome = { ok: true; value: unknown } | { ok: false; reason: unknown }

const operationsPerTurn = 16
const commitsInARow = 16
/** Bounds how long one commit can hold the lock. */
const writesPerCommit = 200

export class Connection {
  readonly #database: DatabaseSync
  readonly #patience: Patience
  readonly #statements = new Map<string, StatementSync>()
  #queue: Waiting[] = []
  #draining: Promise<void> | undefined
  /** Settles when the transaction that is open across awaits has ended. */
  #open: Promise<void> | undefined
  #operations = 0
  #commits = 0
  /** Another process had the database when we wanted it, since we last gave way. */
  #wanted = false
  #closed = false

  constructor(database: DatabaseSync, patience: Patience) {
    this.#database = database
    this.#patience = patience
  }

  /** Prepared once a text. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const fresh = this.#database.prepare(sql)
    this.#statements.set(sql, fresh)
    return fresh
  }

  /** Runs something that only reads, when nothing uncommitted can be seen (3). */
  async read<T>(work: () => T): Promise<T> {
    await this.#breathe()
    while (this.#open) await this.#open
    return whenFree(work, this.#patience)
  }

  /** A write that needs no waiting within: it shares a commit with others. It refuses before its first change (2). */
  small<T>(work: () => T): Promise<T> {
    return this.#enqueue({ kind: 'small', work }) as Promise<T>
  }

  /** A write in a transaction of its own; `work` may wait, but for this connection's statements only. */
  whole<T>(work: () => Promise<T>): Promise<T> {
    return this.#enqueue({ kind: 'whole', work }) as Promise<T>
  }

  /** For what SQLite refuses inside of a transaction. */
  alone<T>(work: () => T): Promise<T> {
    return this.#enqueue({ kind: 'alone', work }) as Promise<T>
  }

  /** Waits for the writes that were asked for, then closes. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#draining
    while (this.#open) await this.#open
    this.#statements.clear()
    this.#database.close()
  }

  #enqueue(write: Write): Promise<unknown> {
    if (this.#closed) return Promise.reject(new StoreError('store', `the store ${this.#patience.file} is closed`))
    const { promise, resolve, reject } = deferred<unknown>()
    this.#queue.push({ ...write, resolve, reject })
    this.#draining ??= this.#drain()
    return promise
  }

  async #drain(): Promise<void> {
    // Whatever is asked for in the same tick gets into the first commit.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      await this.#commitNext()
      await this.#breathe()
      await this.#giveWay()
    }
    this.#draining = undefined
  }

  async #breathe(): Promise<void> {
    this.#operations += 1
    if (this.#operations % operationsPerTurn === 0) await turn()
  }

  /** Sleepers elsewhere would hardly ever find the gaps between our commits; a lone process never pauses (5). */
  async #giveWay(): Promise<void> {
    this.#commits += 1
    if (!this.#wanted || this.#commits % commitsInARow !== 0) return
    this.#wanted = false
    await shortSleep(this.#patience)
  }

  async #commitNext(): Promise<void> {
    if (this.#queue[0]?.kind === 'alone') return this.#runAlone(this.#queue.shift() as Waiting & { kind: 'alone' })
    try {
      await whenFree(
        () => this.statement('begin immediate').run(),
        this.#patience,
        () => {
          this.#wanted = true
        },
      )
    } catch (error) {
      // Nobody behind would fare better, and each would wait as long.
      for (const write of this.#queue.splice(0)) write.reject(error)
      return
    }
    // Taken only now: who came while the database was busy is in it, too.
    const whole = this.#queue.findIndex((write) => write.kind !== 'small')
    if (whole === 0) return this.#commitWhole(this.#queue.shift() as Waiting & { kind: 'whole' })
    const together = this.#queue.splice(0, Math.min(whole < 0 ? this.#queue.length : whole, writesPerCommit))
    this.#commitSmall(together as (Waiting & { kind: 'small' })[])
  }

  async #runAlone({ work, resolve, reject }: Waiting & { kind: 'alone' }): Promise<void> {
    try {
      resolve(await whenFree(work, this.#patience))
    } catch (error) {
      reject(error)
    }
  }

  #commitSmall(together: readonly (Waiting & { kind: 'small' })[]): void {
    try {
      const outcomes = together.map(({ work }) => attempt(work))
      this.statement('commit').run()
      for (const [at, { resolve, reject }] of together.entries()) {
        const outcome = outcomes[at] as Outcome
        if (outcome.ok) resolve(outcome.value)
        else reject(outcome.reason)
      }
    } catch (error) {
      this.#rollBack()
      for (const { reject } of together) reject(storeError(error, this.#patience.file))
    }
  }

  async #commitWhole({ work, resolve, reject }: Waiting & { kind: 'whole' }): Promise<void> {
    const over = deferred()
    this.#open = over.promise
    try {
      const value = await work()
      this.statement('commit').run()
      resolve(value)
    } catch (error) {
      this.#rollBack()
      reject(storeError(error, this.#patience.file))
    } finally {
      this.#open = undefined
      over.resolve()
    }
  }

  #rollBack(): void {
    try {
      // SQLite has rolled back by itself after some errors (a full disk among them).
      if (this.#database.isTransaction) this.#database.exec('rollback')
    } catch {
      // The error that led here says more; what was not committed is never read again.
    }
  }
}

/** Only a refusal is an outcome; an error of the database ends the transaction. */
function attempt(work: () => unknown): Outcome {
  try {
    return { ok: true, value: work() }
  } catch (reason) {
    if (reason instanceof ReplicateAgentError) return { ok: false, reason }
    throw reason
  }
}

/**
 * Equal calls in flight are made once: in this process, and among the processes that share cells. Who makes the call
 * holds a claim with who it is; the others look every now and then whether it is over, or its holder gone.
 *
 * 1. A claim is given back after what was kept is on disk, so that who waited finds it.
 * 2. Nobody waits for a process that is gone or stopped, nor for longer than `longestMs`.
 */
import type { Cells } from '../../../std/cells.ts'
import type { Clock } from '../../../std/clock.ts'
import { isObject, type Json } from '../../../std/json.ts'

export interface SharedFlights {
  cells(): Promise<Cells>
  /** This process, as the others know it. */
  holder: Json
  /** Whether a process that has a claim may still be at it. */
  isAtWork(holder: Json): boolean
}

const pollMs = 50
const longestMs = 15 * 60_000
const prefix = 'cache/flight/'
const cellOf = (key: string): string => prefix + key

export class CacheClaims {
  readonly #shared: SharedFlights
  readonly #clock: Clock
  #cells: Cells | undefined
  readonly #mine = new Set<string>()
  readonly #over = new Set<string>()

  constructor(shared: SharedFlights, clock: Clock) {
    this.#shared = shared
    this.#clock = clock
  }

  /** Resolves with true when the call is ours to make, with false when another process has just been at it. Rejects as the signal does. */
  async claim(key: string, signal: AbortSignal): Promise<boolean> {
    const cells = (this.#cells ??= await this.#shared.cells())
    const cell = cellOf(key)
    this.#over.delete(cell)
    const taken = await cells.change([cell], ([before]) =>
      this.#isHeld(before)
        ? { after: [], result: false }
        : { after: [{ holder: this.#shared.holder, at: this.#clock.now() }], result: true },
    )
    if (taken) this.#mine.add(cell)
    else while (this.#isHeld(cells.get(cell))) await this.#clock.sleep(pollMs, signal)
    return taken
  }

  /** Whether it is ours; then it is given back with the next batch (1). */
  over(key: string): boolean {
    const cell = cellOf(key)
    if (!this.#mine.delete(cell)) return false
    this.#over.add(cell)
    return true
  }

  async giveBack(): Promise<void> {
    const names = [...this.#over]
    this.#over.clear()
    if (names.length === 0) return
    const own = JSON.stringify(this.#shared.holder)
    await this.#cells?.change(names, (before) => ({
      after: before.map((claim) => (isObject(claim) && JSON.stringify(claim['holder']) === own ? undefined : claim)),
      result: undefined,
    }))
  }

  /** Takes away what processes left that are gone. */
  async tidy(): Promise<void> {
    const left = [...(this.#cells?.list(prefix) ?? [])].filter(([, claim]) => !this.#isHeld(claim))
    if (left.length === 0) return
    await this.#cells?.change(
      left.map(([name]) => name),
      (before) => ({ after: before.map((claim) => (this.#isHeld(claim) ? claim : undefined)), result: undefined }),
    )
  }

  /** By another process (2). */
  #isHeld(claim: Json | undefined): boolean {
    if (!isObject(claim)) return false
    const { holder = null, at } = claim as { holder?: Json; at?: Json }
    if (JSON.stringify(holder) === JSON.stringify(this.#shared.holder)) return false
    return Math.abs(this.#clock.now() - Number(at)) < longestMs && this.#shared.isAtWork(holder)
  }
}

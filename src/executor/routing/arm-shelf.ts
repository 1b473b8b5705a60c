/** Records of one arm by context. Those along a key are gathered once, for choices ask for the same ones again and again. */
import { nestedContexts } from './nested-contexts.ts'
import type { ArmRecord } from './statistics.ts'

export class ArmShelf {
  readonly #records = new Map<string, ArmRecord>()
  readonly #make: (context: string) => ArmRecord
  #key: string | undefined
  #along: readonly ArmRecord[] = []

  /** `make`: what is kept of a context that was not asked for before; '' is all of them. */
  constructor(make: (context: string) => ArmRecord) {
    this.#make = make
  }

  of(context: string): ArmRecord {
    const known = this.#records.get(context)
    if (known) return known
    const made = this.#make(context)
    this.#records.set(context, made)
    return made
  }

  along(key: string): readonly ArmRecord[] {
    if (this.#key !== key) {
      this.#key = key
      this.#along = ['', ...nestedContexts(key)].map((context) => this.of(context))
    }
    return this.#along
  }
}

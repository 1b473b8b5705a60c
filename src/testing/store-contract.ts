/** What every store must do: one suite, run over each backend with the test runner's own `describe` and `it`. */
import type { Store } from '../state/store/contract.ts'
import type { Clock } from '../std/clock.ts'
import { eagerClock } from './eager-clock.ts'
import { addingPromises } from './store-adds.ts'
import { cachingPromises } from './store-caches.ts'
import { drivingPromises } from './store-drives.ts'
import { keepingPromises } from './store-keeps.ts'
import { removingPromises } from './store-removes.ts'

/** The part of a test runner (vitest, node:test, jest) that the suite uses. */
export interface SuiteRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

export interface OpenedStore {
  store: Store
  /** The same data by a second connection, as another process has it. The suite closes it. */
  another(): Promise<Store>
  /** Closes and removes everything. */
  remove(): Promise<void>
}

/** `open` makes a store that is empty. */
export function storeContract(name: string, runner: SuiteRunner, open: (clock: Clock) => Promise<OpenedStore>): void {
  runner.describe(`${name}, as a store`, () => {
    for (const [title, body] of Object.entries({
      ...keepingPromises,
      ...drivingPromises,
      ...removingPromises,
      ...addingPromises,
      ...cachingPromises,
    })) {
      runner.it(title, async () => {
        const clock = eagerClock()
        const opened = await open(clock)
        const others: Store[] = []
        const another = async (): Promise<Store> => {
          const store = await opened.another()
          others.push(store)
          return store
        }
        try {
          await body({ store: opened.store, another, clock })
        } finally {
          for (const store of others) await store.close()
          await opened.remove()
        }
      })
    }
  })
}

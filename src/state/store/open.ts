/** Opens a store by its URL; without one, the file `store.db` in the home folder. */
import type { Clock } from '../../std/clock.ts'
import type { Random } from '../../std/random.ts'
import { findBackend } from './backends.ts'
import type { Store } from './contract.ts'

export interface OpenStoreOptions {
  /** Such as `sqlite:PATH`. */
  url?: string
  /** The state folder; made, for its owner only, when it is not there. */
  home: string
  /**
   * `full`: what was acknowledged survives power loss. `normal`: it survives the end of any process, not of the machine.
   * `none`: as normal, but the file itself may not survive the end of the machine.
   */
  durability: 'full' | 'normal' | 'none'
  clock: Clock
  random: Random
}

/** Makes the store where there is none, and brings an older one up to date. Throws StoreError. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { url, backend } = findBackend(options)
  return backend.open(url, options)
}

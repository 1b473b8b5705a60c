import { describe, it } from 'vitest'
import { openStore } from '../../src/state/store/open.ts'
import { seededRandom } from '../../src/std/random.ts'
import { storeContract } from '../../src/testing/store-contract.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'

for (const durability of ['full', 'normal', 'none'] as const) {
  storeContract(`SQLite (${durability})`, { describe, it }, async (clock) => {
    const folder = await temporaryFolder()
    const open = () => openStore({ home: folder.path, durability, clock, random: seededRandom(1) })
    const store = await open()
    return {
      store,
      another: open,
      async remove() {
        await store.close()
        await folder.remove()
      },
    }
  })
}

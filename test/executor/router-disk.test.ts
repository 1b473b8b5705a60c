/** The router's file on a disk that is full, or may not be written. */
import { writeFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { defaultRouting } from '../../src/domain/routing.ts'
import { openRouterState } from '../../src/executor/routing/state-file.ts'
import { seededRandom } from '../../src/std/random.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { mountSmallDisk } from '../small-disk.ts'

const canMount = await temporaryFolder().then(async (folder) => {
  await using _ = folder
  const disk = await mountSmallDisk(folder.file('disk'), 65_536)
  disk?.remove()
  return disk !== undefined
})

function opened(file: string, seed: number) {
  const warnings: string[] = []
  const more = { clock: virtualClock(), random: seededRandom(seed), warn: (text: string) => void warnings.push(text) }
  return openRouterState({ file, durability: 'full', ...more }).then((state) => ({ state, warnings }))
}

describe.skipIf(!canMount)('a disk', () => {
  test('that is full is told of once; what was observed meanwhile is kept when there is room again', async () => {
    await using folder = await temporaryFolder()
    const disk = await mountSmallDisk(folder.file('disk'), 128 * 1024)
    try {
      const file = folder.file('disk', 'router-state.json')
      const { state, warnings } = await opened(file, 1)
      const call = () => state.observe('writer', 'a/b:1', 'step=a', { succeeded: true }, defaultRouting)
      call()
      await state.flushed()
      const fill = () => writeFileSync(folder.file('disk', 'rest'), Buffer.alloc(256 * 1024))
      expect(fill).toThrow('ENOSPC')
      // The last page of the log may still have room.
      for (let at = 0; at < 100; at += 1) {
        call()
        await state.flushed()
      }
      expect(state.turn('writer')).toBe(101)
      expect(warnings).toEqual([expect.stringMatching(/what the router learns is not kept: ENOSPC/)])
      const during = await opened(file, 2)
      const kept = during.state.turn('writer')
      expect(kept).toBeGreaterThanOrEqual(1)
      expect(kept).toBeLessThan(101)
      await rm(folder.file('disk', 'rest'))
      await state.close()
      expect((await opened(file, 3)).state.turn('writer')).toBe(101)
      expect(warnings).toHaveLength(1)
    } finally {
      disk?.remove()
    }
  })

  test('that may only be read is told of once, and nothing on it changes', async () => {
    await using folder = await temporaryFolder()
    const disk = await mountSmallDisk(folder.file('disk'), 128 * 1024)
    try {
      const file = folder.file('disk', 'router-state.json')
      const before = await opened(file, 1)
      before.state.observe('writer', 'a/b:1', '', { succeeded: true }, defaultRouting)
      await before.state.close()
      const names = await readdir(folder.file('disk'))
      disk?.readOnly()
      const { state, warnings } = await opened(file, 2)
      for (let at = 0; at < 3; at += 1) {
        state.observe('writer', 'a/b:1', '', { succeeded: true }, defaultRouting)
        await state.flushed()
      }
      expect(state.turn('writer')).toBe(4)
      await state.close()
      expect(warnings).toHaveLength(1)
      expect(await readdir(folder.file('disk'))).toEqual(names)
      expect((await opened(file, 3)).state.turn('writer')).toBe(1)
    } finally {
      disk?.remove()
    }
  })
})

/** Where the versions of a world's models come from: the project's lock file, a recording's, or only what is current. */
import { join, resolve } from 'node:path'
import { officialVersion, type VersionChooser } from '../../domain/version-pin.ts'
import type { Clock } from '../../std/clock.ts'
import { recordedLock } from '../../targets/replicate/recording/format.ts'
import { replayFolder, type World } from '../app.ts'
import { lockedAs } from './locked-as.ts'
import { lockPlace } from './lock-place.ts'
import { createLockStore, type LockStore } from './lock-store.ts'
import { createVersionChooser } from './version-chooser.ts'

export interface PinsOptions {
  cwd: string
  /** The project's configuration. */
  configFile: string | undefined
  clock: Clock
  frozen: boolean
  /** The folder that exchanges are recorded into. */
  recordFolder: string | undefined
  /** A trial run has no project. */
  isTrial: boolean
  warn(message: string): void
}

export interface Pins {
  lock(world: World): Promise<LockStore | undefined>
  /** Undefined: the version that is current. */
  chooser(world: World): Promise<VersionChooser | undefined>
}

export function openPins(options: PinsOptions): Pins {
  const { cwd, clock, frozen, recordFolder, warn } = options
  const locks = new Map<World, Promise<LockStore | undefined>>()

  async function lockOf(world: World): Promise<LockStore | undefined> {
    if (options.isTrial || (world !== 'real' && world !== 'sandbox')) return undefined
    return createLockStore(await lockPlace(cwd, options.configFile, world), clock)
  }

  const pins: Pins = {
    lock(world) {
      const known = locks.get(world) ?? lockOf(world)
      locks.set(world, known)
      return known
    },
    async chooser(world) {
      const replayed = replayFolder(world)
      if (replayed !== undefined) return replayedVersions(createLockStore(join(replayed, recordedLock), clock))
      const lock = await pins.lock(world)
      const chooser = lock && createVersionChooser({ lock, frozen, clock, warn })
      if (!chooser || recordFolder === undefined) return chooser
      return recordedVersions(chooser, createLockStore(join(resolve(cwd, recordFolder), recordedLock), clock), options)
    },
  }
  return pins
}

/** What the run took that was recorded; models whose version was asked for are asked for again. */
function replayedVersions(lock: LockStore): VersionChooser {
  return {
    async choose(model, _pin, versions, signal) {
      const { models } = await lock.read()
      return models.get(model)?.version ?? (await versions.current(model, signal)).version
    },
  }
}

/** Keeps with the recording what the lock file said, which nothing in its exchanges tells. */
function recordedVersions(chooser: VersionChooser, lock: LockStore, { clock, frozen }: PinsOptions): VersionChooser {
  return {
    async choose(model, pin, versions, signal) {
      const version = await chooser.choose(model, pin, versions, signal)
      if (pin === 'latest' && !frozen) return version
      // The recording begins with its first exchange, and what was in the folder goes then.
      const facts =
        version === officialVersion ? await versions.current(model, signal) : await versions.get(model, version, signal)
      await lock.update((models) => void models.set(model, lockedAs({ ...facts, version }, clock.now())))
      return version
    },
  }
}

/** Where a world's models are: at Replicate, in the sandbox, or in a recording. */
import { resolve } from 'node:path'
import type { Clock } from '../std/clock.ts'
import type { Replayer } from '../targets/replicate/recording/replayer.ts'
import type { ReplicateOptions } from '../targets/replicate/options.ts'
import { replayFolder, type World } from './app.ts'

export interface PlaceOptions {
  world: World
  cwd: string
  clock: Clock
  token: string
  baseUrl: string | undefined
  /** Keeps every exchange in this folder. */
  record?: RecordChoice | undefined
  sandboxUrl(): Promise<string>
}

export interface RecordChoice {
  folder: string
  /** Goes on with the recording that is there, for a run that goes on. */
  continues: boolean
}

/** Nobody's tokens, and no words: they are masked wherever an answer has them. */
const sandboxToken = 'r8_sandbox'
const replayToken = 'r8_replay'

/** Throws UsageError or ConfigurationError when the folder of a recording can't be used. */
export async function replicatePlace(
  options: PlaceOptions,
): Promise<Pick<ReplicateOptions, 'token' | 'baseUrl' | 'wire'> & Partial<Pick<Replayer, 'calledNext'>>> {
  const { world, cwd, clock, record } = options
  const folder = replayFolder(world)
  if (folder !== undefined) {
    const { openReplayer } = await import('../targets/replicate/recording/replayer.ts')
    return { token: replayToken, ...(await openReplayer(folder, clock)) }
  }
  const place =
    world === 'sandbox'
      ? { token: sandboxToken, baseUrl: await options.sandboxUrl() }
      : { token: options.token, baseUrl: options.baseUrl }
  if (!record) return place
  const { openRecorder } = await import('../targets/replicate/recording/recorder.ts')
  const { createWire } = await import('../targets/replicate/wire.ts')
  const { officialUrl } = await import('../targets/replicate/options.ts')
  const wire = await openRecorder(createWire(), {
    ...record,
    folder: resolve(cwd, record.folder),
    token: place.token,
    baseUrl: new URL(place.baseUrl ?? officialUrl).href,
    clock,
  })
  return { ...place, wire }
}

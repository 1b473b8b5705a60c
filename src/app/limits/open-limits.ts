/** What holds the calls of a world back, as the configuration and Replicate say. */
import { existsSync } from 'node:fs'
import type { Config } from '../../config/config.ts'
import { configuredLimits } from '../../config/limits.ts'
import { type CallLimitsOf, createCallLimits, noLimits } from '../../executor/resilience/limits/call-limits.ts'
import { probeHolder, thisHolder } from '../../state/store/holder.ts'
import type { LeaseHolder } from '../../state/store/contract.ts'
import { type Cells, createMemoryCells } from '../../std/cells.ts'
import type { Clock } from '../../std/clock.ts'
import { timeSortedId } from '../../std/ids.ts'
import type { Json } from '../../std/json.ts'
import type { Random } from '../../std/random.ts'
import { replayFolder, type World } from '../app.ts'
import { limitKey } from './limit-key.ts'

export interface LimitsParts {
  /** Of the cells. */
  home: string
  world: World
  /** What is thrown away at the end waits for nobody; neither does a replay. */
  isTrial: boolean
  config: Config | undefined
  /** Calls with the same one share the limits of the provider. */
  token: string
  cells(): Promise<Cells>
  clock: Clock
  random: Random
}

/** Throws ProblemsError when the configuration is wrong. */
export function openLimits({ home, world, isTrial, config, token, cells, clock, random }: LimitsParts): CallLimitsOf {
  if (isTrial || replayFolder(world) !== undefined) return noLimits
  config?.use('limits')
  const { replicate, models } = configuredLimits(config?.spec.limits ?? {}, world === 'real')
  const own = createMemoryCells()
  const parts = {
    // Where nothing was ever run, looking around (a dry run, `doctor`) makes no folder; a run has made its store before.
    cells: async () => (existsSync(home) ? cells() : own),
    clock,
    process: `${process.pid}-${timeSortedId(clock.now(), random)}`,
    self: () => thisHolder() as unknown as Json,
    isGone,
  }
  return createCallLimits({ providers: { replicate: { ...replicate, key: limitKey(world, token) } }, models }, parts)
}

function isGone(holder: Json): boolean | undefined {
  const life = probeHolder(holder as unknown as LeaseHolder)
  return life === 'elsewhere' ? undefined : life === 'gone'
}

/** Where an app keeps things: what whoever makes it says, over the environment, over the configuration. */
import { resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Env } from '../config/discover.ts'
import { stateFolder } from '../config/places.ts'
import type { App } from './app.ts'

export interface StorePlaceOptions {
  cwd: string
  home?: string
  checkpointDir?: string
  storeUrl?: string
  durability?: App['durability']
}

export function storePlace(
  { cwd, home, checkpointDir, storeUrl, durability }: StorePlaceOptions,
  env: Env,
  config: Pick<Config, 'store'> | undefined,
): Pick<App, 'home' | 'storeUrl' | 'durability' | 'given'> {
  const { store = {} } = config ?? {}
  const folder = checkpointDir ?? home
  // What can be carried elsewhere is whole in its folder.
  const url = storeUrl ?? (checkpointDir === undefined ? store.url : undefined)
  const given = { 'store.home': folder, 'store.url': storeUrl ?? checkpointDir, 'store.durability': durability }
  return {
    home: resolve(cwd, folder ?? stateFolder(env, cwd, store.home)),
    storeUrl: url,
    durability: durability ?? store.durability ?? 'full',
    given: new Set(Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [key]))),
  }
}

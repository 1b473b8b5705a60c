/** What every plugin must do, as tests for its author to run: `testPlugin(plugin, {options})`. */
import { describe, expect, it } from 'vitest'
import { withSettings } from '../app/plugins/configured.ts'
import { tryPlugin } from '../app/plugins/try-plugin.ts'
import { NonRetryableError } from '../domain/errors.ts'
import type { Plugin } from '../plugins/plugin.ts'
import { systemClock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'

export interface TestedPlugin {
  /** That it takes. */
  options?: JsonObject
  /** That it must not take, each with its own fault. */
  badOptions?: readonly JsonObject[]
  /** What paths in its options are relative to. */
  folder?: string
}

/** Registers the suite for one plugin. */
export function testPlugin(plugin: Plugin, { options = {}, badOptions = [], folder = '.' }: TestedPlugin = {}): void {
  const loaded = async () => {
    const settings = await withSettings(plugin, { options })
    if ('faults' in settings)
      throw new NonRetryableError('invalid_config', settings.faults.map(({ message }) => message).join('; '))
    return { ...settings, plugin, folder, source: undefined }
  }
  describe(`the plugin ${plugin.name}`, () => {
    it('takes its options', async () => {
      await loaded()
    })

    it.each(badOptions.map((bad) => [JSON.stringify(bad), bad] as const))('refuses the options %s', async (_, bad) => {
      expect(await withSettings(plugin, { options: bad })).toHaveProperty('faults')
    })

    it('refuses options that nobody knows', async () => {
      expect(await withSettings(plugin, { options: { ...options, nobody_knows_this: 1 } })).toHaveProperty('faults')
    })

    it('gives back what may be given back, in its time, from setting up to tearing down', async () => {
      const { faults, tried } = await tryPlugin(await loaded(), systemClock)
      expect(faults).toEqual([])
      expect(tried.length).toBeGreaterThan(0)
    })

    it('does the same for the same call, which may be taken up after a crash', async () => {
      const runs = [await tryPlugin(await loaded(), systemClock), await tryPlugin(await loaded(), systemClock)]
      const [first, second] = runs.map(({ tried }) => tried.map(({ hook, outcome }) => `${hook} ${outcome}`))
      expect(second).toEqual(first)
    })
  })
}

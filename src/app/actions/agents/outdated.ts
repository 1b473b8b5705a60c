/** What was published of locked models since. */
import { z } from 'zod'
import { versionPins } from '../../../domain/version-pin.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { compareLocked } from '../../pins/compare-locked.ts'
import { lockedNames, modelsHere } from '../../pins/models-here.ts'
import { projectLock, publishedVersions } from '../../pins/pin-desk.ts'
import { changesShape, shownVersion, versionShape } from '../../pins/pin-shapes.ts'

export const outdatedAgents = defineAction({
  noun: 'agents',
  verb: 'outdated',
  summary: 'say which locked models have newer versions, and what is different in them',
  input: z.object({
    agents: z.array(z.string()).default([]).describe('agents or models; default: all that are locked'),
  }),
  output: z.object({
    file: z.string(),
    models: z.array(
      z.object({
        model: z.string(),
        pin: z.enum(versionPins),
        locked: versionShape,
        latest: versionShape.optional().describe('absent: there is no such model any more'),
        allowed: versionShape.optional().describe('what `agents upgrade` takes; absent: nothing'),
        outdated: z.boolean(),
        compatible: z.boolean().optional().describe('whether the latest can stand for the locked one'),
        changes: changesShape,
      }),
    ),
  }),
  async run(app, { agents }, { signal }) {
    const lock = await projectLock(app)
    const found = await lock.read()
    const names = await lockedNames(app, agents, found)
    if (names.length === 0) return { file: lock.file, models: [] }
    const pins = await modelsHere(app)
    const versions = await publishedVersions(app)
    const models = await Promise.all(
      [...found.models]
        .filter(([model]) => names.includes(model))
        .map(async ([model, locked]) => {
          const pin = pins.get(model) ?? 'latest'
          const base = { model, pin, locked: shownVersion(locked) }
          const compared = await compareLocked(model, locked, pin, versions, signal)
          if (!compared) return { ...base, outdated: true }
          const { latest, allowed, isOutdated, isCompatible: compatible, changes } = compared
          return {
            ...base,
            latest: shownVersion(latest),
            outdated: isOutdated,
            compatible,
            ...defined({ allowed: allowed && shownVersion(allowed), changes }),
          }
        }),
    )
    return { file: lock.file, models }
  },
})

/** Takes models out of the lock file. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { defineAction } from '../../action.ts'
import { lockedNames } from '../../pins/models-here.ts'
import { openLock } from '../../pins/pin-desk.ts'
import { shownVersion, versionShape } from '../../pins/pin-shapes.ts'

export const unpinAgents = defineAction({
  noun: 'agents',
  verb: 'unpin',
  summary: 'take models out of the lock file',
  input: z.object({
    agents: z.array(z.string()).default([]).describe('agents or models'),
    all: z.boolean().default(false),
  }),
  output: z.object({
    file: z.string(),
    removed: z.array(z.object({ model: z.string(), before: versionShape })),
  }),
  async run(app, { agents, all }) {
    if (all === agents.length > 0)
      throw new UsageError(all ? 'give names or --all, not both' : 'say what to unlock: agents, models, or --all')
    const lock = await openLock(app)
    const found = await lock.read()
    const names = await lockedNames(app, agents, found)
    await lock.update((models) => {
      for (const model of names) models.delete(model)
    })
    const removed = names.flatMap((model) => {
      const before = found.models.get(model)
      return before ? [{ model, before: shownVersion(before) }] : []
    })
    return { file: lock.file, removed }
  },
})

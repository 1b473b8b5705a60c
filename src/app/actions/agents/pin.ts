/** Locks models at the version that they stand for now, or at one that is named. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import type { ModelVersion } from '../../../domain/version-pin.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { changesOf } from '../../pins/compare-locked.ts'
import { isCompatible } from '../../pins/compatible.ts'
import { lockedAs } from '../../pins/locked-as.ts'
import type { LockedModel } from '../../pins/lock-file.ts'
import { modelsHere, modelsNamed } from '../../pins/models-here.ts'
import { namedVersion, openLock, publishedVersions } from '../../pins/pin-desk.ts'
import { changesShape, shownVersion, versionShape } from '../../pins/pin-shapes.ts'

export const pinAgents = defineAction({
  noun: 'agents',
  verb: 'pin',
  summary: 'lock models at the version that they stand for now',
  input: z.object({
    agents: z.array(z.string()).default([]).describe('agents, or models: owner/name or owner/name:version'),
    all: z.boolean().default(false).describe('every model that the workflows here call'),
    version: z.string().optional().describe('of the one model that is named: 64 hex digits'),
  }),
  output: z.object({
    file: z.string(),
    models: z.array(
      z.object({
        model: z.string(),
        before: versionShape.optional(),
        after: versionShape,
        changed: z.boolean(),
        compatible: z.boolean().optional().describe('whether the one after can stand for the one before'),
        changes: changesShape,
      }),
    ),
  }),
  async run(app, input, { signal }) {
    const wanted = await wantedOf(app, input)
    const lock = await openLock(app)
    const { models: before } = await lock.read()
    const versions = await publishedVersions(app)
    const found = await Promise.all(
      [...wanted].map(async ([model, version]) => {
        const after =
          version === undefined
            ? await versions.current(model, signal)
            : await namedVersion(versions, model, version, signal)
        const old = before.get(model)
        const isMoved = old !== undefined && !isSame(old, after)
        const changes = isMoved ? await changesOf(model, old, after, versions, signal) : undefined
        return { model, old, after, isMoved, changes }
      }),
    )
    const now = app.clock.now()
    const models = await lock.update((locked) => {
      for (const { model, after } of found) {
        const known = locked.get(model)
        if (!known || !isSame(known, after)) locked.set(model, lockedAs(after, now))
      }
    })
    return {
      file: lock.file,
      models: found.map(({ model, old, after, isMoved, changes }) => ({
        model,
        after: shownVersion(models.get(model) ?? after),
        changed: isMoved || old === undefined,
        ...defined({
          before: old && shownVersion(old),
          compatible: isMoved ? isCompatible(old as LockedModel, after) : undefined,
          changes,
        }),
      })),
    }
  },
})

function isSame(locked: LockedModel, { version, fingerprint }: ModelVersion): boolean {
  return locked.version === version && locked.fingerprint === fingerprint
}

/** Models, each with the version that was asked for. */
async function wantedOf(
  app: App,
  { agents, all, version }: { agents: string[]; all: boolean; version?: string | undefined },
): Promise<Map<string, string | undefined>> {
  if (all === agents.length > 0) {
    throw new UsageError(all ? 'give names or --all, not both' : 'say what to lock: agents, models, or --all', {
      hint: '`replicate-agent agents list` shows what the workflows here use',
    })
  }
  const wanted = new Map<string, string | undefined>()
  if (all) for (const model of (await modelsHere(app)).keys()) wanted.set(model, undefined)
  for (const name of agents) {
    const [bare = '', written] = name.includes('/') ? name.split(/:(.*)/s) : [name]
    for (const model of await modelsNamed(app, bare)) wanted.set(model, written ?? version)
  }
  if (version !== undefined && wanted.size !== 1)
    throw new UsageError(`--version is for one model, and these are ${wanted.size}`)
  for (const written of wanted.values()) {
    if (written !== undefined && !/^[0-9a-f]{64}$/.test(written))
      throw new UsageError(`"${written}" is no version`, { hint: 'a version is 64 hex digits' })
  }
  return wanted
}

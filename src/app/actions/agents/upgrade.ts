/** Moves locked models to newer versions. */
import { z } from 'zod'
import { NotFoundError, UsageError } from '../../../domain/errors.ts'
import { type ModelVersion, type ModelVersions, type VersionPin } from '../../../domain/version-pin.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { changesOf, compareLocked } from '../../pins/compare-locked.ts'
import { isCompatible } from '../../pins/compatible.ts'
import { lockedAs } from '../../pins/locked-as.ts'
import type { LockedModel } from '../../pins/lock-file.ts'
import { lockCommand } from '../../pins/lock-place.ts'
import { lockedNames, modelsHere } from '../../pins/models-here.ts'
import { namedVersion, openLock, publishedVersions } from '../../pins/pin-desk.ts'
import { changesShape, shownVersion, versionShape } from '../../pins/pin-shapes.ts'
import type { SchemaChange } from '../../pins/schema-changes.ts'

const upgradeShape = z.object({
  model: z.string(),
  before: versionShape,
  after: versionShape.optional().describe('where it goes; absent: it stays'),
  gone: z.boolean().optional().describe('there is no such model any more'),
  held: versionShape.optional().describe('a newer version that is not taken, for it is not compatible'),
  compatible: z.boolean().optional(),
  changes: changesShape,
})

export const upgradeAgents = defineAction({
  noun: 'agents',
  verb: 'upgrade',
  summary: 'move locked models to newer versions',
  input: z.object({
    agents: z.array(z.string()).default([]).describe('agents or models; default: all that are locked'),
    to: z.string().optional().describe('a version of the one model that is named: 64 hex digits, or its tag'),
    breaking: z.boolean().default(false).describe('also to versions that are not compatible'),
    dry_run: z.boolean().default(false),
  }),
  output: z.object({ file: z.string(), dry_run: z.boolean(), models: z.array(upgradeShape) }),
  async run(app, { agents, to, breaking, dry_run }, { signal }) {
    const lock = await openLock(app)
    const found = await lock.read()
    const names = await lockedNames(app, agents, found)
    if (to !== undefined && (agents.length === 0 || names.length !== 1))
      throw new UsageError('--to is for one model', { hint: 'name it' })
    if (names.length === 0) return { file: lock.file, dry_run, models: [] }
    const pins = await modelsHere(app)
    const versions = await publishedVersions(app)
    const moves = await Promise.all(
      names.map((model) => {
        const locked = found.models.get(model) as LockedModel
        const asked: Asked = { model, locked, pin: pins.get(model) ?? 'latest', breaking, versions, signal }
        return to === undefined ? newest(asked) : named(asked, to)
      }),
    )
    const gone = agents.length > 0 ? moves.find((move) => move.gone) : undefined
    if (gone) {
      throw new NotFoundError(`there is no model ${gone.model} any more`, {
        hint: `${lockCommand(lock.file, `unpin ${gone.model}`)} takes it out`,
      })
    }
    const now = app.clock.now()
    if (!dry_run && moves.some(({ after }) => after)) {
      await lock.update((models) => {
        for (const { model, after } of moves) if (after) models.set(model, lockedAs(after, now))
      })
    }
    return { file: lock.file, dry_run, models: moves.map(shownMove) }
  },
})

interface Asked {
  model: string
  locked: LockedModel
  pin: VersionPin
  breaking: boolean
  versions: ModelVersions
  signal: AbortSignal
}

interface Move {
  model: string
  before: LockedModel
  after?: ModelVersion
  held?: ModelVersion
  gone?: true
  changes?: SchemaChange[] | undefined
}

async function newest({ model, locked, pin, breaking, versions, signal }: Asked): Promise<Move> {
  const move: Move = { model, before: locked }
  const compared = await compareLocked(model, locked, pin, versions, signal)
  if (!compared) return { ...move, gone: true }
  const { latest, allowed, isOutdated } = compared
  if (!isOutdated) return move
  const after = breaking ? latest : allowed
  if (!after) return { ...move, held: latest, changes: compared.changes }
  const changes = after === latest ? compared.changes : await changesOf(model, locked, after, versions, signal)
  const isLast = after.version === latest.version
  return { ...move, after, changes, ...(!isLast && { held: latest }) }
}

async function named({ model, locked, pin, breaking, versions, signal }: Asked, to: string): Promise<Move> {
  const after = /^[0-9a-f]{64}$/.test(to)
    ? await namedVersion(versions, model, to, signal)
    : await taggedVersion(versions, model, to, signal)
  if (after.version === locked.version) return { model, before: locked }
  const changes = await changesOf(model, locked, after, versions, signal)
  const isAllowed = breaking || pin === 'latest' || isCompatible(locked, after)
  return { model, before: locked, changes, ...(isAllowed ? { after } : { held: after }) }
}

async function taggedVersion(
  versions: ModelVersions,
  model: string,
  to: string,
  signal: AbortSignal,
): Promise<ModelVersion> {
  const found = (await versions.after(model, '', signal)).find(({ tag }) => tag === to.replace(/^v/, ''))
  if (found) return found
  throw new NotFoundError(`${model} has no version "${to}"`, {
    hint: `give 64 hex digits; https://replicate.com/${model}/versions lists them`,
  })
}

function shownMove({ model, before, after, held, gone, changes }: Move): z.input<typeof upgradeShape> {
  const other = after ?? held
  return {
    model,
    before: shownVersion(before),
    ...defined({
      gone,
      after: after && shownVersion(after),
      held: held && shownVersion(held),
      compatible: other && isCompatible(before, other),
      changes,
    }),
  }
}

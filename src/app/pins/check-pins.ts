/** Says that the lock file does not fit before anything is called: all that is wrong with it, at once. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { type Problem, ProblemsError } from '../../domain/problem.ts'
import { type ModelVersions, officialVersion } from '../../domain/version-pin.ts'
import { createPlaces } from '../../documents/yaml-places.ts'
import type { App, World } from '../app.ts'
import { hasOtherSchema } from './compatible.ts'
import type { LockedModel, LockFile } from './lock-file.ts'
import { lockCommand } from './lock-place.ts'
import { modelsOf } from './models-of.ts'
import { publishedVersions } from './pin-desk.ts'
import { shortVersion } from './short-version.ts'

export interface PinCheck {
  definition: WorkflowDefinition
  /** Where the definition was read from. */
  file?: string
  /** Steps that call nothing more. */
  settled?: ReadonlySet<string>
  /** Versions that the run has already. */
  versions?: ReadonlyMap<string, string>
}

/** Throws ProblemsError `lock_mismatch` when the app is frozen and the lock file does not say what each model stands for, `invalid_config` when it is damaged. */
export async function checkPins(app: App, world: World, check: PinCheck, signal: AbortSignal): Promise<void> {
  const models = modelsOf(check.definition, check.settled)
  const isPinned = [...models.values()].some((pin) => pin !== 'latest')
  if (!app.frozen && !isPinned) return
  const lock = await app.lock(world)
  if (!app.frozen) {
    await lock?.read()
    return
  }
  const missing = await missingPins(app, world, check)
  const wrong = missing.length > 0 ? [] : await changedPins(app, world, [...models.keys()], signal)
  if (missing.length + wrong.length > 0) throw new ProblemsError('lock_mismatch', [...missing, ...wrong])
}

/** As far as it can be told without asking anybody. Throws ProblemsError `lock_mismatch`, and `invalid_config` when the lock file is damaged. */
export async function assertLocked(app: App, world: World, check: PinCheck): Promise<void> {
  const missing = await missingPins(app, world, check)
  if (missing.length > 0) throw new ProblemsError('lock_mismatch', missing)
}

/** What can be told without asking anybody. Throws ProblemsError `invalid_config` when the lock file is damaged. */
export async function missingPins(app: App, world: World, check: PinCheck): Promise<Problem[]> {
  const lock = await app.lock(world)
  if (!lock) return []
  const found = await lock.read()
  const problems: Problem[] = []
  for (const model of modelsOf(check.definition, check.settled).keys()) {
    const locked = found.models.get(model)
    const kept = check.versions?.get(model)
    if (!locked) problems.push(await problemWhereNamed(model, check.file, found))
    else if (kept !== undefined && kept !== locked.version) problems.push(keptOtherwise(model, kept, locked, found))
  }
  return problems
}

async function problemWhereNamed(model: string, file: string | undefined, lock: LockFile): Promise<Problem> {
  const message = `${model} is not in ${basename(lock.file)}`
  const hint = `${lockCommand(lock.file, `pin ${model}`)} puts it there; commit the file`
  const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined)
  const at = text?.indexOf(model) ?? -1
  if (file === undefined || text === undefined || at === -1)
    return problemInLock(model, 'not_locked', message, hint, lock)
  return createPlaces(text, file).problemAt(at, 'not_locked', message, hint)
}

function keptOtherwise(model: string, kept: string, locked: LockedModel, lock: LockFile): Problem {
  const message = `the run has ${model} at ${shortVersion({ version: kept })}, which is locked at ${shortVersion(locked)} now`
  const hint = 'a run keeps its versions: go on with it without --frozen, or start a new one'
  return problemInLock(model, 'locked_otherwise', message, hint, lock)
}

function problemInLock(
  model: string,
  code: string,
  message: string,
  hint: string,
  { file, places }: LockFile,
): Problem {
  if (places) return places.problem(['models', model], { code, message, hint, at: 'key' })
  return { file, line: 1, column: 1, code, severity: 'error', message, hint }
}

// ── what has changed since ──

async function changedPins(app: App, world: World, models: readonly string[], signal: AbortSignal): Promise<Problem[]> {
  const lock = await app.lock(world)
  if (!lock || models.length === 0) return []
  const versions = await publishedVersions(app, world)
  const found = await lock.read()
  const checked = await Promise.all(
    models.map(async (model) => {
      const locked = found.models.get(model)
      const change = locked && (await changeOf(model, locked, versions, signal))
      const hint = `${lockCommand(found.file, `pin ${model}`)} locks what is current`
      return change === undefined ? [] : [problemInLock(model, 'locked_otherwise', change, hint, found)]
    }),
  )
  return checked.flat()
}

/** Why a model is not what it was locked as; undefined: it is. */
async function changeOf(
  model: string,
  locked: LockedModel,
  versions: ModelVersions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isOfficial = locked.version === officialVersion
  try {
    const now = isOfficial ? await versions.current(model, signal) : await versions.get(model, locked.version, signal)
    if (now.version !== locked.version) return `${model} is locked as an official model, which it is no longer`
    if (!hasOtherSchema(locked, now)) return undefined
    return `the schema of ${model} is not the one that was locked`
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    return isOfficial
      ? `there is no model ${model} any more`
      : `${model} has no version ${shortVersion(locked)} any more`
  }
}

/** What the verbs about versions work with: the lock file, and the versions that the provider tells. */
import { NotFoundError, UsageError, NonRetryableError } from '../../domain/errors.ts'
import { type ModelVersion, type ModelVersions, officialVersion } from '../../domain/version-pin.ts'
import type { App, World } from '../app.ts'
import { missingToken } from '../need-token.ts'
import type { LockStore } from './lock-store.ts'
import { patientVersions } from './patient-versions.ts'

/** Throws UsageError in a replay. */
export async function projectLock(app: App): Promise<LockStore> {
  const lock = await app.lock(app.world)
  if (lock) return lock
  throw new UsageError('a replay has the versions of its recording', { hint: 'leave --replay out' })
}

/** The lock, to be changed. Throws UsageError when it is frozen. */
export async function openLock(app: App): Promise<LockStore> {
  const lock = await projectLock(app)
  if (!app.frozen) return lock
  throw new UsageError(`${lock.file} is frozen`, { hint: 'unset REPLICATE_AGENT_FROZEN' })
}

/** Throws `missing_token`. */
export async function publishedVersions(app: App, world: World = app.world): Promise<ModelVersions> {
  if (world === 'real' && !app.hasToken) throw missingToken()
  const { versions } = await app.target('replicate', world)
  if (!versions) throw new NonRetryableError('internal', 'the target of models tells no versions')
  return patientVersions(versions, app)
}

/** A version that somebody named. Throws NotFoundError that says so. */
export async function namedVersion(
  versions: ModelVersions,
  model: string,
  version: string,
  signal: AbortSignal,
): Promise<ModelVersion> {
  const current = await versions.current(model, signal)
  if (current.version === version) return current
  if (current.version === officialVersion) {
    throw new UsageError(`${model} is an official model, which has no versions to choose from`, {
      hint: 'leave the version out',
    })
  }
  try {
    return await versions.get(model, version, signal)
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    throw new NotFoundError(`${model} has no version ${version}`, {
      cause: error,
      hint: `https://replicate.com/${model}/versions lists them`,
    })
  }
}

/** What has become of a model since it was locked, and how far it may move. */
import { NotFoundError } from '../../domain/errors.ts'
import { type ModelVersion, type ModelVersions, officialVersion, type VersionPin } from '../../domain/version-pin.ts'
import { hasOtherSchema, isCompatible, newestCompatible } from './compatible.ts'
import type { LockedModel } from './lock-file.ts'
import { newerThan } from './newer-than.ts'
import { type SchemaChange, schemaChanges } from './schema-changes.ts'

export interface Comparison {
  latest: ModelVersion
  isOutdated: boolean
  /** Whether `latest` can stand for what is locked. */
  isCompatible: boolean
  /** Undefined when a schema is not known: Replicate keeps no earlier one of official models. */
  changes: SchemaChange[] | undefined
  /** What the model may move to by itself; undefined: it stays. */
  allowed: ModelVersion | undefined
}

/** Undefined when the model is gone. */
export async function compareLocked(
  model: string,
  locked: LockedModel,
  pin: VersionPin,
  versions: ModelVersions,
  signal: AbortSignal,
): Promise<Comparison | undefined> {
  const latest = await currentOf(model, versions, signal)
  if (!latest) return undefined
  const isSame = latest.version === locked.version && !hasOtherSchema(locked, latest)
  if (isSame) return { latest, isOutdated: false, isCompatible: true, changes: [], allowed: undefined }
  const newer = await newerThan(model, locked, latest, (name, since) => versions.after(name, since, signal))
  const allowed = pin === 'latest' ? latest : newestCompatible(locked, newer)
  const changes = await changesOf(model, locked, latest, versions, signal)
  return { latest, isOutdated: true, isCompatible: isCompatible(locked, latest), changes, allowed }
}

async function currentOf(
  model: string,
  versions: ModelVersions,
  signal: AbortSignal,
): Promise<ModelVersion | undefined> {
  try {
    return await versions.current(model, signal)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** From what is locked to another version; undefined when the schema of one of them is not to be had. */
export async function changesOf(
  model: string,
  { version }: Pick<LockedModel, 'version'>,
  other: ModelVersion,
  versions: ModelVersions,
  signal: AbortSignal,
): Promise<SchemaChange[] | undefined> {
  if (version === officialVersion) return undefined
  try {
    return schemaChanges(await versions.get(model, version, signal), other)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

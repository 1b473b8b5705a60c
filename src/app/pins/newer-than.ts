/** What was published of a model since the version that it is locked at. */
import { type ModelVersion, officialVersion } from '../../domain/version-pin.ts'
import type { LockedModel } from './lock-file.ts'

/** Newest first, and never empty where `current` is another one. */
export async function newerThan(
  model: string,
  locked: LockedModel,
  current: ModelVersion,
  after: (model: string, version: string) => Promise<ModelVersion[]>,
): Promise<ModelVersion[]> {
  if (current.version === locked.version) return []
  if (current.version === officialVersion || locked.version === officialVersion) return [current]
  const listed = await after(model, locked.version)
  const newer = listed.filter((version) => isAfter(version, locked))
  return newer.some(({ version }) => version === current.version) ? newer : [current, ...newer]
}

/** A version that was taken away is not in the list, so the list may go on to older ones. */
function isAfter({ created_at: published }: ModelVersion, { created_at: since }: LockedModel): boolean {
  return published === undefined || since === undefined || Date.parse(published) >= Date.parse(since)
}

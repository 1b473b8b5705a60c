/** A version as the lock file keeps it. */
import type { ModelVersion } from '../../domain/version-pin.ts'
import { defined } from '../../std/defined.ts'
import type { LockedModel } from './lock-file.ts'

/** `now`: epoch milliseconds; the file has whole seconds. */
export function lockedAs({ version, tag, fingerprint, created_at }: ModelVersion, now: number): LockedModel {
  const resolved_at = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  return defined({ version, tag, fingerprint, created_at, resolved_at })
}

/** A version in few characters: its tag, and enough of its id to know it again. */
import { type ModelVersion, officialVersion } from '../../domain/version-pin.ts'

/** As everywhere where a version is told by its beginning. */
const shown = 8

export function shortVersion({ version, tag }: Pick<ModelVersion, 'version' | 'tag'>): string {
  const id = version === officialVersion ? version : version.slice(0, shown)
  return tag === undefined ? id : `${tag} (${id})`
}

/** What the statistics of a candidate are kept under: its model, with the version where one is known. */
import { officialVersion } from '../../domain/version-pin.ts'
import type { Candidate } from '../../targets/target.ts'

export function armKey(candidate: Candidate, version: string | undefined): string {
  const { model } = candidate
  // Of an official model nobody outside of Replicate knows the version.
  const isKnown = version !== undefined && version !== officialVersion
  return hasVersions(candidate) && isKnown ? `${model}:${version}` : model
}

/** Whether its model may mean one version today, and another one tomorrow. */
export function hasVersions({ target, deployment, model }: Candidate): boolean {
  return target === 'replicate' && !deployment && !model.includes(':')
}

/** The keys of the same model in other versions. */
export function kinOf(key: string, keys: readonly string[]): string[] {
  const name = nameOf(key)
  return keys.filter((other) => other !== key && isOf(other, name))
}

/** Whether a key is of that model, `owner/name`, in whatever version. */
export function isOf(key: string, name: string): boolean {
  return key.startsWith(name) && (key.length === name.length || key[name.length] === ':')
}

export function nameOf(key: string): string {
  const end = key.indexOf(':')
  return end < 0 ? key : key.slice(0, end)
}

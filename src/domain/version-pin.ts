/** The words of version pinning: how far a model may move by itself, and what it stood for at one time. */
import type { JsonObject } from '../std/json.ts'

/**
 * `latest`: the version that is the newest when a run first uses the model. `exact`: the one in the lock file, no other.
 * `minor`: that one, or a newer one that is compatible with it.
 */
export const versionPins = ['latest', 'exact', 'minor'] as const
export type VersionPin = (typeof versionPins)[number]

/** What stands in place of a version for a model that its provider keeps running, and versions, itself. */
export const officialVersion = 'official'

/** `owner/name` at one version. */
export interface ModelVersion {
  /** 64 hex digits, or `official`. */
  version: string
  /** As its author numbers it, where that is published: `1.4.0`. */
  tag?: string
  /** A hash of its input and output schema without their prose; absent where the provider tells none. */
  fingerprint?: string
  /** When it was published, as the provider writes it. */
  created_at?: string
  input_schema?: JsonObject
  output_schema?: JsonObject
}

/** Versions of models as their provider tells them. */
export interface ModelVersions {
  /** What `owner/name` stands for now. Throws NotFoundError when there is no such model, or none of its versions runs. */
  current(model: string, signal: AbortSignal): Promise<ModelVersion>
  /** One that was published. Throws NotFoundError. */
  get(model: string, version: string, signal: AbortSignal): Promise<ModelVersion>
  /** Those that were published after this one, newest first; all that are known where it is not among them. */
  after(model: string, version: string, signal: AbortSignal): Promise<ModelVersion[]>
}

/** Decides which version a run takes that has none of its own for `owner/name`: 64 hex digits, or `official`. */
export interface VersionChooser {
  choose(model: string, pin: VersionPin, versions: ModelVersions, signal: AbortSignal): Promise<string>
}

/** The one that allows least. */
export function strictestPin(pins: Iterable<VersionPin>): VersionPin {
  const strictness = { latest: 0, minor: 1, exact: 2 }
  let strictest: VersionPin = 'latest'
  for (const pin of pins) if (strictness[pin] > strictness[strictest]) strictest = pin
  return strictest
}

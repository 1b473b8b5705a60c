/** Which version a run takes for `owner/name`, as its pin, the lock file and what was published say. */
import { basename } from 'node:path'
import { NonRetryableError } from '../../domain/errors.ts'
import {
  type ModelVersion,
  type ModelVersions,
  officialVersion,
  type VersionChooser,
  type VersionPin,
} from '../../domain/version-pin.ts'
import { untilAborted } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'
import { hasOtherSchema, isCompatible, newestCompatible } from './compatible.ts'
import { lockCommand } from './lock-place.ts'
import { lockedAs } from './locked-as.ts'
import type { LockedModel } from './lock-file.ts'
import type { LockStore } from './lock-store.ts'
import { newerThan } from './newer-than.ts'
import { changesText, schemaChanges } from './schema-changes.ts'
import { shortVersion } from './short-version.ts'

export interface ChooserParts {
  lock: LockStore
  /** The lock file decides alone, whatever the pin, and stays as it is. */
  frozen: boolean
  clock: Clock
  warn(message: string): void
}

export function createVersionChooser(parts: ChooserParts): VersionChooser {
  // Those who ask at the same time share the answer; a later run looks anew.
  const asked = new Map<string, Promise<string>>()
  return {
    choose(model, pin, versions, signal) {
      const key = `${pin} ${model}`
      let answer = asked.get(key)
      if (!answer) {
        // Nobody's own signal: the others still wait.
        answer = choose(parts, model, pin, unhurried(versions)).finally(() => asked.delete(key))
        asked.set(key, answer)
      }
      return untilAborted(answer, signal)
    },
  }
}

type Ask = ReturnType<typeof unhurried>

function unhurried(versions: ModelVersions) {
  const { signal } = new AbortController()
  return {
    current: (model: string) => versions.current(model, signal),
    get: (model: string, version: string) => versions.get(model, version, signal),
    after: (model: string, version: string) => versions.after(model, version, signal),
  }
}

async function choose(parts: ChooserParts, model: string, pin: VersionPin, ask: Ask): Promise<string> {
  if (pin === 'latest' && !parts.frozen) return (await ask.current(model)).version
  const locked = (await parts.lock.read()).models.get(model)
  if (parts.frozen) {
    if (locked) return locked.version
    throw new NonRetryableError('lock_mismatch', `${model} is not in ${basename(parts.lock.file)}`, {
      hint: `${lockCommand(parts.lock.file, `pin ${model}`)} puts it there`,
    })
  }
  if (!locked) return recorded(parts, model, await ask.current(model))
  if (locked.version === officialVersion) return officialStill(parts, model, locked, await ask.current(model))
  return pin === 'exact' ? locked.version : minor(parts, model, locked, ask)
}

/** The first one that is written down holds, whoever wrote it. */
async function recorded(parts: ChooserParts, model: string, current: ModelVersion): Promise<string> {
  const entry = lockedAs(current, parts.clock.now())
  return write(parts, model, current.version, (models) => {
    if (!models.has(model)) models.set(model, entry)
  })
}

async function write(
  { lock, warn }: ChooserParts,
  model: string,
  wanted: string,
  change: (models: Map<string, LockedModel>) => void,
): Promise<string> {
  try {
    return (await lock.update(change)).get(model)?.version ?? wanted
  } catch (error) {
    // The run goes on with what is known; the next one may get another version.
    warn(`${model} is not locked: ${(error as Error).message}`)
    return wanted
  }
}

/** Its provider changes it at any time; what can be done is to say so. */
function officialStill(parts: ChooserParts, model: string, locked: LockedModel, current: ModelVersion): string {
  if (current.version !== officialVersion) {
    throw new NonRetryableError('lock_mismatch', `${model} is locked as an official model, which it is no longer`, {
      hint: `${lockCommand(parts.lock.file, `pin ${model}`)} locks the version that is current`,
    })
  }
  if (hasOtherSchema(locked, current)) {
    const since = locked.resolved_at.slice(0, 10)
    parts.warn(
      `the schema of ${model} (an official model) is not what it was on ${since}: ` +
        `check the inputs with \`replicate-agent agents show ${model}\`, then ${lockCommand(parts.lock.file, `pin ${model}`)}`,
    )
  }
  return officialVersion
}

async function minor(parts: ChooserParts, model: string, locked: LockedModel, ask: Ask): Promise<string> {
  const current = await ask.current(model)
  if (current.version === locked.version) return locked.version
  const best = newestCompatible(locked, await newerThan(model, locked, current, ask.after))
  if (!isCompatible(locked, current)) await warnOfBreaking(parts, model, locked, current, ask)
  if (!best || best.version === locked.version) return locked.version
  const entry = lockedAs(best, parts.clock.now())
  return write(parts, model, best.version, (models) => {
    // Another process may have moved it meanwhile.
    if (models.get(model)?.version === locked.version) models.set(model, entry)
  })
}

async function warnOfBreaking(
  parts: ChooserParts,
  model: string,
  locked: LockedModel,
  current: ModelVersion,
  ask: Ask,
): Promise<void> {
  const before = await ask.get(model, locked.version).catch(() => ({}))
  const changes = schemaChanges(before, current)
  const why = changes && changes.length > 0 ? ` (${changesText(changes)})` : ''
  parts.warn(
    `${model} has a newer version, ${shortVersion(current)}, that is not compatible with ${shortVersion(locked)}${why}: ` +
      `it is not taken; ${lockCommand(parts.lock.file, `upgrade ${model} --breaking`)} takes it`,
  )
}

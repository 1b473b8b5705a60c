/**
 * Brings runs of an archive into the store. The whole archive is checked before anything is written; then files are
 * kept, and last the runs appear, all of them at once. Who is killed before that leaves files that nothing names.
 */
import { UsageError } from '../../domain/errors.ts'
import type { RunEvent } from '../../domain/events.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import type { Clock } from '../../std/clock.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { checkDefinition, checkJournal } from './check-journal.ts'
import { collectRun } from './collect-runs.ts'
import { filesNamedBy } from './files-named.ts'
import { definitionName, journalName, type Manifest } from './manifest.ts'
import { broken, readArchive } from './read-archive.ts'

export interface ImportParts {
  store: Store
  artifacts: ArtifactStore
  clock: Clock
  /** As exports mask texts, to see whether a run that is here is the same one. */
  secretsOf: Parameters<typeof collectRun>[2]
}

export interface ImportedRuns {
  /** With those nested in them after them. */
  imported: RunRecord[]
  /** They are here already, and the same. */
  present: RunRecord[]
  filesAdded: number
  /** Hashes of files that the runs name and that are neither here nor in the archive. */
  filesMissing: string[]
}

interface ImportedRun {
  record: RunRecord
  events: RunEvent[]
}

interface Contents {
  manifest: Manifest
  runs: Map<string, ImportedRun>
  definitions: Map<string, string>
}

export async function importRuns(path: string, parts: ImportParts): Promise<ImportedRuns> {
  const contents = await checkedContents(path)
  const { artifacts } = parts
  const { fresh } = await sortOut(contents, parts)
  // Files of runs that are here are named already; those of others are about to be.
  const isKept = (hash: string) => (fresh.length > 0 ? artifacts.renew(hash) : artifacts.has(hash))
  let filesAdded = await keepFiles(path, contents, artifacts, isKept)
  const { imported, present } = await addRuns(contents, parts)
  // Between a file and the run that names it, hours may have passed on a slow disk, and a gc.
  filesAdded += await keepFiles(path, contents, artifacts, (hash) => artifacts.has(hash))
  const filesMissing: string[] = []
  for (const { sha256 } of contents.manifest.files) if (!(await artifacts.has(sha256))) filesMissing.push(sha256)
  return { imported, present, filesAdded, filesMissing }
}

/** All of them at once. Another import of the same may come in between: then they are here already. */
async function addRuns(contents: Contents, parts: ImportParts): Promise<Pick<ImportedRuns, 'imported' | 'present'>> {
  const definitions = [...contents.definitions].map(([hash, json]) => ({ hash, json }))
  for (;;) {
    const { fresh, present } = await sortOut(contents, parts)
    if (fresh.length === 0) return { imported: [], present }
    const now = parts.clock.now()
    const runs = fresh.map(({ record, events }) => ({ record: { ...record, imported_at: now }, events }))
    const taken = await parts.store.addRuns(runs, definitions)
    if (taken === undefined) return { imported: runs.map(({ record }) => record), present }
    // A nested run whose run above is not here is no part of what was exported.
    if (fresh.some(({ record }) => record.run_id === taken && record.parent_run_id !== undefined)) {
      const root = await parts.store.getRun(taken.split('.')[0] as string)
      if (!root) throw otherRun(taken)
    }
  }
}

async function checkedContents(path: string): Promise<Contents> {
  let manifest: Manifest | undefined
  const contents = { runs: new Map<string, ImportedRun>(), definitions: new Map() }
  const entries = new Map<string, (text: string) => void>()
  await readArchive(path, {
    async manifest(read) {
      manifest = read
      assertFamilies(read, path)
      for (const { hash } of read.definitions) {
        entries.set(definitionName(hash), (text) => {
          checkDefinition(hash, text)
          contents.definitions.set(hash, text)
        })
      }
      for (const entry of read.runs)
        entries.set(
          journalName(entry.run_id),
          (text) => void contents.runs.set(entry.run_id, checkJournal(entry, text)),
        )
    },
    async text(name, text) {
      try {
        entries.get(name)?.(text)
      } catch (error) {
        throw broken(path, (error as Error).message, error)
      }
    },
    async file() {},
  })
  const whole = { ...contents, manifest: manifest as Manifest }
  assertNamed(whole, path)
  return whole
}

/** Nested runs come after the run above, which must be there, and definitions, too. */
function assertFamilies({ runs, definitions }: Manifest, path: string): void {
  const seen = new Set<string>()
  const hashes = new Set(definitions.map(({ hash }) => hash))
  for (const { run_id, parent_run_id, definition_hash } of runs) {
    if (parent_run_id !== undefined && !seen.has(parent_run_id))
      throw broken(path, `the run above ${run_id} is not in it`)
    if (parent_run_id === undefined && run_id.includes('.')) throw broken(path, `${run_id} is the id of a nested run`)
    if (!hashes.has(definition_hash)) throw broken(path, `the definition of run ${run_id} is not in it`)
    seen.add(run_id)
  }
}

function assertNamed({ manifest, runs }: Contents, path: string): void {
  const listed = new Set(manifest.files.map(({ sha256 }) => sha256))
  for (const [runId, { events }] of runs) {
    for (const hash of filesNamedBy(events).keys())
      if (!listed.has(hash)) throw broken(path, `run ${runId} names the file ${hash}, which its manifest does not list`)
  }
}

/** Which runs are to be added, and which are here; a run that is here with another history is an error. */
async function sortOut(
  { manifest, runs }: Contents,
  { store, secretsOf }: ImportParts,
): Promise<{ fresh: ImportedRun[]; present: RunRecord[] }> {
  const fresh: ImportedRun[] = []
  const present: RunRecord[] = []
  for (const root of manifest.runs.filter(({ parent_run_id }) => parent_run_id === undefined)) {
    const family = familyOf(manifest, root.run_id)
    const here = await store.getRun(root.run_id)
    if (!here) {
      fresh.push(...family.map(({ run_id }) => runs.get(run_id) as ImportedRun))
      continue
    }
    const same = await collectRun(store, here, secretsOf)
    const sums = (some: readonly { run_id: string; sha256: string }[]) =>
      some.map(({ run_id, sha256 }) => `${run_id} ${sha256}`).join('\n')
    if (sums(same.runs.map(({ entry }) => entry)) !== sums(family)) throw otherRun(root.run_id)
    present.push((runs.get(root.run_id) as ImportedRun).record)
  }
  return { fresh, present }
}

/** In the order of the manifest, which is that of exports. */
function familyOf({ runs }: Manifest, root: string): Manifest['runs'] {
  const ids = new Set([root])
  return runs.filter(({ run_id, parent_run_id }) => {
    if (parent_run_id !== undefined && ids.has(parent_run_id)) ids.add(run_id)
    return ids.has(run_id)
  })
}

/** Those that are not kept yet. */
async function keepFiles(
  path: string,
  contents: Contents,
  artifacts: ArtifactStore,
  isKept: (sha256: string) => Promise<boolean>,
): Promise<number> {
  const names = namesOf(contents)
  const lacking = new Set<string>()
  for (const { sha256, left_out } of contents.manifest.files)
    if (!(await isKept(sha256)) && left_out === undefined) lacking.add(sha256)
  if (lacking.size === 0) return 0
  let added = 0
  await readArchive(path, {
    async manifest() {},
    async text() {},
    async file(hash, pieces) {
      if (!lacking.has(hash)) return
      const [first = 'file', ...others] = names.get(hash) ?? []
      await artifacts.put(pieces, first)
      added += 1
      // Each name may end differently, and be shown under it.
      for (const name of others) await artifacts.put(await artifacts.read(hash), name)
    },
  })
  return added
}

/** The names under which journals know files, by hash. */
function namesOf({ runs }: Contents): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  for (const { events } of runs.values()) {
    for (const event of events) {
      const files = 'files' in event ? event.files : undefined
      for (const { sha256, name } of files ?? []) names.set(sha256, (names.get(sha256) ?? new Set()).add(name))
    }
  }
  return names
}

function otherRun(runId: string): UsageError {
  return new UsageError(`there is a run ${runId} here already, with another history`, {
    code: 'run_mismatch',
    hint: 'nothing was imported; import into another folder with --checkpoint-dir, and compare them with `runs show`',
  })
}

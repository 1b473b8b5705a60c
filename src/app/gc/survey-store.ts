/** Looks through a whole store: which run holds what, and how large it is. */
import type { RunRecord, Store } from '../../state/store/contract.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'

/** A run with those nested in it: they go together. */
export interface Holding {
  root: RunRecord
  /** Journal lengths of all of them, by run. */
  seqs: Map<string, number>
  /** Of their journals. */
  bytes: number
  /** Hashes of the kept files that they name. */
  files: Set<string>
}

export interface Survey {
  /** Longest untouched first. */
  holdings: Holding[]
  /** Bytes of every kept file, by hash. */
  sizes: Map<string, number>
  /** Kept files that waiting commands and cached results name. */
  besides: Set<string>
}

export async function surveyStore(store: Store, artifacts: ArtifactStore, now: number): Promise<Survey> {
  // Files first: one that comes later is in no list of what may go.
  const sizes = new Map<string, number>()
  for await (const { sha256, bytes } of artifacts.list()) sizes.set(sha256, bytes)
  const besides = new Set((await store.hashesBesides(now)).filter((hash) => sizes.has(hash)))
  const holdings: Holding[] = []
  for (const root of await store.listRuns({})) holdings.push(await holdingOf(store, root, sizes))
  return { holdings: holdings.toSorted((a, b) => touchedAt(a) - touchedAt(b)), sizes, besides }
}

/** Its last event, or when it came here. */
export function touchedAt({ root }: Holding): number {
  return Math.max(root.updated_at, root.imported_at ?? 0)
}

async function holdingOf(store: Store, root: RunRecord, sizes: ReadonlyMap<string, number>): Promise<Holding> {
  const holding: Holding = { root, seqs: new Map(), bytes: 0, files: new Set() }
  const open = [root.run_id]
  for (const runId of open) {
    const { seq, bytes, hashes } = await store.hashesIn(runId)
    holding.seqs.set(runId, seq)
    holding.bytes += bytes
    for (const hash of hashes) if (sizes.has(hash)) holding.files.add(hash)
    // Grows while it is gone through.
    for (const child of await store.listRuns({ parent_run_id: runId })) open.push(child.run_id)
  }
  return holding
}

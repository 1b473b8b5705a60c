/** Writes runs into one archive, to be looked at or gone on with elsewhere. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { hashOfFile } from '../../../state/artifacts/hash-of-file.ts'
import type { ArtifactStore } from '../../../state/artifacts/contract.ts'
import { sha256 as hashOf } from '../../../std/hash.ts'
import { defineAction } from '../../action.ts'
import { collectRun, type CollectedRuns } from '../../archive/collect-runs.ts'
import { archiveFormat, archiveVersion, type Manifest } from '../../archive/manifest.ts'
import { exportSecrets, type SecretTexts } from '../../archive/secret-texts.ts'
import { writeArchive } from '../../archive/write-archive.ts'
import { findRun } from '../../find-run.ts'

export const exportRuns = defineAction({
  noun: 'runs',
  verb: 'export',
  summary: 'write runs with their files into one archive, without secrets',
  input: z.object({
    runs: z.array(z.string()).nonempty(),
    file: z.string().optional().describe('default: the id of the run and .tar.gz'),
    files: z.boolean().default(true).describe('false: leave files out; values of journals stay'),
  }),
  output: z.object({
    file: z.string(),
    bytes: z.number(),
    runs: z.array(z.object({ run_id: z.string(), workflow: z.string(), nested: z.number(), events: z.number() })),
    files: z.object({
      exported: z.number(),
      left_out: z.array(z.object({ sha256: z.string(), reason: z.enum(['unwanted', 'missing', 'secret']) })),
    }),
  }),
  async run(app, input) {
    const store = await app.store()
    const artifacts = await app.artifacts()
    const all: SecretTexts[] = []
    const collected: CollectedRuns[] = []
    for (const written of input.runs) {
      const record = await findRun(store, written)
      if (record.parent_run_id !== undefined) {
        throw new UsageError(`run ${record.run_id} is nested in ${record.parent_run_id}`, {
          hint: 'export the run above: what is nested goes with it',
        })
      }
      const isDouble = collected.some(({ runs }) => runs[0]?.entry.run_id === record.run_id)
      if (isDouble) continue
      collected.push(
        await collectRun(store, record, (definition) => {
          const secrets = exportSecrets(app.env)(definition)
          all.push(secrets)
          return secrets
        }),
      )
    }
    const runs = collected.flatMap((one) => one.runs)
    const definitions = new Map(collected.flatMap((one) => [...one.definitions]))
    const files = await manifestFiles(artifacts, collected, input.files, all)
    const manifest: Manifest = {
      format: archiveFormat,
      version: archiveVersion,
      runs: runs.map(({ entry }) => entry),
      definitions: sorted([...definitions], ([hash]) => hash).map(([hash, text]) => ({
        hash,
        bytes: Buffer.byteLength(text),
        sha256: hashOf(text),
      })),
      files,
    }
    const roots = collected.map((one) => one.runs[0]?.entry as Manifest['runs'][number])
    const name = roots.length === 1 ? `${roots[0]?.run_id}.tar.gz` : 'runs.tar.gz'
    const file = resolve(app.cwd, input.file ?? name)
    const journals = new Map(runs.map(({ entry, text }) => [entry.run_id, text]))
    const bytes = await writeArchive(file, {
      ...{ manifest, definitions, journals },
      pathOf: (sha256) => artifacts.pathOf(sha256),
    })
    return {
      ...{ file, bytes },
      runs: collected.map((one, at) => ({
        run_id: roots[at]?.run_id as string,
        workflow: roots[at]?.workflow as string,
        nested: one.runs.length - 1,
        events: one.runs.reduce((sum, { entry }) => sum + entry.events, 0),
      })),
      files: {
        exported: files.filter(({ left_out }) => left_out === undefined).length,
        left_out: files.flatMap(({ sha256, left_out: reason }) => (reason === undefined ? [] : [{ sha256, reason }])),
      },
    }
  },
})

async function manifestFiles(
  artifacts: ArtifactStore,
  collected: readonly CollectedRuns[],
  wanted: boolean,
  secrets: readonly SecretTexts[],
): Promise<Manifest['files']> {
  const files = new Map<string, { bytes: number; value: boolean }>()
  for (const { files: some } of collected)
    for (const [hash, { bytes, value }] of some)
      files.set(hash, { bytes, value: value || files.get(hash)?.value === true })
  const entries: Manifest['files'] = []
  for (const [sha256, { bytes, value }] of sorted([...files], ([hash]) => hash)) {
    const left_out = wanted || value ? await whyLeftOut(artifacts, sha256, secrets) : 'unwanted'
    entries.push({ sha256, bytes, ...(left_out !== undefined && { left_out }) })
  }
  return entries
}

/** A damaged file is as good as missing. */
async function whyLeftOut(
  artifacts: ArtifactStore,
  sha256: string,
  secrets: readonly SecretTexts[],
): Promise<'missing' | 'secret' | undefined> {
  const path = artifacts.pathOf(sha256)
  if (!(await artifacts.has(sha256)) || (await hashOfFile(path)) !== sha256) return 'missing'
  for (const { isIn } of secrets) if (await isIn(path)) return 'secret'
  return undefined
}

function sorted<T>(items: readonly T[], key: (item: T) => string): T[] {
  return items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

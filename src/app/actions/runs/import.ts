/** Brings the runs of an archive into this store. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { runStatuses } from '../../../domain/run.ts'
import type { RunRecord } from '../../../state/store/contract.ts'
import { defineAction } from '../../action.ts'
import { importRuns } from '../../archive/import-runs.ts'
import { exportSecrets } from '../../archive/secret-texts.ts'

const runShape = z.object({
  run_id: z.string(),
  workflow: z.string(),
  status: z.enum(runStatuses),
  sandbox: z.boolean(),
  nested: z.number(),
})

export const importArchive = defineAction({
  noun: 'runs',
  verb: 'import',
  summary: 'bring the runs of an archive into this store',
  input: z.object({ file: z.string() }),
  output: z.object({
    imported: z.array(runShape),
    present: z.array(runShape).describe('runs that were here already, and are the same'),
    files: z.object({
      added: z.number(),
      missing: z.array(z.string()).describe('hashes of files that are neither here nor in the archive'),
    }),
  }),
  async run(app, { file }) {
    const [store, artifacts] = [await app.store(), await app.artifacts()]
    const secretsOf = exportSecrets(app.env)
    const done = await importRuns(resolve(app.cwd, file), { store, artifacts, clock: app.clock, secretsOf })
    return {
      imported: rootsOf(done.imported, done.imported),
      present: rootsOf(done.present, done.present),
      files: { added: done.filesAdded, missing: done.filesMissing },
    }
  },
})

function rootsOf(roots: readonly RunRecord[], all: readonly RunRecord[]): z.input<typeof runShape>[] {
  return roots
    .filter(({ parent_run_id }) => parent_run_id === undefined)
    .map(({ run_id, workflow, status, sandbox }) => ({
      ...{ run_id, workflow, status, sandbox },
      nested: all.filter((record) => record.run_id.startsWith(`${run_id}.`)).length,
    }))
}

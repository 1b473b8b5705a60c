/** The files that the steps of a run put out. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { fileShape } from '../../../domain/run.ts'
import { defineAction } from '../../action.ts'
import { exportFiles } from '../../export-files.ts'
import { openRun } from '../../open-run.ts'

export const filesOfOneRun = defineAction({
  noun: 'runs',
  verb: 'files',
  summary: 'list the files of a run, or copy them to a folder',
  input: z.object({ run: z.string(), artifacts: z.string().optional().describe('a folder to copy them to') }),
  output: z.object({
    run_id: z.string(),
    files: z.array(
      fileShape.extend({
        step: z.string().describe('in a nested run with the way to it: `episode[2]/draw`'),
        index: z.number().optional(),
        child_run_id: z.string().optional().describe('the nested run that has it'),
        missing: z.literal(true).optional().describe('its bytes are not here: the run was imported without them'),
      }),
    ),
  }),
  async run(app, { run, artifacts }) {
    const { record } = await openRun(app, run)
    const folder = artifacts === undefined ? undefined : resolve(app.cwd, artifacts)
    const files = await exportFiles(app, record.run_id, folder)
    return { run_id: record.run_id, files: files.map(({ kept: _kept, ...file }) => file) }
  },
})

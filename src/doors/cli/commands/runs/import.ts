/** `runs import`: brings the runs of an archive here. */
import { importArchive } from '../../../../app/actions/runs/import.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required } from '../../option.ts'
import { count } from '../../output/quantity.ts'
import { coloured } from '../../output/status.ts'

export const importCommand = defineCommand({
  description:
    'Brings the runs of an archive that `runs export` wrote into this store: they can be listed, shown, compared and gone on with. The archive is checked whole before anything is written; a run that is here already is never changed.',
  args: { file: required('the archive') },
  options: { json: flag('--json', 'print what was imported'), ...appOptions },
  examples: [{ command: 'replicate-agent runs import run.tar.gz', what: 'then: runs show last' }],
  async run(context, given) {
    const app = await context.app(given)
    const { imported, present, files } = await context.call(app, importArchive, { file: given.file })
    if (context.json) return context.printJson({ imported, present, files })
    for (const run of imported) {
      const nested = run.nested > 0 ? ` with ${count(run.nested, 'nested run')}` : ''
      context.print(
        `imported ${run.run_id}: ${run.workflow}, ${coloured(run.status, run.status, context.style)}${nested}`,
      )
    }
    for (const { run_id } of present) context.print(`${run_id} is here already, and the same`)
    if (files.added > 0) context.print(count(files.added, 'file'))
    if (files.missing.length > 0)
      context.note(`${count(files.missing.length, 'file')} neither here nor in the archive; \`runs files\` says which`)
    for (const { run_id } of imported.filter(({ status }) => status === 'running' || status === 'waiting')) {
      context.note(`${run_id} is not over: go on with it here only when nobody does where it came from`)
      context.note(`  replicate-agent runs resume ${run_id}`)
    }
    return undefined
  },
})

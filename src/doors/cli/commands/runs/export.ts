/** `runs export`: writes runs into one archive. */
import { exportRuns } from '../../../../app/actions/runs/export.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, negatedFlag, oneOrMore, text } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count, formatBytes } from '../../output/quantity.ts'

const reasons = {
  unwanted: 'left out by --no-files',
  missing: 'missing or damaged here',
  secret: 'left out: a token or a secret stands in it',
}

export const exportCommand = defineCommand({
  description:
    'Writes runs, with those nested in them, their definition, journal and files into one archive, for CI artifacts and bug reports. Secrets are not in it. The same run always gives the same bytes.',
  args: { runs: oneOrMore('ids, unique prefixes of them, or `last`') },
  options: {
    output: text('-o, --output <file>', 'where to (default: RUN.tar.gz here)'),
    files: negatedFlag('--no-files', 'leave the files out'),
    json: flag('--json', 'print what was written'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent runs export last -o run.tar.gz', what: 'the latest run' },
    { command: 'replicate-agent runs export last --no-files', what: 'small, for a bug report' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const runs = given.runs as [string, ...string[]]
    const done = await context.call(app, exportRuns, { runs, files: given.files, ...defined({ file: given.output }) })
    if (context.json) return context.printJson(done)
    const { exported, left_out } = done.files
    const what = [
      done.runs.length === 1 ? `run ${done.runs[0]?.run_id}` : count(done.runs.length, 'run'),
      count(
        done.runs.reduce((sum, { events }) => sum + events, 0),
        'event',
      ),
      count(exported, 'file'),
    ]
    context.print(`${shortPath(done.file, context.cwd)}: ${what.join(', ')}; ${formatBytes(done.bytes)}`)
    for (const [reason, words] of Object.entries(reasons)) {
      const some = left_out.filter((file) => file.reason === reason).length
      if (some > 0) context.note(`${count(some, 'file')} ${words}`)
    }
    return undefined
  },
})

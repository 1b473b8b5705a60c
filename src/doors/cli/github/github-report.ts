/** Tells GitHub Actions of a run: masks its secrets, marks what failed, writes the job summary and the step's outputs. */
import { randomUUID } from 'node:crypto'
import { toErrorData } from '../../../domain/errors.ts'
import type { CommandContext } from '../context.ts'
import type { RunEnd, RunReport } from '../run-report.ts'
import { type GithubLog, withHint } from './github-log.ts'
import { errorSummary, jobSummary } from './job-summary.ts'
import { stepOutputs } from './step-outputs.ts'

/** Shorter ones would blot out half the log. */
const leastMasked = 4

export function githubReport(context: Pick<CommandContext, 'warn'>, github: GithubLog): RunReport {
  return {
    begin({ secrets }) {
      // The runner masks line by line.
      const lines = secrets.flatMap((secret) => secret.split(/[\r\n]+/))
      for (const line of new Set(lines)) if (line.trim().length >= leastMasked) github.command('add-mask', line)
    },
    async ended(end) {
      annotate(github, end)
      github.append('GITHUB_STEP_SUMMARY', jobSummary(end.result, end.next))
      const { text, leftOut } = stepOutputs(end.result, `output_${randomUUID()}`)
      github.append('GITHUB_OUTPUT', text)
      for (const name of leftOut)
        context.warn(
          `the output "${name}" is not among the step's outputs: its name or size is not one that GitHub takes`,
        )
    },
    // Whoever prints the error marks its places, too.
    async failed(error) {
      const { message, hint } = toErrorData(error)
      github.append('GITHUB_STEP_SUMMARY', errorSummary(message, hint))
    },
  }
}

function annotate(github: GithubLog, { result, places, next }: RunEnd): void {
  const failed = Object.entries(result.steps).filter(([, step]) => step.status === 'failed')
  for (const [id, { error }] of failed) {
    const message = withHint(error?.message ?? 'it failed', error?.hint)
    const title = `step "${id}" of ${result.workflow} failed`
    const at = { title, ...(places && { file: places.file, ...places.of(id) }) }
    github.annotate(result.status === 'succeeded' ? 'warning' : 'error', message, at)
  }
  if (result.error && failed.length === 0) {
    const title = `${result.workflow} ${result.status}`
    github.annotate('error', withHint(result.error.message, result.error.hint), {
      title,
      ...(places && { file: places.file }),
    })
  }
  if (result.status === 'waiting')
    github.annotate('notice', next.filter((line) => line !== '').join('\n'), { title: `${result.workflow} waits` })
}

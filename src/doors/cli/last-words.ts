/** What is said of an error that nobody waited for, as a plugin may throw one later: the process ends with it. */
import { ReplicateAgentError } from '../../domain/errors.ts'
import { errorLines, errorObject, exitCodeOf } from './errors.ts'
import { styleFor } from './output/style.ts'
import type { Surroundings } from './surroundings.ts'

type Place = Pick<Surroundings, 'stdout' | 'stderr' | 'env' | 'cwd'>

/** Says it as any error is said, and gives the exit code. A run in hand stays as it is, as after a crash. */
export function lastWords(thrown: unknown, argv: readonly string[], { stdout, stderr, env, cwd }: Place): number {
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const error = new ReplicateAgentError('internal', `the program was ended before its work was done: ${reason}`, {
    cause: thrown,
    hint: 'this is a defect of replicate-agent or of a plugin; --debug shows where. A run that was on its way goes on with `runs resume last`',
  })
  const before = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  if (before.includes('--json')) stdout.write(`${JSON.stringify(errorObject(error))}\n`)
  const debug = before.includes('--debug')
  stderr.write(`${errorLines(error, { style: styleFor(stderr, env), cwd, debug }).join('\n')}\n`)
  return exitCodeOf(error)
}

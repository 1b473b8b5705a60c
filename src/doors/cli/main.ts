/** The entry of the command line. */
import { version } from '../../app/version.ts'
import { tellOfEarlyEnd } from './ended-early.ts'
import { processSurroundings } from './process-surroundings.ts'

/** Runs a command and sets the exit code of the process. */
export async function main(argv: string[]): Promise<void> {
  // Answered before anything else is loaded.
  if (argv[0] === '--version' || argv[0] === '-V') {
    process.stdout.write(`${version}\n`)
    return
  }
  if (argv[0] === '__complete') {
    const { answerCompletion } = await import('./completion/answer.ts')
    const write = (text: string) => void process.stdout.write(text)
    await answerCompletion(argv.slice(1), { env: process.env, cwd: process.cwd(), write })
    return
  }
  const [{ runCli }, { lastWords }] = await Promise.all([import('./run-cli.ts'), import('./last-words.ts')])
  const surroundings = processSurroundings()
  const done = tellOfEarlyEnd()
  process.on('uncaughtException', (error) => {
    const code = lastWords(error, argv, surroundings)
    done()
    process.exit(code)
  })
  const code = await runCli(argv, surroundings)
  done()
  process.exitCode = code
  // What was abandoned on a signal may still be busy with connections and timers; and where nothing is left to print,
  // there is no need to wait until the process finds out by itself that it is done.
  if (surroundings.stopped() || surroundings.flushed()) process.exit(code)
}

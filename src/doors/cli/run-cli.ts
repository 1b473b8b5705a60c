/** Runs one command in given surroundings and gives the exit code; everything it opens is closed, every error is printed here. */
import { version } from '../../app/version.ts'
import type { App } from '../../app/app.ts'
import { callAction } from '../../app/call-action.ts'
import { toErrorData, UsageError } from '../../domain/errors.ts'
import { defined } from '../../std/defined.ts'
import { resolve } from 'node:path'
import type { AppChoice } from './app-options.ts'
import { type CommandContext, currentUser } from './context.ts'
import { type Problem, ProblemsError } from '../../domain/problem.ts'
import { errorLines, errorObject, exitCodeOf } from './errors.ts'
import { type GithubLog, githubLog, withHint } from './github/github-log.ts'
import { withoutCommands } from './github/workflow-command.ts'
import { styleFor } from './output/style.ts'
import { parseProgram } from './program.ts'
import { readScenarioFile } from './scenario-file.ts'
import type { Surroundings, TextStream } from './surroundings.ts'

export async function runCli(argv: readonly string[], around: Surroundings): Promise<number> {
  const { stdout, env, cwd } = around
  const github = githubLog(env, cwd, around.stderr)
  const stderr = github ? harmless(around.stderr) : around.stderr
  const surroundings = github ? { ...around, stderr } : around
  const style = styleFor(stdout, env)
  const errorStyle = styleFor(stderr, env)
  const closers: (() => Promise<void>)[] = []
  let code: number
  try {
    code = await runCommand(argv, surroundings, closers)
  } catch (error) {
    code = exitCodeOf(error)
    report(error)
  }
  for (const close of closers.toReversed()) {
    try {
      await close()
    } catch (error) {
      code ||= exitCodeOf(error)
      report(error)
    }
  }
  return code

  function report(error: unknown): void {
    const before = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
    if (before.includes('--json')) stdout.write(`${jsonText(errorObject(error), stdout.isTTY)}\n`)
    else if (before.includes('--jsonl'))
      stdout.write(`${JSON.stringify({ v: 1, type: 'error', ...errorObject(error) })}\n`)
    const debug = before.includes('--debug')
    stderr.write(`${errorLines(error, { style: errorStyle, cwd, debug }).join('\n')}\n`)
    if (github) annotateError(github, error)
  }

  async function runCommand(
    args: readonly string[],
    around: Surroundings,
    closing: (() => Promise<void>)[],
  ): Promise<number> {
    if (args[0] === '--version' || args[0] === '-V') {
      stdout.write(`${version}\n`)
      return 0
    }
    const columns = stdout.columns ?? 100
    const parsed = await parseProgram(args, { style, columns, write: (text) => stdout.write(text) })
    if (!parsed) return 0
    const { command, given } = parsed
    const context = contextOf(around, given, closing)
    return (await command.run(context, given)) ?? 0
  }

  function contextOf(
    around: Surroundings,
    given: Readonly<Record<string, unknown>>,
    closing: (() => Promise<void>)[],
  ): CommandContext {
    const user = currentUser(env)
    let held: (() => void)[] | undefined
    const warn = (message: string, problem?: Problem) => {
      if (held) held.push(() => sayWarning(message, problem))
      else sayWarning(message, problem)
    }
    const sayWarning = (message: string, problem?: Problem) => {
      // It is shown in its colour there.
      if (github && problem) github.problem(problem)
      else if (github) github.annotate('warning', message)
      else stderr.write(`${errorStyle.yellow.bold('warning')}: ${message}\n`)
    }
    return {
      ...around,
      style,
      errorStyle,
      github,
      user,
      warn,
      holdWarnings() {
        held = []
        return () => {
          const waiting = held ?? []
          held = undefined
          for (const say of waiting) say()
        }
      },
      report,
      json: given['json'] === true,
      debug: given['debug'] === true,
      print: (line = '') => void stdout.write(`${line}\n`),
      note: (line = '') => void stderr.write(`${line}\n`),
      printJson: (value) => void stdout.write(`${jsonText(value, stdout.isTTY)}\n`),
      async app(choice = {}) {
        const app = await openApp(around, choice, warn)
        closing.push(() => app.close())
        return app
      },
      call: (app, action, input, more) => callAction(app, action, input, { by: user, warn, ...more }),
      readStdin: () => readAll(around.stdin),
    }
  }
}

/** What models wrote must not give the runner commands. */
function harmless(stream: TextStream): TextStream {
  const { isTTY, columns } = stream
  return { isTTY, columns, write: (text) => stream.write(withoutCommands(text)) }
}

function annotateError(github: GithubLog, error: unknown): void {
  if (error instanceof ProblemsError) for (const problem of error.problems) github.problem(problem)
  else {
    const { message, hint } = toErrorData(error)
    github.annotate('error', withHint(message, hint))
  }
}

async function openApp(around: Surroundings, choice: AppChoice, warn: (message: string) => void): Promise<App> {
  const { createApp } = await import('../../app/create-app.ts')
  const { env, cwd, clock } = around
  const { faults } = choice
  if (faults !== undefined && !choice.sandbox) {
    throw new UsageError('--faults is for the sandbox', { hint: 'add --sandbox, or leave --faults out' })
  }
  assertOneWorld(choice)
  const scenario = faults === undefined ? {} : await readScenarioFile(resolve(cwd, faults))
  return createApp({
    ...{ env, cwd, clock, warn, door: 'cli' },
    ...defined({ config: choice.config, durability: choice.durability }),
    ...(choice.store !== undefined && { storeUrl: choice.store }),
    ...(choice.checkpointDir !== undefined && { checkpointDir: choice.checkpointDir }),
    sandbox: choice.sandbox ?? false,
    ...(choice.record !== undefined && { record: { folder: choice.record, continues: choice.recordsOn ?? false } }),
    ...(choice.replay !== undefined && { replay: choice.replay }),
    ...(choice.frozen && { frozen: true }),
    checkScenario: async (wishes) => (await import('../../sandbox/faults/scenario.ts')).readScenario(wishes).problems,
    startSandbox: async (dataDir, wishes) =>
      (await import('../../sandbox/sandbox.ts')).startSandbox({
        ...defined({ dataDir: choice.sandboxInMemory ? undefined : dataDir }),
        ...(wishes ?? scenario),
      }),
  })
}

function assertOneWorld({ record, replay, sandbox, frozen }: AppChoice): void {
  if (replay === undefined) return
  if (frozen) {
    throw new UsageError('--replay and --frozen exclude each other', {
      hint: 'a replay has the versions of its recording',
    })
  }
  const other = record !== undefined ? '--record' : sandbox ? '--sandbox' : undefined
  if (other === undefined) return
  throw new UsageError(`--replay and ${other} exclude each other`, {
    hint: 'a replay calls nothing that could be recorded',
  })
}

/** For people on a terminal with line breaks, else on one line. */
function jsonText(value: unknown, forPeople: boolean | undefined): string {
  return forPeople ? JSON.stringify(value, null, 2) : JSON.stringify(value)
}

async function readAll(stream: Surroundings['stdin']): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * The steps of `action.yml`: `install` puts the command line into the runner's temporary folder; `run` starts a run, or
 * goes on with the one that an earlier attempt of the job has left. Inputs come as INPUT_… in the environment.
 */
import { type SpawnSyncReturns, type StdioOptions, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

const { env } = process
const folder = path.join(env['RUNNER_TEMP'] ?? '', 'replicate-agent')

function install(): void {
  const own = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8')) as {
    name: string
    version: string
  }
  const version = input('VERSION') || own.version
  const what = /^[\w.^~*-]+$/.test(version) ? `${own.name}@${version}` : version
  fs.mkdirSync(folder, { recursive: true })
  fs.appendFileSync(env['GITHUB_OUTPUT'] ?? '', `id=${useId()}\n`)
  const options = ['--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error']
  end(spawnSync('npm', ['install', ...options, what], { stdio: 'inherit' }))
}

function run(): void {
  const id = useId()
  const keeping = input('CHECKPOINT_KEY') === '' ? [] : ['--checkpoint-dir', path.join(folder, id)]
  const status = statusOf(id, keeping)
  const sandbox = input('SANDBOX') === 'true' ? ['--sandbox'] : []
  const start = ['workflows', 'run', input('WORKFLOW'), '--run-id', id, ...sandbox, ...words(input('ARGS'))]
  const again = status === 'failed' ? ['runs', 'retry', id, '--failed'] : ['runs', 'resume', id]
  end(replicateAgent([...(status === undefined ? start : again), ...given(), ...keeping], 'inherit'))
}

/** The same for the same use of the action, in every attempt of its job as long as checkpoints are kept. */
function useId(): string {
  const use = ['WORKFLOW', 'INPUTS', 'ARGS', 'CHECKPOINT_KEY'].map(input)
  const attempt = input('CHECKPOINT_KEY') === '' ? env['GITHUB_RUN_ATTEMPT'] : ''
  const hash = createHash('sha256').update(JSON.stringify([...use, env['GITHUB_RUN_ID'], env['GITHUB_JOB'], attempt]))
  return `github-${hash.digest('hex').slice(0, 20)}`
}

/** Of the run that an earlier attempt began, if it did. */
function statusOf(id: string, keeping: readonly string[]): string | undefined {
  if (keeping[1] === undefined || !fs.existsSync(keeping[1])) return undefined
  const quiet = { ...env, GITHUB_ACTIONS: '' }
  const shown = replicateAgent(['runs', 'show', id, ...keeping, '--json'], ['ignore', 'pipe', 'ignore'], quiet)
  return shown.status === 0 ? (JSON.parse(shown.stdout) as { status: string }).status : undefined
}

/** Options that all of the verbs take. Secret inputs have to be given again. */
function given(): string[] {
  const options = { '--budget': 'BUDGET', '--artifacts': 'ARTIFACTS', '--junit': 'JUNIT' }
  const set = Object.entries(options).filter(([, name]) => input(name) !== '')
  return [...inputs(), ...set.flatMap(([option, name]) => [option, input(name)])]
}

function inputs(): string[] {
  const text = input('INPUTS').trim()
  if (text.startsWith('{')) return ['--input', text]
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#')).flatMap((line) => ['-i', line])
}

/** Split at white space, but not within quotes. */
function words(text: string): string[] {
  const found = text.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []
  return found.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'))
}

function replicateAgent(args: readonly string[], stdio: StdioOptions, environment = env): SpawnSyncReturns<string> {
  const command = path.join(folder, 'node_modules', '.bin', 'replicate-agent')
  return spawnSync(command, args, { stdio, env: environment, encoding: 'utf8' })
}

function input(name: string): string {
  return env[`INPUT_${name}`] ?? ''
}

function end({ status, signal, error }: Pick<SpawnSyncReturns<unknown>, 'status' | 'signal' | 'error'>): void {
  if (error) process.stderr.write(`error: ${error.message}\n`)
  if (signal) process.kill(process.pid, signal)
  else process.exitCode = status ?? 1
}

if (process.argv[2] === 'install') install()
else run()

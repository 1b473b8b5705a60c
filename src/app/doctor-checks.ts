/** What the doctor looks at, one function each; none of them changes anything. */
import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ReplicateAgentError } from '../domain/errors.ts'
import { checkArtifacts } from '../state/artifacts/check.ts'
import { checkStore, type StoreReport } from '../state/store/check.ts'
import { defined } from '../std/defined.ts'
import type { ActionContext } from './action.ts'
import type { App, World } from './app.ts'
import { configFindings } from './doctor-config.ts'
import type { Finding } from './doctor-finding.ts'
import { sharedFindings } from './doctor-shared.ts'
import { version } from './version.ts'
import { networkFileSystem } from '../state/network-file-system.ts'

type Check = (app: App, context: ActionContext) => Promise<Finding[]>

export const checks: readonly Check[] = [
  runtime,
  configuration,
  token,
  stateFolder,
  disk,
  store,
  sharedFindings,
  lockFile,
  sandbox,
]

/** A small model that stays. */
const knownModel = 'meta/meta-llama-3-8b-instruct'
const leastFreeBytes = 200e6
const patienceMs = 10_000

async function runtime(): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isGood = major > 22 || (major === 22 && minor >= 18)
  const message = `replicate-agent ${version} on Node.js ${process.versions.node}, ${process.platform}`
  if (process.platform === 'win32') {
    return [{ name: 'runtime', status: 'warning', message, hint: 'Windows is not supported; use WSL' }]
  }
  return [
    isGood
      ? { name: 'runtime', status: 'ok', message }
      : { name: 'runtime', status: 'fault', message, hint: 'Node.js 22.18 or newer is needed' },
  ]
}

/** Files, and who can read `.env`. */
async function configuration(app: App): Promise<Finding[]> {
  return configFindings(await app.config())
}

async function token(app: App, context: ActionContext): Promise<Finding[]> {
  const name = 'token'
  if (app.world === 'sandbox') return [{ name, status: 'ok', message: 'not needed in the sandbox' }]
  if (!app.hasToken) {
    const hint =
      '`export REPLICATE_API_TOKEN=r8_…` (or write it into .env) from https://replicate.com/account/api-tokens; --sandbox needs none'
    return [{ name, status: 'warning', message: 'REPLICATE_API_TOKEN is not set: only the sandbox can be used', hint }]
  }
  if (await isMisconfigured(app)) return [untried(name)]
  const failure = await askFor('real', app, context)
  const from = (await app.config()).envFile?.names.has('REPLICATE_API_TOKEN') ? '.env' : 'the environment'
  if (!failure) return [{ name, status: 'ok', message: `Replicate answers, and accepts the token from ${from}` }]
  const isRefused = failure.code === 'authentication' || failure.code === 'missing_token'
  return [
    { name, status: isRefused ? 'fault' : 'warning', ...defined({ message: failure.message, hint: failure.hint }) },
  ]
}

/** Where there is one: most projects have none. */
async function lockFile(app: App): Promise<Finding[]> {
  const name = 'lock file'
  const lock = await app.lock(app.world)
  try {
    const found = await lock?.read()
    if (!found?.places) return []
    return [{ name, status: 'ok', message: `${found.file}: ${found.models.size} models` }]
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    return [{ name, status: 'fault', ...defined({ message: error.message, hint: error.hint }) }]
  }
}

async function sandbox(app: App, context: ActionContext): Promise<Finding[]> {
  if (await isMisconfigured(app)) return [untried('sandbox')]
  const failure = await askFor('sandbox', app, context)
  if (!failure) return [{ name: 'sandbox', status: 'ok', message: 'it starts and answers' }]
  return [{ name: 'sandbox', status: 'fault', ...defined({ message: failure.message, hint: failure.hint }) }]
}

async function isMisconfigured(app: App): Promise<boolean> {
  const { failures, problems } = await app.config()
  return failures.length > 0 || problems.some(({ severity }) => severity === 'error')
}

function untried(name: string): Finding {
  return { name, status: 'warning', message: 'not tried: the configuration must be put right first' }
}

async function askFor(world: World, app: App, context: ActionContext): Promise<ReplicateAgentError | undefined> {
  try {
    const target = await app.target('replicate', world)
    await target.describe?.(knownModel, AbortSignal.any([context.signal, AbortSignal.timeout(patienceMs)]))
    return undefined
  } catch (cause) {
    if (cause instanceof ReplicateAgentError) return cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new ReplicateAgentError(
      'network',
      `${world === 'real' ? 'Replicate' : 'the sandbox'} can't be reached: ${reason}`,
      { cause },
    )
  }
}

async function stateFolder(app: App): Promise<Finding[]> {
  const name = 'state folder'
  const { home } = app
  const found = await stat(home).catch(() => undefined)
  const findings: Finding[] = []
  if (!found) findings.push(await wouldBeMade(home, name))
  else if (!found.isDirectory()) findings.push({ name, status: 'fault', message: `${home} is not a folder` })
  else if (!(await isWritable(home))) {
    findings.push({
      name,
      status: 'fault',
      message: `${home} can't be written`,
      hint: 'set REPLICATE_AGENT_HOME to a folder of your own',
    })
  } else if ((found.mode & 0o077) !== 0) {
    findings.push({ name, status: 'warning', message: `${home} can be read by others`, hint: `chmod 700 ${home}` })
  } else findings.push({ name, status: 'ok', message: home })
  const network = await networkFileSystem(home)
  if (network !== undefined) {
    const hint = 'locks may not hold there; set REPLICATE_AGENT_HOME to a folder on a local disk'
    findings.push({ name: 'file system', status: 'warning', message: `${home} is on ${network}`, hint })
  }
  return findings
}

async function wouldBeMade(home: string, name: string): Promise<Finding> {
  const parent = await nearestFolder(home)
  if (await isWritable(parent)) return { name, status: 'ok', message: `${home} will be made at the first run` }
  return {
    name,
    status: 'fault',
    message: `${home} can't be made in ${parent}`,
    hint: 'set REPLICATE_AGENT_HOME to a folder of your own',
  }
}

async function disk(app: App): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(await nearestFolder(app.home))
  const free = bavail * bsize
  const message = `${(free / 1e9).toFixed(1)} GB are free`
  if (free >= leastFreeBytes) return [{ name: 'disk', status: 'ok', message }]
  return [{ name: 'disk', status: 'warning', message, hint: 'runs keep their files there; free some space' }]
}

async function store(app: App): Promise<Finding[]> {
  const name = 'store'
  try {
    const report = await checkStore(defined({ home: app.home, url: app.storeUrl }))
    if (!report.exists) return [{ name, status: 'ok', message: 'none yet; it will be made at the first run' }]
    const files = await keptFiles(app, report)
    if (report.problems.length > 0) {
      const { hint = storeHint } = report
      return [{ name, status: 'fault', message: `${report.url}: ${report.problems.join('; ')}`, hint }, ...files]
    }
    const runs = Object.values(report.runs).reduce((sum, count) => sum + count, 0)
    const message = `${report.url}: whole; ${runs} runs, ${report.events} events, ${(report.bytes / 1e6).toFixed(1)} MB`
    return [{ name, status: 'ok', message }, ...files]
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    return [{ name, status: 'fault', ...defined({ message: error.message, hint: error.hint }) }]
  }
}

const storeHint = 'put it back from a copy (store.db with store.db-wal), or begin a new one with --store'

/** The files that runs put out, beside the store. */
async function keptFiles(app: App, { file_hashes }: StoreReport): Promise<Finding[]> {
  const name = 'files'
  const folder = join(app.home, 'artifacts')
  const { files, bytes, damaged, missing } = await checkArtifacts(folder, file_hashes)
  if (damaged.length + missing.length > 0) {
    const hint =
      'put the folder back from a copy, or remove what is damaged and run those steps again with `runs retry`'
    const message = `${folder}: ${[...listed(damaged, 'damaged'), ...listed(missing, 'missing')].join('; ')}`
    return [{ name, status: 'fault', message, hint }]
  }
  if (files === 0) return []
  return [{ name, status: 'ok', message: `${files} kept, ${(bytes / 1e6).toFixed(1)} MB, each as its hash says` }]
}

function listed(hashes: readonly string[], what: string): string[] {
  if (hashes.length === 0) return []
  const shown = hashes.slice(0, 3).map((hash) => `${hash.slice(0, 12)}…`)
  const more = hashes.length > shown.length ? ' and others' : ''
  return [`${hashes.length} ${what} (${shown.join(', ')}${more})`]
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() || dirname(path) === path ? path : nearestFolder(dirname(path))
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** What the doctor finds in the files of the configuration. */
import { stat } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import { misnamedFile } from '../config/discover.ts'
import type { Finding } from './doctor-finding.ts'

export async function configFindings(config: Config): Promise<Finding[]> {
  const { envFile } = config
  const findings = [...problemFindings(config)]
  for (const { file } of config.files) findings.push(...(await ownerFindings(file)))
  if (envFile) findings.push(await envFileFinding(envFile.file))
  const misnamed = await misnamedFile(config.cwd)
  if (misnamed !== undefined)
    findings.push({
      name: 'configuration',
      status: 'warning',
      message: `${misnamed} is not read`,
      hint: 'its name ends in .yaml',
    })
  if (config.files.length === 0)
    findings.unshift({ name: 'configuration', status: 'ok', message: 'no replicate-agent.yaml: defaults hold' })
  return findings
}

function* problemFindings({ failures, files, problems, unset }: Config): Generator<Finding> {
  const hint = '`config check` lists everything that is wrong'
  for (const { file, error } of failures) {
    const kind = file.endsWith('.env') ? '.env' : 'configuration'
    yield { name: kind, status: 'fault', message: error.message, hint: error.hint ?? hint }
  }
  for (const { file } of files) {
    const faults = problems.filter((problem) => problem.file === file && problem.severity === 'error')
    if (failures.some((failure) => failure.file === file)) continue
    const [first] = faults
    if (first) {
      const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
      yield {
        ...{ name: 'configuration', status: 'fault', hint },
        message: `${first.file}:${first.line}:${first.column}: ${first.message}${more}`,
      }
    } else yield { name: 'configuration', status: 'ok', message: file }
  }
  const names = [...new Set(unset.map(({ name }) => name))]
  if (names.length > 0) {
    const message = `not set, but named in the configuration: ${names.join(', ')}`
    yield { name: 'variables', status: 'warning', message, hint }
  }
}

/** Whoever may write the configuration decides what is called, and where it is kept. */
async function ownerFindings(file: string): Promise<Finding[]> {
  const found = await stat(file).catch(() => undefined)
  const isOwn = !found || found.uid === process.getuid?.() || found.uid === 0
  if (isOwn && ((found?.mode ?? 0) & 0o002) === 0) return []
  const message = isOwn ? `${file} can be written by everybody` : `${file} belongs to another user`
  return [{ name: 'configuration', status: 'warning', message, hint: 'what stands in it is done in your name' }]
}

async function envFileFinding(file: string): Promise<Finding> {
  const { mode } = await stat(file)
  if ((mode & 0o004) === 0) return { name: '.env', status: 'ok', message: file }
  return { name: '.env', status: 'warning', message: `${file} can be read by everybody`, hint: `chmod 600 ${file}` }
}

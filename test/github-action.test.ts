/** The action of this repository: its steps as the runner takes them, in a job that is made up here. */
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface Action {
  inputs: Record<string, { description: string; required?: boolean; default?: string }>
  outputs: Record<string, { description: string; value: string }>
  runs: { using: string; steps: Step[] }
}
interface Step {
  id?: string
  run?: string
  uses?: string
  if?: string
  shell?: string
  env?: Record<string, string>
}

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'src/doors/cli/main.ts')
const workflow = `name: greet
inputs: {name: {type: string, required: true}, by: {type: number, default: 1}}
steps:
  hello: {value: "Hello \${{ inputs.name }}"}
  divided: {value: "\${{ 1 / inputs.by }}"}
outputs: {text: "\${{ steps.hello.output }}"}
`

let action: Action
let folder: string
let attempt: number
beforeEach(async () => {
  action = parse(await readFile(join(root, 'action.yml'), 'utf8')) as Action
  folder = await mkdtemp(join(tmpdir(), 'github-'))
  attempt = 0
  for (const name of ['bin', 'temp', 'work']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'work/greet.yaml'), workflow)
  // What npm would install: the command line as it stands here.
  const command = `#!/bin/sh
exec '${process.execPath}' --no-warnings --input-type=module -e "import { main } from '${main}'; await main(process.argv.slice(1))" -- "$@"
`
  const npm = `#!/bin/sh
echo "$@" >> '${join(folder, 'npm.log')}'
mkdir -p "$3/node_modules/.bin" && cp '${join(folder, 'command')}' "$3/node_modules/.bin/replicate-agent"
`
  await writeFile(join(folder, 'command'), command)
  await writeFile(join(folder, 'bin/npm'), npm)
  await Promise.all(['command', 'bin/npm'].map((file) => chmod(join(folder, file), 0o755)))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** One attempt of a job that has this action as its only step, as `with` says. */
async function job(given: Record<string, string>) {
  attempt += 1
  const github = { run_id: '4711', job: 'build', run_attempt: String(attempt) }
  const known: Record<string, string> = {
    'env.REPLICATE_API_TOKEN': '',
    'runner.temp': join(folder, 'temp'),
    ...Object.fromEntries(Object.entries(github).map(([name, value]) => [`github.${name}`, value])),
  }
  for (const [name, { default: text = '' }] of Object.entries(action.inputs))
    known[`inputs.${name}`] = given[name] ?? resolved(text, known)
  let stderr = ''
  let stdout = ''
  let code = 0
  for (const [at, step] of action.runs.steps.entries()) {
    if (step.run === undefined || code !== 0) continue
    const output = join(folder, `output-${attempt}-${at}`)
    await writeFile(output, '')
    const env = Object.entries(step.env ?? {}).map(([name, value]): [string, string] => [name, resolved(value, known)])
    const ended = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      ...{ cwd: join(folder, 'work'), encoding: 'utf8', timeout: 25_000 },
      env: {
        PATH: [join(folder, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
        ...{ HOME: folder, GITHUB_ACTIONS: 'true', GITHUB_ACTION_PATH: root, GITHUB_OUTPUT: output },
        ...{ GITHUB_STEP_SUMMARY: join(folder, 'summary.md'), RUNNER_TEMP: join(folder, 'temp') },
        ...{ GITHUB_RUN_ID: github.run_id, GITHUB_JOB: github.job, GITHUB_RUN_ATTEMPT: github.run_attempt },
        ...Object.fromEntries(env),
      },
    })
    code = ended.status ?? 1
    stderr += ended.stderr
    stdout += ended.stdout
    for (const [name, value] of Object.entries(outputsIn(await readFile(output, 'utf8'))))
      known[`steps.${step.id}.outputs.${name}`] = value
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, resolved(value, known)])
  return { code, stderr, stdout, known, outputs: Object.fromEntries(outputs) as Record<string, string> }
}

/** The few expressions that the action has. */
function resolved(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    const names = expression.split(' || ')
    return names.map((name) => known[name] ?? '').find((value) => value !== '') ?? ''
  })
}

function outputsIn(text: string): Record<string, string> {
  const blocks = [...text.matchAll(/^(\w+)<<(.*)\n([^]*?)\n\2$/gm)].map(([, name, , value]) => [name, value])
  const lines = [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value])
  return Object.fromEntries([...lines, ...blocks]) as Record<string, string>
}

describe('the action', () => {
  test('installs its own version, runs a workflow, and gives its outputs on', async () => {
    const { code, stderr, outputs } = await job({ workflow: 'greet.yaml', inputs: 'name=Ada\n\n# a note\nby=2\n' })
    expect(code, stderr).toBe(0)
    expect(outputs).toMatchObject({ status: 'succeeded', cost_usd: '0', outputs: '{"text":"Hello Ada"}' })
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(await readFile(join(folder, 'npm.log'), 'utf8')).toMatch(
      `install --prefix ${join(folder, 'temp/replicate-agent')}`,
    )
    expect(await readFile(join(folder, 'npm.log'), 'utf8')).toMatch(new RegExp(` replicate-agent@${version}\n$`))
    expect(await readFile(join(folder, 'summary.md'), 'utf8')).toContain('### ✓ greet succeeded')
  })

  test('takes inputs as JSON, other versions, and whatever values hold as nothing but values', async () => {
    const name = '$(touch hacked) "; touch hacked; ${{ x }} \'`touch hacked`'
    const { outputs, code } = await job({
      ...{ workflow: 'greet.yaml', version: './other.tgz', args: '--max-concurrency 2 -q', sandbox: 'true' },
      ...{ inputs: JSON.stringify({ name }), junit: 'out/junit.xml', budget: '0.5' },
    })
    expect(code).toBe(0)
    expect(JSON.parse(outputs['outputs'] as string)).toEqual({ text: `Hello ${name}` })
    expect(await readFile(join(folder, 'npm.log'), 'utf8')).toMatch(/ \.\/other\.tgz\n$/)
    expect(await readFile(join(folder, 'work/out/junit.xml'), 'utf8')).toContain('<testcase name="hello"')
    await expect(readFile(join(folder, 'work/hacked'))).rejects.toThrow('ENOENT')
  })

  test('goes on with what an earlier attempt of the job has left', async () => {
    const given = { workflow: 'greet.yaml', inputs: 'name=Ada\nby=0' }
    const first = await job(given)
    expect(first.code).toBe(1)
    expect(first.outputs['status']).toBe('failed')
    const second = await job(given)
    expect(second.stderr).toContain('attempt 2: divided again')
    expect(second.outputs['run_id']).toBe(first.outputs['run_id'])
    const other = await job({ ...given, inputs: 'name=Ada\nby=4' })
    expect(other.code, other.stderr).toBe(0)
    expect(other.outputs['run_id']).not.toBe(first.outputs['run_id'])
    const same = await job({ ...given, inputs: 'name=Ada\nby=4' })
    expect(same.outputs).toEqual(other.outputs)
  })

  test('begins anew in every attempt when nothing is kept', async () => {
    const given = { workflow: 'greet.yaml', inputs: 'name=Ada', 'checkpoint-key': '' }
    const [first, second] = [await job(given), await job(given)]
    expect([first.code, second.code]).toEqual([0, 0])
    expect(second.outputs['run_id']).not.toBe(first.outputs['run_id'])
  })

  test('fails as the run does', async () => {
    const { code, stderr, outputs } = await job({ workflow: 'nothing.yaml' })
    expect(code).toBe(3)
    expect(stderr).toMatch(/^::error::.*nothing\.yaml/m)
    expect(outputs['status']).toBe('')
  })

  test('hands every input to its script, keeps the folder that the script uses, and has no expression in a command', async () => {
    const { steps } = action.runs
    const handed = steps.flatMap(({ env = {} }) => Object.values(env)).join(' ')
    for (const name of Object.keys(action.inputs)) expect(handed).toContain(`inputs.${name}`)
    for (const { run = '' } of steps) expect(run).not.toContain('${{')
    const { known } = await job({ workflow: 'greet.yaml', inputs: 'name=Ada' })
    for (const step of steps.filter(({ uses = '' }) => uses.startsWith('actions/cache/'))) {
      const { path } = (step as { with?: { path: string } }).with ?? { path: '' }
      expect(await readFile(join(resolved(path, known), 'store.db'))).toBeInstanceOf(Buffer)
    }
  })
})

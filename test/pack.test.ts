/** The package as a user gets it: packed, looked through, installed globally, started. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, posix, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { parseSync } from 'oxc-parser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Manifest {
  name: string
  version: string
  bin: Record<string, string>
  exports: Record<string, string | Record<string, string>>
  engines: { node: string }
  dependencies: Record<string, string>
  peerDependencies?: Record<string, string>
}

const root = resolve(import.meta.dirname, '..')
const minutes = 60_000
let folder: string
let tarball: string
/** The package's files, unpacked. */
let unpacked: string
let files: string[]
let manifest: Manifest

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  return spawnSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8' })
}

/** Its output. */
function succeeded({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }): string {
  if (status !== 0) throw new Error(`code ${status}: ${stderr}`)
  return stdout
}

function listed(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(place, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pack-'))
  succeeded(run(process.execPath, ['scripts/build.cjs', '--if-changed'], root))
  const packed = succeeded(
    run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], root),
  )
  tarball = join(folder, packed.trim().split('\n').at(-1)!)
  succeeded(run('tar', ['-xzf', tarball], folder))
  unpacked = join(folder, 'package')
  files = listed(unpacked)
  manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Manifest
}, 3 * minutes)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('The packed package', () => {
  test('holds what a user needs and nothing of how it is made.', () => {
    for (const file of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'dist/cli/main.js',
      'dist/cli/THIRD-PARTY-LICENSES.txt',
      'schema/workflow.schema.json',
      'workflows/deep_research.test.yaml',
      'workflows/inputs/README.md',
    ]) {
      expect(files).toContain(file)
    }
    expect(
      files.filter((file) =>
        /(^|\/)(src|test|scripts|bench|node_modules|\.built|\.env.*|out)(\/|$)|\.(test|fixture)\.(?!yaml$)|tsconfig/.test(
          file,
        ),
      ),
    ).toEqual([])
  })

  test('has every file that its manifest names.', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    )
    expect(targets.length).toBeGreaterThan(4)
    for (const target of [...targets, ...Object.values(manifest.bin)]) expect(files).toContain(posix.normalize(target))
    for (const target of Object.values(manifest.exports)) {
      // Whoever reads conditions in order must meet the types before the code.
      if (typeof target !== 'string') expect(Object.keys(target)).toEqual(['types', 'default'])
    }
  })

  test('starts by a file that can be executed.', () => {
    const launcher = join(unpacked, manifest.bin['replicate-agent']!)
    expect(readFileSync(launcher, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(statSync(launcher).mode & 0o111).toBe(0o111)
  })

  test('imports only what is in it or in its dependencies.', () => {
    const allowed = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies ?? {})])
    const modules = files.filter((file) => /^dist\/.*\.js$/.test(file))
    expect(modules.length).toBeGreaterThan(10)
    for (const file of modules) {
      for (const specifier of importsOf(join(unpacked, file))) {
        const [scope, name] = specifier.split('/') as [string, string?]
        if (specifier.startsWith('.'))
          expect(files, `${file} imports ${specifier}`).toContain(posix.join(posix.dirname(file), specifier))
        else if (!specifier.startsWith('node:') && !builtinModules.includes(scope)) {
          expect([...allowed], `${file} imports ${specifier}`).toContain(
            scope.startsWith('@') ? `${scope}/${name}` : scope,
          )
        }
      }
    }
  })

  test('has types for every module, and the types that they import.', () => {
    const declarations = files.filter((file) => file.endsWith('.d.ts'))
    expect(declarations.length).toBeGreaterThan(10)
    for (const file of declarations) {
      expect(files).toContain(file.replace(/\.d\.ts$/, '.js'))
      for (const specifier of importsOf(join(unpacked, file))) {
        if (!specifier.startsWith('.')) continue
        const target = posix.join(posix.dirname(file), specifier).replace(/\.(ts|js)x?$/, '.d.ts')
        expect(files, `${file} imports ${specifier}`).toContain(target)
      }
    }
  })

  test('maps its code to sources that are inside the maps.', () => {
    const map = JSON.parse(readFileSync(join(unpacked, 'dist/index.js.map'), 'utf8')) as { sourcesContent?: string[] }
    expect(map.sourcesContent?.[0]).toContain('export')
  })

  test('has not grown out of hand.', () => {
    expect(statSync(tarball).size).toBeLessThan(5_000_000)
  })
})

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8')
  const { module, errors } = parseSync(file, source)
  expect(errors, file).toEqual([])
  const dynamic = module.dynamicImports.map(({ moduleRequest }) => source.slice(moduleRequest.start, moduleRequest.end))
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    ...dynamic.filter((written) => /^['"`]/.test(written)).map((written) => written.slice(1, -1)),
  ]
}

describe('Installed globally', () => {
  let command: string
  let modules: string
  let offline = false

  beforeAll(() => {
    const prefix = join(folder, 'prefix')
    const options = ['--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    const installed = run('npm', ['install', '--global', ...options, tarball], folder)
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(installed.stderr)) offline = true
    else succeeded(installed)
    command = join(prefix, 'bin', 'replicate-agent')
    modules = join(prefix, 'lib', 'node_modules')
  }, 5 * minutes)

  /** As a shell would start it, with that Node first on the PATH. */
  function start(node: string, args: string[]) {
    const PATH = [dirname(node), '/usr/bin', '/bin'].join(delimiter)
    return run(command, args, folder, {
      PATH,
      XDG_CACHE_HOME: join(folder, 'cache'),
      REPLICATE_AGENT_HOME: join(folder, 'home'),
    })
  }

  test('it prints its version.', ({ skip }) => {
    skip(offline, 'the registry can not be reached')
    expect(start(process.execPath, ['--version'])).toMatchObject({
      status: 0,
      stdout: `${manifest.version}\n`,
      stderr: '',
    })
  })

  test('it prints its help.', ({ skip }) => {
    skip(offline, 'the registry can not be reached')
    const { status, stdout, stderr } = start(process.execPath, ['help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('workflows')
  })

  test('it checks and runs a workflow in the sandbox.', ({ skip }) => {
    skip(offline, 'the registry can not be reached')
    const file = join(folder, 'greet.yaml')
    writeFileSync(
      file,
      'name: greet\nsteps:\n  say:\n    value: "${{ 40 + 2 }}"\noutputs:\n  answer: "${{ steps.say.output }}"\n',
    )
    expect(start(process.execPath, ['workflows', 'validate', file])).toMatchObject({ status: 0 })
    const { status, stdout, stderr } = start(process.execPath, ['workflows', 'run', file, '--sandbox', '--json'])
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', outputs: { answer: 42 } })
  })

  test('it copies an example of the package, with its inputs, and the copy passes its tests.', ({ skip }) => {
    skip(offline, 'the registry can not be reached')
    const project = join(folder, 'examples')
    const { status, stderr } = start(process.execPath, ['init', '--example', 'translate_checked', '--folder', project])
    expect(status, stderr).toBe(0)
    expect(existsSync(join(project, 'workflows/inputs/north-wind.txt'))).toBe(true)
    const tested = start(process.execPath, [
      'workflows',
      'test',
      join(project, 'workflows/translation_round.test.yaml'),
    ])
    expect(tested.status, tested.stderr + tested.stdout).toBe(0)
  })

  test('the plugin that `plugins new` writes passes its own test.', ({ skip }) => {
    skip(offline, 'the registry can not be reached')
    const project = join(folder, 'plugin')
    expect(start(process.execPath, ['plugins', 'new', 'short_inputs', '--dir', project])).toMatchObject({ status: 0 })
    // As `npm install` in it would have it: the packed package, and the test runner.
    mkdirSync(join(project, 'node_modules'))
    cpSync(join(modules, manifest.name), join(project, 'node_modules', manifest.name), { recursive: true })
    symlinkSync(join(root, 'node_modules', 'vitest'), join(project, 'node_modules', 'vitest'))
    const runner = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const { status, stdout, stderr } = run(process.execPath, [runner, 'run'], project, {
      NO_COLOR: '1',
      FORCE_COLOR: '',
    })
    expect(status, stderr + stdout).toBe(0)
    expect(stdout).toMatch(/Tests +8 passed/)
  })

  test('on a Node that is too old it says which one it needs, with code 69.', ({ skip }) => {
    skip(offline, 'the registry can not be reached')
    const old = '/usr/bin/node'
    const version = existsSync(old) ? run(old, ['-p', 'process.versions.node'], folder).stdout : '99'
    skip(Number.parseFloat(version) >= 22, 'this machine has no old Node')
    const { status, stdout, stderr } = start(old, ['help'])
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' })
    expect(stderr).toMatch(/^error: .*22\.18.*\n$/)
  })

  test('it can be imported by name, with what the manifest exports.', ({ skip }) => {
    skip(offline, 'the registry can not be reached')
    const project = join(folder, 'project')
    mkdirSync(project)
    symlinkSync(modules, join(project, 'node_modules'))
    const script = `
      const sdk = await import('replicate-agent')
      const schema = await import('replicate-agent/schema/workflow.schema.json', { with: { type: 'json' } })
      console.log(JSON.stringify({ names: Object.keys(sdk).length, schema: typeof schema.default }))
    `
    const { status, stdout, stderr } = run(process.execPath, ['--input-type=module', '--eval', script], project)
    expect(status, stderr).toBe(0)
    const { names, schema } = JSON.parse(stdout) as { names: number; schema: string }
    expect(names).toBeGreaterThan(0)
    expect(schema).toBe('object')
  })
})

/** What a pipeline does: two jobs on two machines, of which only a folder goes from one to the other. */
describe('In a pipeline', () => {
  const workflow = `
name: pipeline
inputs: {topic: {type: string, required: true}}
steps:
  draw: {model: black-forest-labs/flux-schnell, input: {prompt: "\${{ inputs.topic }}"}}
  write: {model: meta/meta-llama-3-8b-instruct, input: {prompt: "Write about \${{ inputs.topic }}"}}
  edit: {model: meta/meta-llama-3-70b-instruct, input: {prompt: "Shorten: \${{ steps.write.output }}"}, needs: [draw]}
  judge: {model: openai/gpt-4o-mini, input: {prompt: "Is this good? \${{ steps.edit.output }}"}}
outputs: {text: "\${{ steps.edit.output }}", verdict: "\${{ steps.judge.output }}", picture: "\${{ first(steps.draw.output) }}"}
`
  let offline = false
  let sandbox: ChildProcess
  let url: string
  const log = () => join(folder, 'predictions.jsonl')

  /** A folder with the package in it, as `npm install` makes it, and a home of its own. */
  function newMachine(name: string) {
    const project = join(folder, name)
    mkdirSync(join(project, 'home'), { recursive: true })
    writeFileSync(join(project, 'package.json'), '{"private": true}')
    writeFileSync(join(project, 'pipeline.yaml'), workflow)
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    const installed = run('npm', ['install', ...options, tarball], project)
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(installed.stderr)) offline = true
    else succeeded(installed)
    const env = {
      ...{ PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter), HOME: join(project, 'home') },
      ...{ REPLICATE_API_TOKEN: 'token-of-the-pipeline', REPLICATE_BASE_URL: url },
    }
    return { project, env, command: join(project, 'node_modules', '.bin', 'replicate-agent') }
  }

  /** The first line that a process prints for which this holds. */
  async function lineOf(child: ChildProcess, holds: (line: Record<string, unknown>) => boolean) {
    for await (const text of createInterface({ input: child.stdout! })) {
      const line = JSON.parse(text) as Record<string, unknown>
      if (holds(line)) return line
    }
    throw new Error('it ended before')
  }

  beforeAll(async () => {
    const launcher = join(root, 'bin', 'replicate-agent.cjs')
    const args = [launcher, 'sandbox', '--json', '--latency', '400', '--log', log()]
    sandbox = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    url = String((await lineOf(sandbox, () => true))['url'])
  }, minutes)

  afterAll(async () => {
    sandbox.kill()
    await once(sandbox, 'exit')
  })

  test(
    'a job that is killed half-way is finished by another one, on another machine, which pays for nothing again',
    async ({ skip }) => {
      const one = newMachine('job-1')
      skip(offline, 'the registry can not be reached')
      const args = ['run', 'pipeline.yaml', '-i', 'topic=tea', '--checkpoint-dir', 'checkpoint', '--jsonl']
      const job = spawn(one.command, args, { cwd: one.project, env: one.env, stdio: ['ignore', 'pipe', 'ignore'] })
      const ended = once(job, 'exit')
      await lineOf(job, ({ type, step }) => type === 'call.created' && step === 'edit')
      job.kill('SIGKILL')
      await ended

      const two = newMachine('job-2')
      const checkpoint = join(two.project, 'checkpoint')
      cpSync(join(one.project, 'checkpoint'), checkpoint, { recursive: true })
      rmSync(one.project, { recursive: true })
      comesFromElsewhere(checkpoint, 3_000)
      const resumed = run(
        two.command,
        ['runs', 'resume', 'last', '--checkpoint-dir', 'checkpoint', '--json'],
        two.project,
        two.env,
      )
      expect(resumed.status, resumed.stderr).toBe(0)
      expect(JSON.parse(resumed.stdout)).toMatchObject({
        status: 'succeeded',
        outputs: { text: expect.any(String) as string, picture: expect.stringContaining(two.project) as string },
      })
      expect(resumed.stderr).toMatch(/warning: process \d+ on runner-1 was driving the run: waiting [1-3] s/)

      const creates = readFileSync(log(), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event: string; model: string })
      const models = creates.filter(({ event }) => event === 'create').map(({ model }) => model)
      expect(models.toSorted()).toEqual([
        'black-forest-labs/flux-schnell',
        'meta/meta-llama-3-70b-instruct',
        'meta/meta-llama-3-8b-instruct',
        'openai/gpt-4o-mini',
      ])
    },
    5 * minutes,
  )
})

/** As a store looks whose driver died on another machine, and whose lease has not ended for so long. */
function comesFromElsewhere(checkpoint: string, ms: number): void {
  const store = new DatabaseSync(join(checkpoint, 'store.db'))
  try {
    const { changes } = store
      .prepare("update leases set host = 'runner-1', expires_at = ? where pid is not null")
      .run(Date.now() + ms)
    expect(changes).toBe(1)
  } finally {
    store.close()
  }
}

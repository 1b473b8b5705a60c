/** The package as a user gets it: packed, looked through, installed globally, started. */
import { spawnSync } from 'node:child_process'
import {
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
    ]) {
      expect(files).toContain(file)
    }
    expect(
      files.filter((file) =>
        /(^|\/)(src|test|scripts|bench|node_modules|\.built|\.env.*|out)(\/|$)|\.(test|fixture)\.|tsconfig/.test(file),
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
    expect(statSync(tarball).size).toBeLessThan(3_000_000)
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

/** What stands behind `npm start` and `npm test`, on a small tree with an npm that only takes notes. */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TemporaryFolder, temporaryFolder } from '../src/testing/temporary-folder.ts'

const root = resolve(import.meta.dirname, '..')
const hour = 3600
let tree: TemporaryFolder

/** Stands in for npm: writes down what it was asked for, and installs what the real one would have. */
const npm = `
const fs = require('fs')
fs.appendFileSync('asked.txt', process.argv.slice(2).join(' ') + '\\n')
if (process.env.NPM_FAILS) process.exit(9)
fs.writeFileSync('node_modules/.package-lock.json', '')
`

/** Stands in for vitest: shows its arguments, and measures that one of COVERED.length lines of a source was run. */
const vitest = `
import fs from 'node:fs'
import path from 'node:path'
console.log(process.argv.slice(2).join(' '))
if (process.argv.includes('--coverage')) {
  const run = (process.env.COVERED || '1').split('').map(Number)
  const source = path.resolve('src/a.ts')
  const statementMap = Object.fromEntries(run.map((_, at) => [at, { start: { line: at + 1 } }]))
  fs.mkdirSync('coverage', { recursive: true })
  fs.writeFileSync('coverage/coverage-final.json', JSON.stringify({ [source]: { statementMap, s: run } }))
}
`

/** Stands in for tsc and the bundler: each writes one file into the folder that it is given last. */
const tool = (name: string) => `
const fs = require('fs'), path = require('path')
if (process.env.FAILS === '${name}') process.exit(3)
const folder = process.argv.at(-1)
fs.mkdirSync(folder, { recursive: true })
fs.writeFileSync(path.join(folder, '${name}.txt'), '')
`

beforeEach(async () => {
  tree = await temporaryFolder('scripts-')
  cpSync(join(root, 'scripts'), tree.file('scripts'), { recursive: true })
  for (const folder of ['src', 'bin', 'node_modules/node/bin', 'node_modules/typescript/bin', 'node_modules/vitest']) {
    mkdirSync(tree.file(folder), { recursive: true })
  }
  symlinkSync(process.execPath, tree.file('node_modules/node/bin/node'))
  writeFileSync(tree.file('npm-cli.js'), npm)
  writeFileSync(tree.file('node_modules/typescript/bin/tsc'), tool('tsc'))
  writeFileSync(tree.file('scripts/bundle.ts'), tool('bundle'))
  writeFileSync(tree.file('node_modules/vitest/vitest.mjs'), vitest)
  writeFileSync(tree.file('bin/replicate-agent.cjs'), 'console.log(process.argv.slice(2).join(" ")); process.exit(4)')
  for (const file of ['src/a.ts', 'src/a.test.ts']) writeFileSync(tree.file(file), '')
  writeFileSync(tree.file('package.json'), '{}')
  aged('package-lock.json', 2 * hour)
  aged('node_modules/.package-lock.json', hour)
})

afterEach(() => tree.remove())

/** Writes a file that was changed so many seconds ago. */
function aged(file: string, seconds: number): void {
  writeFileSync(tree.file(file), '')
  const then = Date.now() / 1000 - seconds
  utimesSync(tree.file(file), then, then)
}

function run(script: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [tree.file('scripts', script), ...args], {
    cwd: tree.path,
    env: { ...process.env, npm_execpath: tree.file('npm-cli.js'), ...env },
    encoding: 'utf8',
  })
}

function asked(): string {
  return existsSync(tree.file('asked.txt')) ? readFileSync(tree.file('asked.txt'), 'utf8') : ''
}

describe('Installing', () => {
  test('is left out when nothing changed.', () => {
    expect(run('test.cjs').status).toBe(0)
    expect(asked()).toBe('')
  })

  test('happens when the lock file is newer.', () => {
    aged('package-lock.json', 0)
    const { status, stderr } = run('test.cjs')
    expect(status).toBe(0)
    expect(stderr).toContain('Installing dependencies')
    expect(asked()).toBe('ci --loglevel=error\n')
  })

  test('ends the command with npm’s code when npm fails.', () => {
    aged('package-lock.json', 0)
    expect(run('test.cjs', [], { NPM_FAILS: '1' }).status).toBe(9)
  })
})

describe('Building', () => {
  test('happens once, and again when a source changed, came or went; a test is no source.', () => {
    expect(run('test.cjs').stderr).toContain('Building')
    expect(existsSync(tree.file('dist/tsc.txt'))).toBe(true)
    expect(existsSync(tree.file('dist/cli/bundle.txt'))).toBe(true)
    expect(run('test.cjs').stderr).not.toContain('Building')

    const soon = Date.now() / 1000 + hour
    utimesSync(tree.file('src/a.test.ts'), soon, soon)
    expect(run('test.cjs').stderr).not.toContain('Building')
    utimesSync(tree.file('src'), soon, soon)
    expect(run('test.cjs').stderr).toContain('Building')
  })

  test.each(['tsc', 'bundle'])('that fails in %s ends with its code and leaves dist/ as it was.', (name) => {
    expect(run('build.cjs').status).toBe(0)
    writeFileSync(tree.file('dist/mark.txt'), '')
    expect(run('build.cjs', [], { FAILS: name }).status).toBe(3)
    expect(existsSync(tree.file('dist/mark.txt'))).toBe(true)
    expect(run('build.cjs').status).toBe(0)
    expect(existsSync(tree.file('dist/mark.txt'))).toBe(false)
  })
})

test('npm test hands its arguments to vitest.', () => {
  expect(run('test.cjs', ['src/expression', '--bail=1']).stdout).toBe('run src/expression --bail=1\n')
})

describe('The share of lines that the tests ran', () => {
  test('is said for each room, and fails the command below 90 %.', () => {
    const enough = run('test.cjs', [], { COVERED: '1111111110' })
    expect(enough.status).toBe(0)
    expect(enough.stdout).toMatch(/all +90\.0 % +of 10/)
    const tooFew = run('test.cjs', ['--reporter=dot'], { COVERED: '11111111100' })
    expect(tooFew.status).toBe(1)
    expect(tooFew.stdout).toContain('81.8 % of the lines were run, 90 % have to be')
  })

  test('counts what only a child process ran, by the innermost of its ranges.', () => {
    writeFileSync(tree.file('src/a.ts'), 'one()\n  two()\nthree()\n')
    run('build.cjs')
    const ranges = [
      { startOffset: 0, endOffset: 22, count: 1 },
      { startOffset: 14, endOffset: 22, count: 0 },
    ]
    const url = pathToFileURL(tree.file('src/a.ts')).href
    // As vitest's tests would: after the command has emptied the folder.
    const child = JSON.stringify({ result: [{ url, functions: [{ ranges }] }] })
    const write = `\nfs.mkdirSync('coverage/processes'); fs.writeFileSync('coverage/processes/1.json', ${JSON.stringify(child)}); fs.writeFileSync('coverage/processes/killed.json', '{')`
    writeFileSync(tree.file('node_modules/vitest/vitest.mjs'), vitest + write)
    const { stdout, status } = run('test.cjs', [], { COVERED: '100' })
    expect(stdout).toMatch(/all +66\.7 % +of 3/)
    expect(status).toBe(1)
  })

  test('is not said of some of the tests.', () => {
    expect(run('test.cjs', ['src/expression']).stdout).toBe('run src/expression\n')
    expect(run('test.cjs', ['--testNamePattern=x']).stdout).not.toContain('%')
  })
})

test('npm start runs the example, or what it is given, and ends with its code.', () => {
  const example = run('start.cjs')
  expect(example.status).toBe(4)
  expect(example.stdout).toBe('workflows run workflows/product_photo.yaml --sandbox --artifacts out\n')
  expect(run('start.cjs', ['runs', 'list']).stdout).toBe('runs list\n')
})

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
] as const)('%s to a script reaches what it runs, which ends first.', async (signal, by) => {
  writeFileSync(tree.file('bin/replicate-agent.cjs'), 'console.log("ready"); setInterval(() => {}, 1000)')
  expect(run('build.cjs').status).toBe(0)
  const child = spawn(process.execPath, [tree.file('scripts/start.cjs')], { stdio: ['ignore', 'pipe', 'ignore'] })
  child.stdout.once('data', () => child.kill(signal))
  // Its output closes when the last that holds it has ended.
  const end = await new Promise((done) => child.once('close', (code, how) => done({ code, how })))
  expect(end).toEqual({ code: null, how: by })
})

test('The count of tests takes a file that could not be loaded for a failure.', () => {
  const files = [
    { status: 'passed', assertionResults: [{}] },
    { status: 'failed', assertionResults: [{}] },
    { status: 'failed', assertionResults: [] },
  ]
  writeFileSync(tree.file('report.json'), JSON.stringify({ numPassedTests: 7, numFailedTests: 2, testResults: files }))
  expect(run('count-tests.cjs', [tree.file('report.json')]).stdout).toBe('7 3\n')
  expect(run('count-tests.cjs', [tree.file('none.json')]).status).not.toBe(0)
})

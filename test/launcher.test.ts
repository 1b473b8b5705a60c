/** The launcher as a real process: on a new Node, and handing over from an old one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'acorn'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const installed = join(root, 'node_modules', 'node')
const old = oldNode()
const script = spawnSync('script', ['--version']).status === 0

/** A command line that shows what the launcher does for it. */
const fixture = `
import { DatabaseSync } from 'node:sqlite'
const launcher = globalThis[Symbol.for('replicate-agent.launcher')]
export async function main([verb, value]) {
  if (verb === 'show') {
    new DatabaseSync(':memory:').close()
    process.emitWarning('something else')
    const left = process.env.REPLICATE_AGENT_HANDED_OVER
    console.log(JSON.stringify({ version: process.version, value, launcher, left, pid: process.pid }))
  }
  if (verb === 'exit') process.exit(Number(value))
  if (verb === 'die') process.kill(process.pid, value)
  if (verb === 'echo') for await (const chunk of process.stdin) process.stdout.write(chunk)
  if (verb === 'throw') throw new Error('broken on purpose')
  if (verb === 'wait') {
    let first
    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
      process.on(signal, () => {
        console.log(signal)
        // Long enough for a second one to arrive, if there is one.
        first ??= setTimeout(() => process.exit(code), 200)
      })
    }
    setInterval(() => {}, 1000)
    console.log('ready')
  }
}
`

let folder: string
const started: ChildProcess[] = []

function oldNode(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => !place.includes('node_modules'))
  return [...places, '/usr/bin']
    .map((place) => join(place, 'node'))
    .find((file) => {
      if (!existsSync(file)) return false
      const [major, minor] = spawnSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' })
        .stdout.split('.')
        .map(Number)
      return major! < 22 || (major === 22 && minor! < 18)
    })
}

/** A package as npm would lay it out, with the real launcher and the fixture as its bundle. */
function layOut(place: string): string {
  mkdirSync(join(place, 'dist', 'cli'), { recursive: true })
  cpSync(join(root, 'bin'), join(place, 'bin'), { recursive: true })
  writeFileSync(
    join(place, 'package.json'),
    JSON.stringify({ name: 'replicate-agent', version: '9.8.7', type: 'module' }),
  )
  writeFileSync(join(place, 'dist', 'cli', 'main.js'), fixture)
  return join(place, 'bin', 'replicate-agent.cjs')
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    XDG_CACHE_HOME: join(folder, 'cache'),
    NODE_COMPILE_CACHE: undefined,
    NODE_DISABLE_COMPILE_CACHE: undefined,
    NODE_V8_COVERAGE: undefined,
  }
}

function start(node: string, args: string[]): ChildProcess {
  const child = spawn(node, args, { env: environment(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  return child
}

function runWith(node: string, args: string[], input = '') {
  return spawnSync(node, args, { env: environment(), encoding: 'utf8', input })
}

/** Resolves when the process and everything that holds its output have ended. */
function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((done) => child.once('close', (code, signal) => done({ code, signal })))
}

/** Starts the fixture's `wait`; resolves when it listens to signals. */
async function waiting(node: string, launcher: string) {
  const child = start(node, [launcher, 'wait'])
  let output = ''
  await new Promise<void>((done) => {
    child.stdout!.on('data', (chunk) => {
      output += String(chunk)
      if (output.includes('ready\n')) done()
    })
  })
  return { child, signals: () => output.split('\n').filter((line) => line.startsWith('SIG')) }
}

let launcher: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'launcher-'))
  launcher = layOut(join(folder, 'package'))
})

afterEach(() => {
  for (const child of started.splice(0)) {
    try {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('What an old Node reads is ES5.', () => {
  const files = [
    'bin/replicate-agent.cjs',
    'bin/hand-over.cjs',
    ...readdirSync(join(root, 'scripts'))
      .filter((file) => file.endsWith('.cjs'))
      .map((file) => `scripts/${file}`),
  ]
  expect(files.length).toBeGreaterThan(6)
  for (const file of files) {
    expect(
      () => parse(readFileSync(join(root, file), 'utf8'), { ecmaVersion: 5, allowHashBang: true }),
      file,
    ).not.toThrow()
  }
})

describe('On a Node that is new enough, the launcher', () => {
  const node = process.execPath

  test.each(['--version', '-V'])('answers %s without loading the command line.', (flag) => {
    const bare = layOut(join(folder, `unbuilt${flag}`))
    rmSync(join(folder, `unbuilt${flag}`, 'dist'), { recursive: true })
    expect(runWith(node, [bare, flag])).toMatchObject({ status: 0, stdout: '9.8.7\n', stderr: '' })
  })

  test('says what to do when nothing is built yet.', () => {
    const bare = layOut(join(folder, 'unbuilt'))
    rmSync(join(folder, 'unbuilt', 'dist'), { recursive: true })
    const { status, stderr } = runWith(node, [bare, 'help'])
    expect(status).toBe(5)
    expect(stderr).toMatch(/^error: .*npm run build\n$/)
  })

  test('runs the command line in the same process, with its arguments, keeping compiled code.', () => {
    const { status, stdout } = runWith(node, [launcher, 'show', 'a b'])
    expect(status).toBe(0)
    const shown = JSON.parse(stdout) as Record<string, unknown>
    expect(shown).toMatchObject({ version: process.version, value: 'a b' })
    expect(shown).not.toHaveProperty('launcher')
    expect(readdirSync(join(folder, 'cache', 'replicate-agent', 'compile'))).not.toEqual([])
  })

  test('lets every warning through but the one about SQLite.', () => {
    const { stderr } = runWith(node, [launcher, 'show'])
    expect(stderr).toContain('something else')
    expect(stderr).not.toContain('SQLite')
  })

  test('passes on the exit code.', () => {
    expect(runWith(node, [launcher, 'exit', '3']).status).toBe(3)
  })

  test('tells of what the command line threw in one line, and more with --debug.', () => {
    expect(runWith(node, [launcher, 'throw'])).toMatchObject({ status: 1, stderr: 'error: broken on purpose\n' })
    expect(runWith(node, [launcher, 'throw', '--debug']).stderr).toContain('main.js')
  })
})

describe.skipIf(old === undefined)('On a Node that is too old (skipped where there is none), the launcher', () => {
  const node = old as string
  let beside: string

  beforeAll(() => {
    const place = join(folder, 'beside')
    beside = layOut(place)
    mkdirSync(join(place, 'node_modules'))
    symlinkSync(installed, join(place, 'node_modules', 'node'))
  })

  test('says in one line which version is needed, with code 69, when there is no other.', () => {
    const { status, stdout, stderr } = runWith(node, [launcher, 'help'])
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' })
    expect(stderr).toMatch(/^error: .*22\.18.*\n$/)
  })

  test('does not hand over to one that is too old as well.', () => {
    const place = join(folder, 'aged')
    const aged = layOut(place)
    mkdirSync(join(place, 'node_modules', 'node', 'bin'), { recursive: true })
    writeFileSync(join(place, 'node_modules', 'node', 'package.json'), '{"version": "20.1.0"}')
    symlinkSync(node, join(place, 'node_modules', 'node', 'bin', 'node'))
    expect(runWith(node, [aged, 'help']).status).toBe(69)
  })

  test('hands over to the Node that npm installed beside it.', () => {
    const { status, stdout } = runWith(node, [beside, 'show', 'a b'])
    expect(status).toBe(0)
    const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string }
    expect(JSON.parse(stdout)).toMatchObject({ version: `v${version}`, value: 'a b' })
  })

  test('finds a hoisted one, too.', () => {
    const place = join(folder, 'hoisted', 'node_modules')
    const hoisted = layOut(join(place, 'replicate-agent'))
    symlinkSync(installed, join(place, 'node'))
    expect(runWith(node, [hoisted, '--version'])).toMatchObject({ status: 0, stdout: '9.8.7\n', stderr: '' })
  })

  test('tells the command line who it is, and nobody that the command line starts.', async () => {
    const child = start(node, [beside, 'show'])
    const shown = JSON.parse(await text(child.stdout!)) as { launcher: unknown; left?: string; pid: number }
    expect(shown.launcher).toEqual({ pid: child.pid })
    expect(shown.pid).not.toBe(child.pid)
    expect(shown).not.toHaveProperty('left')
  })

  test('leaves input and output connected.', () => {
    expect(runWith(node, [beside, 'echo'], 'x'.repeat(200_000)).stdout).toHaveLength(200_000)
  })

  test.each([0, 3, 69])('ends with the code %i of the command line.', (code) => {
    expect(runWith(node, [beside, 'exit', String(code)])).toMatchObject({ status: code, signal: null })
  })

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'])('ends by %s when the command line does.', (signal) => {
    expect(runWith(node, [beside, 'die', signal])).toMatchObject({ status: null, signal })
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('passes %s on once and waits for the end.', async (signal, code) => {
    const { child, signals } = await waiting(node, beside)
    child.kill(signal)
    expect(await ended(child)).toEqual({ code, signal: null })
    expect(signals()).toEqual([signal])
  })

  test('outlives a SIGINT to its group, so that the command line decides.', async () => {
    const { child, signals } = await waiting(node, beside)
    process.kill(-child.pid!, 'SIGINT')
    expect(await ended(child)).toEqual({ code: 130, signal: null })
    // Once from the group, once from the launcher: the command line takes two within 250 ms as one.
    expect(new Set(signals())).toEqual(new Set(['SIGINT']))
  })

  test('takes the command line with it when it is killed.', async () => {
    const { child, signals } = await waiting(node, beside)
    child.kill('SIGKILL')
    // Its output closes when the last process that holds it has ended: the command line.
    expect(await ended(child)).toEqual({ code: null, signal: 'SIGKILL' })
    expect(signals()).toEqual([])
  })

  test.skipIf(!script)(
    'leaves Ctrl-C to the terminal, which sends it to both (skipped without script(1)).',
    async () => {
      const command = `${node} ${beside} wait`
      const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
        env: environment(),
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      started.push(child)
      let output = ''
      child.stdout.on('data', (chunk) => {
        const before = output
        output += String(chunk)
        if (output.includes('ready') && !before.includes('ready')) child.stdin.write('\u0003')
      })
      expect(await ended(child)).toEqual({ code: 130, signal: null })
      expect(output.match(/SIG\w+/g)).toEqual(['SIGINT'])
    },
  )
})

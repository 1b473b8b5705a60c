/** `runs export` and `runs import`: from one store into another, and archives that nobody should trust. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { packTar, type ParsedTarEntryWithData, unpackTar } from 'modern-tar'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let here: CliRig
let there: CliRig

const poster = `
name: poster
inputs: {topic: {type: string, required: true}}
steps:
  draw:
    model: black-forest-labs/flux-schnell
    input: {prompt: "\${{ inputs.topic }}", output_format: png, seed: 1}
  long: {value: "\${{ range(6000) }}"}
outputs: {picture: "\${{ first(steps.draw.output) }}", long: "\${{ steps.long.output }}"}
`
const series = `
name: series
steps:
  each: {foreach: {in: [tea, rain], as: topic}, workflow: poster, input: {topic: "\${{ topic }}"}}
`
const asking = `
name: asking
steps:
  first: {value: 1}
  publish: {approval: {message: "Publish?"}, needs: [first]}
  done: {value: "\${{ steps.publish.output.approved }}"}
outputs: {done: "\${{ steps.done.output }}"}
`

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  const env = { REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' }
  here = await openCli(env)
  there = await openCli(env)
  await here.write('workflows/poster.yaml', poster)
})
afterEach(async () => {
  await here.close()
  await there.close()
})

const archive = () => join(here.cwd, 'out.tar.gz')

async function exported(id: string, options = ''): Promise<JsonObject> {
  const end = await here.run(`runs export ${id} -o out.tar.gz --json ${options}`)
  expect(end, end.stderr).toMatchObject({ code: 0 })
  return end.json()
}

async function imported(): Promise<JsonObject> {
  const end = await there.run(['runs', 'import', archive(), '--json'])
  expect(end, end.stderr).toMatchObject({ code: 0 })
  return end.json()
}

async function run(command: string, code = 0): Promise<void> {
  expect(await here.run(`run ${command} -q`)).toMatchObject({ code })
}

type Entry = ParsedTarEntryWithData
const entries = async (): Promise<Entry[]> => unpackTar(gunzipSync(await readFile(archive())))

/** Everything in an archive, as text. */
async function contents(): Promise<string> {
  return (await entries()).map(({ data }) => Buffer.from(data ?? []).toString('latin1')).join('\n')
}

describe('a run that is exported and imported', () => {
  test('is the same there: steps, outputs, files; and exports to the same bytes', async () => {
    await run('poster -i topic=tea --run-id r1')
    expect(await exported('last')).toMatchObject({
      file: archive(),
      runs: [{ run_id: 'r1', workflow: 'poster', nested: 0 }],
      // The picture, and two values that are too large for a journal.
      files: { exported: 3, left_out: [] },
    })
    const bytes = await readFile(archive())
    await exported('r1')
    expect((await readFile(archive())).equals(bytes)).toBe(true)
    expect(await imported()).toEqual({
      imported: [{ run_id: 'r1', workflow: 'poster', status: 'succeeded', sandbox: false, nested: 0 }],
      present: [],
      files: { added: 3, missing: [] },
    })
    const show = async (cli: CliRig) =>
      JSON.parse((await cli.run('runs show r1 --json')).stdout.replaceAll(cli.home, '')) as JsonObject
    const { imported_at, ...shown } = await show(there)
    expect(shown).toEqual(await show(here))
    expect(Date.parse(String(imported_at))).toBeGreaterThan(Date.now() - 60_000)
    expect((await there.run('runs list')).stdout).toContain('imported')
    const { files } = (await there.run('runs files r1 --json')).json() as { files: { path: string }[] }
    for (const { path } of files) expect((await stat(path)).size).toBeGreaterThan(1_000)
    await there.run(['runs', 'export', 'r1', '-o', archive()])
    expect((await readFile(archive())).equals(bytes)).toBe(true)
    expect((await there.run('runs resume r1 -q -o outputs.long[5999]')).stdout).toBe('5999\n')
  })

  test('is left as it is where it is already, and refused where another run has its id', async () => {
    await run('poster -i topic=tea --run-id r1')
    await exported('r1')
    await imported()
    expect(await imported()).toMatchObject({ imported: [], present: [{ run_id: 'r1' }], files: { added: 0 } })
    expect(await here.run('runs import out.tar.gz')).toMatchObject({
      code: 0,
      stdout: 'r1 is here already, and the same\n',
    })
    await here.run('runs retry r1 --step long -q')
    const end = await here.run('runs import out.tar.gz')
    expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('with another history') as string })
    expect((await here.run('runs show r1 --json')).json()).toMatchObject({ attempt: 2 })
  })

  test('brings its nested runs along, and several go into one archive', async () => {
    await here.write('workflows/series.yaml', series)
    await run('series --run-id s')
    await run('poster -i topic=tea --run-id p')
    await exported('s p s')
    expect(await imported()).toMatchObject({
      imported: [
        { run_id: 's', nested: 2 },
        { run_id: 'p', nested: 0 },
      ],
    })
    expect((await there.run('runs files s')).stdout).toContain('each[1]/draw')
    expect((await there.run('runs diff s.each.0 p --json')).json()).toMatchObject({ outputs: [] })
    expect(await here.run('runs export s.each.0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nested in s') as string,
    })
  })

  test('goes without its files when they are not wanted, and says so', async () => {
    await run('poster -i topic=tea --run-id r1')
    expect(await exported('r1', '--no-files')).toMatchObject({
      files: { exported: 2, left_out: [{ reason: 'unwanted' }] },
    })
    expect(await imported()).toMatchObject({ files: { added: 2, missing: [expect.any(String)] } })
    expect((await there.run('runs files r1')).stdout).toContain('not here')
    expect(await there.run('runs show r1')).toMatchObject({ code: 0 })
    expect(await there.run('runs files r1 --artifacts out')).toMatchObject({ code: 74 })
    await exported('r1')
    expect(await imported()).toMatchObject({ present: [{ run_id: 'r1' }], files: { added: 1, missing: [] } })
    expect(await there.run('runs files r1 --artifacts out')).toMatchObject({ code: 0 })
  })

  test('is gone on with there when it was not over', async () => {
    await here.write('workflows/asking.yaml', asking)
    await run('asking --run-id a', 4)
    await exported('a')
    const end = await there.run(['runs', 'import', archive()])
    expect(end.stdout).toBe('imported a: asking, waiting\n')
    expect(end.stderr).toContain('runs resume a')
    expect((await there.run('runs approve a --json')).json()).toMatchObject({
      status: 'succeeded',
      outputs: { done: true },
    })
    expect((await here.run('runs show a --json')).json()).toMatchObject({ status: 'waiting' })
  })

  test('stays after a gc there until it is old, and goes with its files', async () => {
    await run('poster -i topic=tea --run-id r1')
    await exported('r1')
    await imported()
    await imported()
    expect((await there.run('runs gc --older-than 1h --json')).json()).toMatchObject({ removed: [] })
    expect((await there.run('runs gc --keep 0 --json')).json()).toMatchObject({ files: { removed: 3, left: 0 } })
  })
})

describe('secrets', () => {
  const token = `r8_${'aB3'.repeat(13)}`
  const secret = `
name: secret
env: [DEPLOY_KEY]
inputs:
  pin: {type: string, secret: true, default: open-sesame}
  note: {type: string, default: "${token}"}
steps:
  say: {value: "pin \${{ inputs.pin }} key \${{ env.DEPLOY_KEY }}"}
  ask: {approval: {message: "go?"}, needs: [say]}
outputs: {said: "\${{ steps.say.output }}"}
`
  const env = { DEPLOY_KEY: 'key-of-keys', REPLICATE_API_TOKEN: 'tok-tok-tok' }

  test('are in no archive: inputs, their defaults, environment values, tokens, the key of the store', async () => {
    await here.write('secret.yaml', secret)
    const end = await here.run('run secret.yaml -i pin=hunter-two --run-id r -q', { env })
    expect(end.code).toBe(4)
    expect((await here.run('runs export r -o out.tar.gz', { env })).code).toBe(0)
    const text = await contents()
    for (const hidden of ['hunter-two', 'open-sesame', 'key-of-keys', 'tok-tok-tok', token, 'secret_key'])
      expect(text, hidden).not.toContain(hidden)
    expect(text).toContain('"note":"***"')
    expect(await imported()).toMatchObject({ imported: [{ run_id: 'r', status: 'waiting' }] })
  })

  test('can not be checked in another store: the run says so when it is gone on with', async () => {
    await here.write('secret.yaml', secret)
    await here.run('run secret.yaml -i pin=hunter-two --run-id r -q', { env })
    await exported('r')
    await imported()
    const end = await there.run('runs resume r -i pin=hunter-two', { env })
    expect(end).toMatchObject({ code: 5, stderr: expect.stringContaining('imported from another store') as string })
  })

  test('keep a file out of the archive that one stands in', async () => {
    const note = await here.write('note.txt', `x${' '.repeat(2_000_000)}tok-tok-tok`)
    await here.write('file.yaml', 'name: file\ninputs: {note: {type: file}}\nsteps: {s: {value: 1}}')
    await here.run(['run', 'file.yaml', '-i', `note=${note}`, '--run-id', 'f', '-q'])
    const end = await here.run('runs export f -o out.tar.gz', { env })
    expect(end).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('a token or a secret stands in it') as string,
    })
    expect(await contents()).not.toContain('tok-tok-tok')
    expect(await imported()).toMatchObject({ files: { added: 0, missing: [expect.any(String)] } })
  })
})

describe('runs export', () => {
  test('writes whole archives or none, and names them after the run', async () => {
    await run('poster -i topic=tea --run-id r1')
    await run('poster -i topic=rain --run-id r2')
    expect((await here.run('runs export r1')).stdout).toMatch(/^r1\.tar\.gz: run r1, \d+ events, 3 files; \d+ kB\n$/)
    expect((await here.run('runs export r1 r2')).stdout).toMatch(/^runs\.tar\.gz: 2 runs, /)
    await mkdir(join(here.cwd, 'folder'))
    for (const target of ['no/such/x.tar.gz', 'folder'])
      expect(await here.run(`runs export r1 -o ${target}`)).toMatchObject({ code: 3, stdout: '' })
    expect((await readdir(here.cwd)).toSorted()).toEqual(['folder', 'r1.tar.gz', 'runs.tar.gz', 'workflows'])
    expect((await here.run('runs export nobody')).code).toBe(2)
  })
})

// ── archives that nobody should trust ──

const sha = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex')

/** Writes an archive like a good one, with entries of one's own. */
async function forge(change: (good: Entry[]) => Entry[] | Promise<Entry[]>): Promise<void> {
  await writeFile(archive(), gzipSync(await packTar(await change(await entries()))))
}

function manifestOf(
  good: Entry[],
): { runs: JsonObject[]; definitions: JsonObject[]; files: JsonObject[] } & JsonObject {
  return JSON.parse(Buffer.from(good[0]?.data ?? []).toString()) as ReturnType<typeof manifestOf>
}

function entry(name: string, content: string | Uint8Array, header: Partial<Entry['header']> = {}): Entry {
  const data = new Uint8Array(Buffer.from(content))
  return { header: { name, size: data.length, type: 'file', ...header }, data }
}

function withManifest(good: Entry[], manifest: Json): Entry[] {
  return [entry('manifest.json', JSON.stringify(manifest)), ...good.slice(1)]
}

const at = (good: Entry[], prefix: string) => good.findIndex(({ header }) => header.name.startsWith(prefix))

/** The journal with other events, and a manifest that agrees with it. */
function withJournal(good: Entry[], change: (events: JsonObject[]) => JsonObject[]): Entry[] {
  const where = at(good, 'runs/')
  const lines = Buffer.from(good[where]?.data ?? [])
    .toString()
    .trimEnd()
    .split('\n')
  const events = change(lines.map((line) => JSON.parse(line) as JsonObject))
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('')
  const manifest = manifestOf(good)
  Object.assign(manifest.runs[0] ?? {}, { events: events.length, bytes: Buffer.byteLength(text), sha256: sha(text) })
  const forged = withManifest(good, manifest)
  forged[where] = entry(good[where]?.header.name ?? '', text)
  return forged
}

/** The definition with other fields, and a manifest that agrees with it. */
function withDefinition(good: Entry[], change: (definition: JsonObject) => void): Entry[] {
  const where = at(good, 'definitions/')
  const definition = JSON.parse(Buffer.from(good[where]?.data ?? []).toString()) as JsonObject
  change(definition)
  const text = JSON.stringify(definition)
  const manifest = manifestOf(good)
  Object.assign(manifest.definitions[0] ?? {}, { bytes: Buffer.byteLength(text), sha256: sha(text) })
  const forged = withManifest(good, manifest)
  forged[where] = entry(good[where]?.header.name ?? '', text)
  return forged
}

const patched = (good: Entry[], change: (manifest: ReturnType<typeof manifestOf>) => void): Entry[] => {
  const manifest = manifestOf(good)
  change(manifest)
  return withManifest(good, manifest)
}

const forgeries: [string, (good: Entry[]) => Entry[], string][] = [
  ['a path out of the folder', (good) => [...good, entry('../../evil', 'x')], 'not listed'],
  ['an absolute path', (good) => good.with(1, entry('/etc/passwd', 'x')), 'stands where'],
  [
    'a symbolic link',
    (good) =>
      good.with(-1, {
        header: { ...(good.at(-1) as Entry).header, type: 'symlink', linkname: '/etc/passwd', size: 0 },
      }),
    'symlink',
  ],
  [
    'a hard link',
    (good) => [...good, { header: { name: 'x', type: 'link', linkname: '/etc/passwd', size: 0 } }],
    'not listed',
  ],
  ['a folder', (good) => [...good, { header: { name: 'files/', type: 'directory', size: 0 } }], 'not listed'],
  ['an entry twice', (good) => [...good, good.at(-1) as Entry], 'not listed'],
  ['a missing entry', (good) => good.slice(0, -1), 'ends before'],
  ['entries in another order', (good) => [...good.slice(0, 1), ...good.slice(1).toReversed()], 'stands where'],
  ['no manifest', (good) => good.slice(1), 'is not an archive of runs'],
  ['nothing', () => [], 'is not an archive of runs'],
  ['a manifest that is no JSON', (good) => good.with(0, entry('manifest.json', '{')), 'is not an archive of runs'],
  ['another format', (good) => patched(good, (it) => void (it['format'] = 'x')), 'is not an archive of runs'],
  ['a newer version', (good) => patched(good, (it) => void (it['version'] = 2)), 'newer version'],
  ['no version', (good) => patched(good, (it) => void delete it['version']), '"version"'],
  [
    'unknown fields',
    (good) =>
      withManifest(good, JSON.parse(`{"__proto__": {"a": 1}, ${JSON.stringify(manifestOf(good)).slice(1)}`) as Json),
    'manifest is not right',
  ],
  [
    'a run id with a path',
    (good) => patched(good, ({ runs: [it] }) => Object.assign(it ?? {}, { run_id: '../x' })),
    'not the id of a run',
  ],
  [
    'the id of a nested run',
    (good) => patched(good, ({ runs: [it] }) => Object.assign(it ?? {}, { run_id: 'a.b' })),
    'nested run',
  ],
  ['a run twice', (good) => patched(good, ({ runs }) => void runs.push({ ...runs[0] })), 'twice'],
  [
    'a run without the one above it',
    (good) => patched(good, ({ runs: [it] }) => Object.assign(it ?? {}, { parent_run_id: 'b' })),
    'run above',
  ],
  ['no definition', (good) => patched(good, (it) => void (it.definitions = [])), 'definition'],
  ['a file that is not listed', (good) => patched(good, (it) => void (it.files = it.files.slice(1))), ''],
  ['another size', (good) => patched(good, ({ files }) => Object.assign(files[0] ?? {}, { bytes: 3 })), 'bytes, not 3'],
  ['a huge size', (good) => patched(good, ({ files }) => Object.assign(files[0] ?? {}, { bytes: 9e15 })), 'far more'],
  [
    'a negative size',
    (good) => patched(good, ({ files }) => Object.assign(files[0] ?? {}, { bytes: -1 })),
    'manifest is not right',
  ],
  [
    'other bytes',
    (good) => good.with(-1, { ...(good.at(-1) as Entry), data: new Uint8Array((good.at(-1) as Entry).header.size) }),
    'checksum',
  ],
  ['a journal that begins late', (good) => withJournal(good, (events) => events.slice(1)), 'numbered 2'],
  ['a journal with a gap', (good) => withJournal(good, (events) => events.toSpliced(2, 1)), 'numbered 4'],
  ['an empty journal', (good) => withJournal(good, () => []), 'should have 0 events'],
  [
    'an unknown event',
    (good) => withJournal(good, ([first, ...rest]) => [{ ...first, type: 'constructor' }, ...rest]),
    'no event "constructor"',
  ],
  [
    'an event of another shape',
    (good) => withJournal(good, (events) => events.with(-1, { ...events.at(-1), outputs: 7 })),
    'outputs',
  ],
  [
    'an event that is nested too deeply',
    (good) => {
      const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as Json
      return withJournal(good, ([first, ...rest]) => [{ ...first, inputs: { deep } }, ...rest])
    },
    'nested too deeply',
  ],
  [
    'an event without its value',
    (good) => withJournal(good, (events) => events.with(-1, { ...events.at(-1), outputs: {} })),
    '"outputs"',
  ],
  [
    'a moment that is no date',
    (good) => withJournal(good, ([first, ...rest]) => [{ ...first, time: 9e15 }, ...rest]),
    '"time"',
  ],
  [
    'a name with control characters',
    (good) => withJournal(good, ([first, ...rest]) => [{ ...first, version: '\u001b[2J' }, ...rest]),
    '"version"',
  ],
  [
    'a file name with a path',
    (good) =>
      withJournal(good, (events) =>
        events.map((one) =>
          'files' in one ? { ...one, files: [{ name: '../x', sha256: sha('x'), bytes: 1, media_type: 'a/b' }] } : one,
        ),
      ),
    'path',
  ],
  [
    'another workflow than it says',
    (good) => patched(good, ({ runs: [it] }) => Object.assign(it ?? {}, { workflow: 'y' })),
    'another workflow',
  ],
  [
    'a definition that is not what its hash says',
    (good) => withDefinition(good, (it) => void (it['description'] = 'evil')),
    'not what its hash says',
  ],
  ['a definition of another shape', (good) => withDefinition(good, (it) => void (it['steps'] = [1])), 'steps'],
  [
    'an expression that is none',
    (good) => withDefinition(good, (it) => void (it['outputs'] = { x: '${{ process.exit() }}' })),
    'definition',
  ],
]

describe('an archive that is not right', () => {
  beforeEach(async () => {
    await run('poster -i topic=tea --run-id r1')
    await exported('r1')
  })

  async function refused(told: string, code = 3): Promise<void> {
    const end = await there.run(['runs', 'import', archive()])
    expect(end).toMatchObject({ code, stdout: '' })
    expect(end.stderr).toMatch(/^error: .*\n(help: .*\n)?$/)
    expect(end.stderr.replaceAll('\\"', '"')).toContain(told)
    expect((await there.run('runs list --json')).json()).toEqual({ runs: [] })
    const kept = await readdir(join(there.home, 'artifacts'), { recursive: true })
    expect(kept).toEqual(['unfinished'])
  }

  test('is refused with one clear error, and leaves nothing', async () => {
    const good = await entries()
    for (const [what, change, told] of forgeries) {
      await forge(() => change(good.map((one) => ({ ...one }))))
      await refused(told).catch((error: unknown) => {
        throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
      })
    }
  })

  test('is refused wherever it is cut off', async () => {
    const bytes = await readFile(archive())
    for (const part of [0, 1, 20, 0.1, 0.5, 0.9, bytes.length - 9, bytes.length - 1]) {
      await writeFile(archive(), bytes.subarray(0, part < 1 ? Math.floor(bytes.length * part) : part))
      await refused('')
    }
    const tar = gunzipSync(bytes)
    for (const part of [100, 512, 1_000, tar.length - 10_000, tar.length - 1_024, tar.length - 512]) {
      await writeFile(archive(), gzipSync(tar.subarray(0, part)))
      await refused('')
    }
    for (const place of [0.001, 0.2, 0.5]) {
      const damaged = Buffer.from(bytes)
      const where = Math.floor(bytes.length * place)
      damaged[where] = (damaged[where] as number) ^ 0xff
      await writeFile(archive(), damaged)
      await refused('')
    }
  })

  test('is refused when it is none, is a folder, or is not there', async () => {
    for (const other of ['', 'hello', JSON.stringify({}), Buffer.alloc(2_000)]) {
      await writeFile(archive(), other)
      await refused('')
    }
    for (const path of ['nothing.tar.gz', '.'])
      expect(await there.run(['runs', 'import', path])).toMatchObject({ code: 3 })
  })

  test('is refused when it is a bomb, without unpacking it', async () => {
    const manifest = manifestOf(await entries())
    const zeros = 2_000_000_000
    manifest.files = [{ sha256: sha('x'), bytes: zeros }]
    await forge((good) => withManifest(good, manifest))
    await refused('far more')
    // Zeros after the end of the tar, which no manifest speaks of.
    const tail = gzipSync(Buffer.alloc(64_000_000))
    const good = await packTar(await entries())
    await writeFile(archive(), Buffer.concat([gzipSync(good), ...Array.from({ length: 20 }, () => tail)]))
    await refused('far more')
  })
})

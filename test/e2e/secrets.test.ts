/**
 * Secrets of a run — inputs with `secret: true`, declared environment values, the API token — are in nothing that a run
 * leaves behind, whatever models do with them: every byte of the state folder and every line that was printed is searched.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import { type ScriptedServer, type SeenRequest, startScriptedServer } from '../../src/testing/scripted-server.ts'
import { type CliEnd, type CliRig, openCli, type RunOptions } from '../cli/rig.ts'

const secrets = {
  key: 'Kx7"q\\9/ü&%+<z> Lm42',
  env: 'Env-Secret-91f0c2d7',
  token: 'r8_TokenOfTheTest0123456789abcdef',
  number: 918273645546372,
}

/** What is promised to be found in every text: the secret as it is, and as programs write it into others. */
function formsOf(secret: string): Record<string, string> {
  const inside = Buffer.from(`user:${secret}:x`).toString('base64')
  return {
    raw: secret,
    upper: secret.toUpperCase(),
    json: JSON.stringify(secret).slice(1, -1),
    url: encodeURIComponent(secret),
    base64: Buffer.from(secret).toString('base64'),
    base64url: Buffer.from(secret).toString('base64url'),
    // Of a secret within other bytes the characters at its ends depend on them.
    'base64 inside': inside.slice(8, 8 + Math.floor((secret.length - 3) / 3) * 4 - 4),
  }
}

/** Everything that a careless model could say. */
function babble(texts: readonly string[]): string {
  return texts
    .flatMap((text) => [...Object.values(formsOf(text)).slice(0, -1), Buffer.from(`user:${text}:x`).toString('base64')])
    .join(' | ')
}

/** A provider whose models quote what they are sent, the token too. */
function answer({ method, path, body, headers }: SeenRequest) {
  const [, name] = /^\/v1\/models\/acme\/([a-z]+)/.exec(path) ?? []
  if (method === 'GET' && path === '/v1/predictions') return { body: { results: [], next: null, previous: null } }
  if (method === 'GET' && name !== undefined) return { body: { is_official: true } }
  if (method !== 'POST' || name === undefined)
    return { status: 404, body: { detail: `no ${path}: ${babble([secrets.token])}` } }
  const { input } = JSON.parse(body) as { input: JsonObject }
  const said = babble([secrets.token, ...Object.values(input).map(String), headers.authorization ?? ''])
  if (name === 'refuse') return { status: 422, body: { title: 'Bad', detail: `not ${said}` } }
  if (name === 'forbid') return { status: 401, body: { detail: said } }
  const done = { status: 'succeeded', output: said, error: null, logs: said }
  const ends: Record<string, JsonObject> = {
    echo: done,
    long: { ...done, output: said.padEnd(40_000, said) },
    deep: { ...done, output: { [secrets.key]: [said], list: [{ said }] } },
    fail: { ...done, status: 'failed', output: null, error: `E001: ${said}` },
  }
  const prediction = {
    ...{ id: `p${(predictions += 1)}`, model: `acme/${name}`, version: 'hidden', input, data_removed: false },
    ...{ metrics: { predict_time: 1 }, created_at: new Date(0).toISOString(), urls: { get: '', cancel: '' } },
    ...(ends[name] ?? done),
  }
  return { status: 201, body: prediction }
}

const all = () => [secrets.key, secrets.env, secrets.token, String(secrets.number)]

const child = `name: child
inputs: {key: {type: string, secret: true, required: true}, plain: {type: string}}
steps:
  echo: {model: acme/echo, input: {prompt: "\${{ inputs.key }} \${{ inputs.plain }}"}}
outputs: {said: "\${{ steps.echo.output }}"}
`

const leaky = `name: leaky
env: [PASS]
inputs:
  key: {type: string, secret: true, required: true}
  pin: {type: number, secret: true, required: true}
  good: {type: boolean, default: true}
agents:
  writer: {model: acme/echo, defaults: {system: "\${{ env.PASS }}"}}
steps:
  echo: {model: acme/echo, input: {prompt: "\${{ inputs.key }}", pass: "\${{ env.PASS }}", pin: "\${{ inputs.pin }}"}}
  again: {model: acme/echo, input: {prompt: "\${{ steps.echo.output }}", key: "\${{ upper(inputs.key) }}"}}
  long: {model: acme/long, input: {prompt: "\${{ inputs.key }}"}}
  deep: {model: acme/deep, input: {prompt: "\${{ inputs.key }}"}}
  copy: {value: {"a": "\${{ inputs.key }}", "b": "<\${{ env.PASS }}>", "c": "\${{ inputs.pin }}"}}
  each: {foreach: {in: ["\${{ inputs.key }}", x]}, model: acme/echo, input: {prompt: "\${{ item }} \${{ env.PASS }}"}}
  rounds: {repeat: {max: 2, until: "len(output) > 1000000"}, model: acme/echo, input: {prompt: "\${{ inputs.key }}"}, on_error: continue}
  nested: {workflow: ./child.yaml, input: {key: "\${{ inputs.key }}", plain: "\${{ env.PASS }}"}}
  refused: {model: acme/refuse, input: {prompt: "\${{ inputs.key }}"}, on_error: continue}
  failed: {model: acme/fail, input: {prompt: "\${{ inputs.key }}"}, retry: {attempts: 2, base_delay: 1ms, on: [server, exception]}, on_error: continue}
  unfit:
    model: acme/echo
    input: {prompt: "\${{ inputs.key }}"}
    output_schema: {type: object, required: ["a"]}
    retry: {attempts: 1}
    on_error: continue
  wrong: {value: "\${{ float(inputs.key) * 2 }}", on_error: continue}
  number: {value: "\${{ int(inputs.key) }}", on_error: continue}
  field: {value: "\${{ {'a': 1}[inputs.key] }}", on_error: continue}
  no_list: {foreach: {in: "\${{ steps.deep.output }}"}, value: 1, on_error: continue}
  skip: {condition: inputs.key == "x", value: 1}
  broken: {model: acme/fail, input: {prompt: "\${{ inputs.key }}"}, condition: not inputs.good, retry: {attempts: 1}}
  ask:
    approval:
      message: "Send \${{ inputs.key }} and \${{ steps.echo.output }}?"
      inputs: {note: {type: string, default: "\${{ env.PASS }}"}}
    needs: [echo]
    condition: inputs.good
outputs:
  echo: "\${{ steps.echo.output }}"
  copy: "\${{ steps.copy.output }}"
  said: "\${{ steps.nested.output }}"
finally:
  bye: {model: acme/echo, input: {prompt: "\${{ inputs.key }}"}}
`

let cli: CliRig
let server: ScriptedServer
let predictions = 0
const printed: string[] = []
const github = () => ({
  ...{ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: join(cli.cwd, 'out/output'), GITHUB_WORKSPACE: cli.cwd },
  GITHUB_STEP_SUMMARY: join(cli.cwd, 'out/summary.md'),
})

beforeAll(async () => {
  server = await startScriptedServer(answer)
  cli = await openCli({
    ...{ REPLICATE_BASE_URL: `${server.origin}/v1`, REPLICATE_API_TOKEN: secrets.token, PASS: secrets.env },
  })
  await cli.write('leaky.yaml', leaky)
  await cli.write('child.yaml', child)
  await mkdir(join(cli.cwd, 'out'))
})
afterAll(async () => {
  await server.close()
  await cli.close()
})

async function run(command: string | string[], options?: RunOptions): Promise<CliEnd> {
  const words = typeof command === 'string' ? command.split(' ') : command
  const end = await cli.run(words, options)
  // The runner takes these lines out of the log: they tell it what to mask.
  const stderr = end.stderr.replaceAll(/^::add-mask::.*\n/gm, '')
  printed.push(`$ ${words[0]} ${words[1]}\n${end.stdout}${stderr}`)
  return end
}

const given = ['-i', `key=${secrets.key}`, '-i', `pin=${secrets.number}`]

/** Where a form of a secret stands, with what is around it. */
function foundIn(name: string, bytes: Buffer): string[] {
  const text = bytes.toString('utf8')
  return all().flatMap((secret) =>
    Object.entries(formsOf(secret)).flatMap(([form, written]) => {
      const at = text.indexOf(written)
      return at < 0 ? [] : [`${name}: ${form}: …${text.slice(Math.max(0, at - 60), at + written.length + 20)}…`]
    }),
  )
}

async function everyFile(): Promise<[string, Buffer][]> {
  const files = await Promise.all(
    [cli.home, join(cli.cwd, 'out')].map((folder) => readdir(folder, { recursive: true, withFileTypes: true })),
  )
  const paths = files
    .flat()
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    paths.map(async (path): Promise<[string, Buffer]> => {
      const bytes = await readFile(path)
      return [path, path.endsWith('.gz') ? gunzipSync(bytes) : bytes]
    }),
  )
}

async function expectNothing(): Promise<void> {
  const files = await everyFile()
  expect(files.length).toBeGreaterThan(2)
  expect(files.flatMap(([path, bytes]) => foundIn(path, bytes))).toEqual([])
  expect(printed.flatMap((text) => foundIn(text.split('\n', 1)[0] as string, Buffer.from(text)))).toEqual([])
}

describe('secrets', () => {
  test('would be found in every form that is promised, wherever they stood', () => {
    const forms = Object.keys(formsOf('')).length
    for (const secret of all()) {
      const found = foundIn('x', Buffer.from(`\0${babble([secret])}\0`))
      expect(found).toHaveLength(forms)
    }
  })

  test('are sent to the models that are to have them', async () => {
    const end = await run(['run', 'leaky.yaml', '--run-id', 'one', ...given, '--json', '--junit', 'out/junit.xml'])
    expect(end.code, end.stderr).toBe(4)
    const sent = server.requests
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => JSON.parse(body) as unknown)
    const prompts = sent.map((body) => (isObject(body as JsonObject) ? (body as { input: JsonObject }).input : {}))
    expect(prompts).toContainEqual({ prompt: secrets.key, pass: secrets.env, pin: secrets.number })
    expect(end.json()).toMatchObject({ status: 'waiting', steps: { refused: { status: 'failed' } } })
    await expectNothing()
  })

  test('stay out of it when a run is looked at while it waits, is answered, and goes on', async () => {
    for (const command of [
      'runs show one',
      'runs show one --json',
      'runs logs one',
      'runs logs one --jsonl',
      'runs list',
    ])
      expect((await run(command)).code).toBe(0)
    expect((await run('runs resume one --json')).code).toBe(5)
    expect((await run(['runs', 'resume', 'one', '-i', 'key=other', '-i', 'pin=1'])).code).toBe(5)
    expect((await run(['runs', 'approve', 'one', 'ask', '-i', 'note=fine', '--no-resume'])).code).toBe(0)
    const end = await run(['runs', 'resume', 'one', ...given, '--jsonl'])
    expect(end.code, end.stderr).toBe(0)
    expect((await run(['runs', 'retry', 'one', '--from', 'echo', ...given])).code).toBe(4)
    await expectNothing()
  })

  test('stay out of it when a run fails, in a job of GitHub Actions, and when it is tried again', async () => {
    const failing = ['run', 'leaky.yaml', '--run-id', 'two', ...given, '-i', 'good=false']
    const end = await run([...failing, '--artifacts', 'out/files', '--junit', 'out/two.xml'], { env: github() })
    expect(end.code, end.stderr).toBe(1)
    expect(end.stderr).toContain('::add-mask::')
    expect((await run(['runs', 'retry', 'two', '--failed', ...given, '--json'])).code).toBe(1)
    expect((await run('runs diff one two --json')).code).toBeLessThan(2)
    expect((await run('runs diff one two')).code).toBeLessThan(2)
    expect((await run('runs files two --json')).code).toBe(0)
    expect((await run('runs export one two -o out/runs.tar.gz --json')).code).toBe(0)
    expect((await run('runs export two -o out/two.tar.gz')).code).toBe(0)
    await expectNothing()
  })

  test('stay out of what is shown on a terminal', async () => {
    expect((await run(['run', 'leaky.yaml', ...given, '-i', 'good=false'], { tty: true })).code).toBe(1)
    await expectNothing()
  })

  test('stay out of errors before a run', async () => {
    await cli.write(
      'strict.yaml',
      'name: strict\ninputs:\n  key: {type: string, secret: true, pattern: "[a-z]+", max: 3, enum: [abc, abd]}\n  pin: {type: integer, secret: true, max: 5}\nsteps: {a: {value: 1}}\n',
    )
    for (const more of [['--json'], ['--dry-run'], ['--dry-run', '--json'], ['--debug']])
      expect((await run(['run', 'strict.yaml', ...given, ...more])).code).toBe(3)
    expect(
      (await run(['run', 'strict.yaml', '--input', JSON.stringify({ key: [secrets.key], pin: secrets.key })])).code,
    ).toBe(3)
    expect((await run(['workflows', 'plan', 'leaky.yaml', ...given, '--json'])).code).toBe(0)
    await cli.write('forbidden.yaml', 'name: forbidden\nsteps: {a: {model: acme/forbid, input: {prompt: x}}}\n')
    expect((await run('run forbidden.yaml --json')).code).toBe(5)
    expect((await run('run forbidden.yaml')).code).toBe(5)
    for (const json of [[], ['--json']])
      expect((await run(['agents', 'show', 'other/model', ...json])).code).not.toBe(0)
    await expectNothing()
  })

  test('stay out of a recording of what was sent and answered', async () => {
    expect((await run(['run', 'leaky.yaml', ...given, '-i', 'good=false', '--record', 'out/recording'])).code).toBe(1)
    await expectNothing()
  })
})

/** `agents run`: one call, its input checked first, its answer alone on stdout. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { systemClock as systemTime } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig
beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
})
afterEach(() => cli.close())

const llama = 'meta/meta-llama-3-8b-instruct'
const flux = 'black-forest-labs/flux-schnell'
const nowhere = { REPLICATE_BASE_URL: 'http://127.0.0.1:9/v1' }

const painter = `agents:
  painter:
    model: ${flux}
    defaults: {output_format: png}
    timeout: 90s
    input_schema:
      type: object
      required: [prompt]
      properties:
        prompt: {type: string}
        seed: {type: [integer, 'null']}
        num_outputs: {type: integer, minimum: 1, maximum: 4}
        output_format: {type: string, enum: [png, jpg]}
        label: {type: [string, 'null']}
`

/** What was sent, by the run's journal. */
async function sent(run: string): Promise<JsonObject> {
  const { events } = (await cli.run(`runs logs ${run} --json`)).json() as { events: JsonObject[] }
  const intended = events.find(({ type }) => type === 'call.intended') as unknown as { body: { input: JsonObject } }
  return intended.body.input
}

describe('the answer of agents run', () => {
  test('is all that stdout gets: text as it is', async () => {
    const { code, stdout, stderr } = await cli.run(['agents', 'run', llama, '-i', 'prompt=hello'])
    expect(code).toBe(0)
    expect(stdout).toBe('Hello! How can I help you today?\n')
    expect(stderr).toContain('succeeded after')
  })

  test('is a path for each file', async () => {
    const { stdout } = await cli.run(['agents', 'run', flux, '-i', 'prompt=tea', '-i', 'num_outputs=2', '-q'])
    const paths = stdout.trimEnd().split('\n')
    expect(paths).toHaveLength(2)
    for (const path of paths) expect((await stat(path)).isFile()).toBe(true)
  })

  test('is waited for quietly with --no-stream', async () => {
    const end = await cli.run(['agents', 'run', llama, '-i', 'prompt=hello', '--no-stream'], { tty: true })
    expect(end).toMatchObject({ code: 0, stdout: 'Hello! How can I help you today?\n', stderr: '' })
  })

  test('is the whole run with --json, and one value of it with -o', async () => {
    const { json } = await cli.run(['agents', 'run', llama, '-i', 'prompt=hello', '--json'])
    expect(json()).toMatchObject({ status: 'succeeded', outputs: { output: 'Hello! How can I help you today?' } })
    const { stdout } = await cli.run(['agents', 'run', llama, '-i', 'prompt=hello', '-o', 'steps.call.model'])
    expect(stdout).toBe(`${llama}\n`)
  })

  test('comes word by word on a terminal, and is not said again', async () => {
    const slow = await startSandbox({ latency: '1400' })
    const early: string[] = []
    const { code, stdout } = await cli.run(
      ['agents', 'run', llama, '-i', 'prompt=Write a long essay about the sea', '--no-tui'],
      { tty: true, env: { REPLICATE_BASE_URL: slow.url }, watch: (printed) => void early.push(printed) },
    )
    await slow.close()
    expect(code).toBe(0)
    const { outputs } = (await cli.run('runs show last --json')).json() as { outputs: { output: string } }
    expect(stdout).toBe(`${outputs.output}\n`)
    // Some of it was there before the run had ended.
    expect(
      early.some((printed) => printed.includes(outputs.output.slice(0, 5)) && !printed.includes('succeeded')),
    ).toBe(true)
  })
})

describe('the input of agents run', () => {
  test('may be JSON, a file or stdin, and -i comes before it', async () => {
    await cli.write('replicate-agent.yaml', painter)
    await cli.write('in.json', '{"prompt": "file", "seed": 1}')
    const runs = ['--input {"prompt":"text","seed":1}', '--input @in.json', '--input -']
    for (const [at, given] of runs.entries()) {
      const command = ['agents', 'run', 'painter', ...given.split(' '), '-i', 'seed=7', '--run-id', `r${at}`, '-q']
      const end = await cli.run(command, { stdin: '{"prompt": "stdin", "seed": 1}' })
      expect(end.code, end.stderr).toBe(0)
      expect(await sent(`r${at}`)).toMatchObject({ seed: 7, output_format: 'png' })
    }
    expect(await sent('r2')).toMatchObject({ prompt: 'stdin' })
  })

  test('is typed by the schema: what is text stays text', async () => {
    await cli.write('replicate-agent.yaml', painter)
    const command = 'agents run painter -i prompt=12 -i label=34 -i seed=null -i num_outputs=1 --run-id typed -q'
    const end = await cli.run(command)
    expect(end.code, end.stderr).toBe(0)
    expect(await sent('typed')).toMatchObject({ prompt: '12', label: '34', seed: null, num_outputs: 1 })
  })

  test('that does not fit names everything wrong with it, and nothing is begun', async () => {
    await cli.write('replicate-agent.yaml', painter)
    const end = await cli.run('agents run painter -i promt=x -i num_outputs=9 -i seed=x --json')
    expect(end.code).toBe(3)
    expect(end.json()).toMatchObject({
      error: {
        code: 'invalid_input',
        hint: 'did you mean "prompt"?',
        details: {
          problems: [
            'it takes no "promt"',
            'prompt is missing',
            'seed is string, not integer or null',
            'num_outputs is more than 4',
          ],
        },
      },
    })
    expect((await cli.run('runs list --json')).json()).toMatchObject({ runs: [] })
  })

  test('of a model is checked by what Replicate says of it, which is kept', async () => {
    expect((await cli.run(`agents run ${flux} -i prompt=tea -q`)).code).toBe(0)
    const wrong = await cli.run(`agents run ${flux} -i promt=tea --dry-run`, { env: nowhere })
    expect(wrong.code).toBe(3)
    expect(wrong.stderr).toContain('it takes no "promt"; prompt is missing')
  })

  test('may be a path where the model takes a file', async () => {
    await cli.write('photo.png', 'not really')
    expect((await cli.run('agents run cjwbw/rembg -i image=photo.png --dry-run')).code).toBe(0)
    expect((await cli.run('agents run cjwbw/rembg -i image=gone.png -q')).code).toBe(3)
  })

  test('may hold paths in a list of files', async () => {
    const png = await readFile(
      (await cli.run(`agents run ${flux} -i prompt=tea -i output_format=png -q`)).stdout.trim(),
    )
    await writeFile(join(cli.cwd, 'a.png'), png)
    const call = ['agents', 'run', 'google/nano-banana', '-i', 'prompt=a cup', '-i', 'image_input=["a.png", "a.png"]']
    const end = await cli.run([...call, '--run-id', 'edit', '-q'])
    expect(end.code, end.stderr).toBe(0)
    const { image_input } = (await sent('edit')) as { image_input: string[] }
    expect(image_input).toHaveLength(2)
    expect(image_input[0]).toMatch(/^artifact:[0-9a-f]{64}\/a\.png$/)
    expect((await cli.run([...call.slice(0, -1), 'image_input=["a.png", "gone.png"]'])).stderr).toContain('gone.png')
    expect((await cli.run([...call.slice(0, -1), 'image_input=["a.png", 3]', '--dry-run'])).code).toBe(3)
  })

  test('of several candidates must fit one of them', async () => {
    await cli.write('replicate-agent.yaml', `agents:\n  any: {models: [${flux}, stability-ai/sdxl]}\n`)
    expect((await cli.run('agents run any -i prompt=tea -i negative_prompt=cup --dry-run')).code).toBe(0)
    expect((await cli.run('agents run any -i prompt=tea -i nothing=cup --dry-run')).code).toBe(3)
  })
})

describe('the input_schema of an agent', () => {
  test('holds for steps of workflows, too: what does not fit is not sent, and the next candidate is asked', async () => {
    const step = (more: string) =>
      `name: w\nagents:\n  strict:\n    model: ${llama}\n    input_schema: {required: [prompt], properties: {top_k: {type: integer}}}${more}\nsteps:\n  a: {agent: strict, input: {prompt: hello, top_k: "many"}}\n`
    await cli.write('workflows/w.yaml', step(''))
    const failed = await cli.run('run w --json')
    expect(failed.code).toBe(1)
    expect(failed.json()).toMatchObject({
      steps: {
        a: {
          attempts: 1,
          cost_usd: 0,
          error: {
            code: 'validation',
            message: 'the input does not fit the input_schema of agent "strict": top_k is string, not integer',
          },
        },
      },
    })
    const { events } = (await cli.run('runs logs last --json')).json() as { events: JsonObject[] }
    expect(events.filter(({ type }) => type === 'call.intended')).toEqual([])
    await cli.write('workflows/w.yaml', step(`\n    fallback: [${flux}]`))
    expect((await cli.run('run w --json')).json()).toMatchObject({ status: 'succeeded' })
  })
})

describe('options of agents run', () => {
  test('--model takes the place of the candidates, and keeps defaults and schema', async () => {
    await cli.write('replicate-agent.yaml', painter)
    const end = await cli.run(
      'agents run painter --model black-forest-labs/flux-dev -i prompt=tea --run-id other --json',
    )
    expect(end.json()).toMatchObject({ steps: { call: { model: expect.stringContaining('flux-dev') } } })
    expect(await sent('other')).toMatchObject({ output_format: 'png' })
    expect((await cli.run('agents run painter --model black-forest-labs/flux-dev -i seed=1')).code).toBe(3)
    expect((await cli.run(`agents run ${flux} --model ${llama} -i prompt=x`)).code).toBe(2)
    expect((await cli.run('agents run painter --model nothing -i prompt=x')).code).toBe(2)
  })

  test('--timeout covers the call, retries included', async () => {
    const slow = await startSandbox({ latency: '60s' })
    const end = await cli.run(`agents run ${flux} -i prompt=tea --timeout 300ms --json`, {
      env: { REPLICATE_BASE_URL: slow.url },
    })
    await slow.close()
    expect(end.code).toBe(1)
    expect(end.json()).toMatchObject({ steps: { call: { error: { code: 'timeout' } } } })
    expect((await cli.run(`agents run ${flux} --timeout soon`)).stderr).toContain('--timeout takes a duration')
    expect((await cli.run(`agents run ${flux} --timeout 0`)).code).toBe(2)
  })

  test('--task says what a call is learned from together with', async () => {
    await cli.run(['agents', 'run', llama, '-i', 'prompt=hello', '--task', 'greetings', '-q'])
    const state = await readFile(join(cli.home, 'router-state.json'), 'utf8')
    expect(state).toContain('task=greetings')
    expect((await cli.run(['agents', 'run', llama, '--task', 'two words'])).code).toBe(2)
  })

  test('--dry-run says what it would cost, and leaves no trace', async () => {
    const end = await cli.run(`agents run ${flux} -i prompt=tea -i num_outputs=3 --dry-run --json`)
    expect(end.json()).toMatchObject({
      agent: flux,
      input: { prompt: 'tea', num_outputs: 3 },
      checked: true,
      candidates: [
        {
          model: flux,
          target: 'replicate',
          estimate_usd: 0.009,
          basis: 'price',
          mean_usd: null,
          most_usd: 0.009,
          estimate_ms: null,
        },
      ],
    })
    expect(await readdir(cli.home)).toEqual(['models'])
    const text = await cli.run('agents run stability-ai/sdxl -i prompt=tea --dry-run')
    expect(text.stdout).toMatch(/✓ the input fits\n[^]*stability-ai\/sdxl +≤ \$1\.\d\d +the most it can be/)
  })

  test('--dry-run says which candidate would be chosen, how probable that is, and what keeps others from it', async () => {
    await cli.write(
      'replicate-agent.yaml',
      `agents:\n  both: {models: [${flux}, black-forest-labs/flux-dev], routing: {strategy: cheapest}, qos: {cost_cap_usd: 0.01}}\n`,
    )
    const { json } = await cli.run('agents run both -i prompt=tea --dry-run --json')
    expect(json()).toMatchObject({
      routing: { strategy: 'cheapest', chosen: flux },
      candidates: [
        { model: flux, chance: 1 },
        { model: 'black-forest-labs/flux-dev', removed_by: expect.stringContaining('cost_cap_usd') },
      ],
    })
    const text = await cli.run('agents run both -i prompt=tea --dry-run')
    expect(text.stdout).toMatch(/one would be called, by cheapest +chance +cost\n→ \S+flux-schnell +100 % +\$0\.0030/)
    expect((await cli.run('agents run both -i prompt=tea -i num_outputs=4 --dry-run')).stdout).toContain('cost_cap_usd')
  })

  test('--dry-run goes by earlier calls where there were some', async () => {
    await cli.run(['agents', 'run', llama, '-i', 'prompt=hello', '-q'])
    const { json } = await cli.run(['agents', 'run', llama, '-i', 'prompt=hello', '--dry-run', '--json'])
    const [candidate] = (json() as { candidates: JsonObject[] }).candidates
    expect(candidate).toMatchObject({ basis: 'learned', estimate_ms: expect.any(Number) })
    expect(candidate?.['mean_usd']).toBe(candidate?.['estimate_usd'])
    expect(candidate?.['estimate_usd']).toBeLessThan(candidate?.['most_usd'] as number)
  })

  test('--dry-run lists what is fallen back to, and needs no connection where the agent has a schema', async () => {
    await cli.write('replicate-agent.yaml', `${painter}    fallback: [black-forest-labs/flux-dev]\n`)
    const { code, json } = await cli.run('agents run painter -i prompt=tea --dry-run --json', {
      env: { ...nowhere, REPLICATE_API_TOKEN: '' },
    })
    expect(code).toBe(0)
    expect((json() as { candidates: JsonObject[] }).candidates.map(({ model }) => model)).toEqual([
      flux,
      'black-forest-labs/flux-dev',
    ])
  })

  test('--dry-run says that it could not check what nobody knows', async () => {
    const end = await cli.run(`agents run ${flux} -i prompt=tea --dry-run`, { env: nowhere })
    expect(end.code).toBe(0)
    expect(end.stdout).toContain('! the input could not be checked')
    expect(end.stderr).toContain('could not be looked up')
    expect((await cli.run('agents run nobody/nothing -i a=1 --dry-run')).stderr).toContain('no model nobody/nothing')
  })
})

describe('what is known of models', () => {
  const models = () => join(cli.home, 'models', 'real')

  test('is used until it is a day old, then read again, and shown with its age where that fails', async () => {
    let now = Date.parse('2026-11-01T00:00:00Z')
    const clock = { ...systemTime, now: () => now }
    await cli.run(`agents show ${flux}`, { clock })
    now += 23 * 3_600_000
    expect((await cli.run(`agents show ${flux}`, { clock, env: nowhere })).stderr).toBe('')
    now += 2 * 3_600_000
    const old = await cli.run(`agents show ${flux}`, { clock, env: nowhere })
    expect(old.code).toBe(0)
    expect(old.stderr).toMatch(/as it was 1 day ago: it could not be read again/)
    expect((await cli.run(`agents show ${flux}`, { clock })).stderr).toBe('')
    expect((await cli.run(`agents show ${flux}`, { clock, env: nowhere })).stderr).toBe('')
  })

  test('is read again with --refresh, and as often as the configuration says', async () => {
    await cli.run(`agents show ${flux}`)
    expect((await cli.run(`agents show ${flux} --refresh`, { env: nowhere })).stderr).toContain(
      'could not be read again',
    )
    await cli.write('replicate-agent.yaml', 'discovery: {ttl: 0}\n')
    expect((await cli.run(`agents show ${flux}`, { env: nowhere })).stderr).toContain('could not be read again')
  })

  test('does no harm when its file is damaged, or is no folder to write into', async () => {
    await cli.run(`agents show ${flux}`)
    const [name] = await readdir(models())
    expect(name).toBe('black-forest-labs+flux-schnell.json')
    for (const rubbish of ['', '{"v":1}', '[]', '{"v":1,"read_at":"x","info":{"name":3}}']) {
      await cli.write(`../state/models/real/${name}`, rubbish)
      expect((await cli.run(`agents show ${flux}`)).code).toBe(0)
    }
    expect(JSON.parse(await readFile(join(models(), name as string), 'utf8'))).toMatchObject({ v: 1 })
    await rm(models(), { recursive: true })
    await cli.write('../state/models/real', 'a file')
    expect((await cli.run(`agents show ${flux}`)).code).toBe(0)
  })

  test('is kept for each world apart', async () => {
    await cli.run(`agents show ${flux}`)
    expect(await readdir(join(cli.home, 'models'))).toEqual(['real'])
    expect((await cli.run('agents show a/b', { env: { REPLICATE_API_TOKEN: '' } })).code).toBe(5)
  })
})

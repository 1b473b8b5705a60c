import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runResultShape } from '../../src/domain/run.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliEnd, type CliRig, openCli } from './rig.ts'

/** Answers at once, but for one model that never does, and one that has a queue. */
let sandbox: Sandbox
let cli: CliRig

const stalls = 'meta/meta-llama-3-70b-instruct'
const queues = 'openai/gpt-4o-mini'
const refuses = 'black-forest-labs/flux-dev'

beforeAll(async () => {
  sandbox = await startSandbox({
    latency: '0',
    faults: [`${stalls}:stall`, `${queues}:queue=1`, `${refuses}:status=401`],
  })
})
afterAll(() => sandbox.close())

beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
})
afterEach(() => cli.close())

const picture = `
name: poster
inputs:
  topic: {type: string, required: true}
  times: {type: integer, default: 1}
steps:
  draw:
    model: black-forest-labs/flux-schnell
    input: {prompt: "\${{ inputs.topic }}", output_format: png}
  words:
    value: {topic: "\${{ inputs.topic }}", twice: "\${{ inputs.times * 2 }}"}
outputs:
  picture: \${{ first(steps.draw.output) }}
  words: \${{ steps.words.output }}
`

const asking = `
name: asking
steps:
  draft: {value: a draft}
  publish:
    approval:
      message: "Publish \${{ steps.draft.output }}?"
      inputs: {note: {type: string, required: true}, copies: {type: integer, default: 1}}
  done:
    value: \${{ steps.publish.output.inputs }}
    needs: [publish]
outputs: {done: "\${{ steps.done.output }}"}
`

const failing = `
name: failing
inputs: {by: {type: number, default: 0}}
steps:
  kept: {value: 1}
  broken: {value: "\${{ 1 / inputs.by }}", needs: [kept]}
`

const hanging = `
name: hanging
steps:
  first: {value: 1}
  think: {model: ${stalls}, input: {prompt: hm}, needs: [first]}
finally:
  note: {value: "\${{ run.status }}"}
outputs: {first: "\${{ steps.first.output }}"}
`

describe('workflows run', () => {
  beforeEach(() => cli.write('workflows/poster.yaml', picture))

  test('prints one object with --json, of the shape that every door has, and progress on stderr', async () => {
    const end = await cli.run('workflows run poster -i topic=tea -i times=3 --json')
    expect(end.code).toBe(0)
    expect(end.stdout.trimEnd().split('\n')).toHaveLength(1)
    const run = runResultShape.parse(end.json())
    expect(run).toMatchObject({
      workflow: 'poster',
      status: 'succeeded',
      outputs: { words: { topic: 'tea', twice: 6 } },
    })
    expect(run.steps['draw']?.files?.[0]).toMatchObject({
      media_type: 'image/png',
      bytes: expect.any(Number) as number,
    })
    expect(end.stderr).toMatch(/draw +✓ .* black-forest-labs\/flux-schnell/)
  })

  test('prints a JSON line for every event, the last with the result', async () => {
    const lines = (await cli.run('run poster -i topic=tea --jsonl')).lines()
    for (const line of lines)
      expect(line).toMatchObject({ v: 1, run_id: lines[0]?.['run_id'], type: expect.any(String) as string })
    const seqs = lines.map(({ seq }) => Number(seq))
    expect(lines[0]).toMatchObject({ seq: 1, type: 'run.created', workflow: 'poster' })
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(lines.filter(({ type }) => type === 'run.settled')).toHaveLength(1)
    const { v: _v, seq: _seq, time, type: _type, ...result } = lines.at(-1) as JsonObject
    expect(Date.parse(String(time))).not.toBeNaN()
    expect(runResultShape.parse(result)).toMatchObject({ status: 'succeeded' })
    expect(lines.find(({ type }) => type === 'step.settled')).toMatchObject({
      step: 'words',
      output: { topic: 'tea', twice: 2 },
    })
    expect(lines.find(({ type }) => type === 'call.intended')).toMatchObject({ step: 'draw', attempt: 1 })
  })

  test('shows outputs, files and cost to people', async () => {
    const { code, stdout, stderr } = await cli.run('run poster -i topic=tea')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /outputs\n {2}picture {2}\S+\n {2}words {4}\{"topic":"tea","twice":2\}\n\nfiles\n {2}draw {2}\S+\.png +\d+ kB/,
    )
    expect(stderr).toMatch(/✓ poster succeeded after .*, 2 steps, \$0\.0030/)
  })

  test('copies files to --artifacts and names the copies', async () => {
    const run = (await cli.run('run poster -i topic=tea --artifacts out --json')).json() as unknown as {
      outputs: JsonObject
    }
    const path = String(run.outputs['picture'])
    expect(path).toMatch(new RegExp(`^${join(cli.cwd, 'out')}/.*\\.png$`))
    expect((await readFile(path)).subarray(1, 4).toString()).toBe('PNG')
  })

  test('prints only the value that --output names', async () => {
    expect((await cli.run('run poster -i topic=tea -o outputs.words.topic')).stdout).toBe('tea\n')
    expect(await cli.run('run poster -i topic=tea -o outputs.words -q')).toMatchObject({
      stdout: '{"topic":"tea","twice":2}\n',
      stderr: '',
    })
    const wrong = await cli.run('run poster -i topic=tea -o outputs.wrods -q')
    expect(wrong.code).toBe(3)
    expect(wrong.stderr).toContain('words')
  })

  test.each([
    ['output', 'did you mean `outputs`?'],
    ['outputs.', 'outputs.'],
  ])('begins nothing when --output is %s, which no result has', async (output, says) => {
    const { code, stderr } = await cli.run(['run', 'poster', '-i', 'topic=tea', '-o', output])
    expect(code).toBe(3)
    expect(stderr).toContain(says)
    expect((await cli.run('runs list --json')).json()).toMatchObject({ runs: [] })
  })

  test('reads inputs as JSON, from a file, or from stdin; -i comes first', async () => {
    await cli.write('in.json', '{"topic": "rain", "times": 2}')
    for (const [given, stdin] of [
      ['{"topic": "rain", "times": 2}', ''],
      ['@in.json', ''],
      ['-', '{"topic": "rain", "times": 2}'],
    ] as const) {
      const end = await cli.run(['run', 'poster', '--input', given, '-i', 'times=5', '-o', 'outputs.words'], { stdin })
      expect(end.stdout).toBe('{"topic":"rain","twice":10}\n')
    }
  })

  test.each([
    ['run poster', 'topic', 3],
    ['run poster -i topic=tea -i times=many', 'times', 3],
    ['run poster -i topic=tea -i tpoic=x', 'did you mean "topic"?', 3],
    ['run poster -i topic', '-i takes key=value', 3],
    ['run poster -i topic=tea -i topic=coffee', '-i gives "topic" twice', 3],
    ['run poster --input {', 'not JSON', 3],
    ['run poster -i topic=tea --json --jsonl', 'not both', 2],
    ['run poster -i topic=tea --json -o outputs.words', 'not both', 2],
    ['run postre -i topic=tea', 'poster', 3],
  ])('`%s` says what is wrong before a store is made', async (command, told, code) => {
    const end = await cli.run(command)
    expect(end.code).toBe(code)
    expect(end.stderr).toContain(told)
    await expect(stat(cli.home)).rejects.toThrow('ENOENT')
  })

  test('wants a token before anything is journaled, and says that the sandbox needs none', async () => {
    const env = { REPLICATE_API_TOKEN: '' }
    const end = await cli.run('run poster -i topic=tea --json', { env })
    expect(end.code).toBe(5)
    expect(end.json()).toMatchObject({
      error: { code: 'missing_token', hint: expect.stringContaining('--sandbox') as string },
    })
    await expect(stat(cli.home)).rejects.toThrow('ENOENT')
    await cli.write('workflows/failing.yaml', failing)
    expect((await cli.run('run failing -i by=1 -q', { env })).code).toBe(0)
  })

  test('wants no token for a retry that calls nothing', async () => {
    await cli.run('run poster -i topic=tea --run-id r -q')
    const env = { REPLICATE_API_TOKEN: '' }
    expect((await cli.run('runs retry r --step words -q', { env })).code).toBe(0)
    expect((await cli.run('runs retry r --step draw', { env })).code).toBe(5)
  })

  test('needs no token with --sandbox, and resumes there', async () => {
    const env = { REPLICATE_API_TOKEN: '', REPLICATE_BASE_URL: 'http://127.0.0.1:9' }
    const run = await cli.run('run poster -i topic=tea --sandbox --run-id first --json', { env })
    expect(run.json()).toMatchObject({ status: 'succeeded' })
    await cli.run('runs retry first --step draw -q', { env })
    expect((await cli.run('runs show first --json', { env })).json()).toMatchObject({
      sandbox: true,
      attempt: 2,
      status: 'succeeded',
    })
    await expect(stat(join(cli.home, 'sandbox'))).resolves.toBeDefined()
  })

  test('attaches to a run of the same id, and refuses other inputs with code 2', async () => {
    const first = (await cli.run('run poster -i topic=tea --run-id mine --json')).json()
    expect((await cli.run('run poster -i topic=tea --run-id mine --json')).json()).toEqual(first)
    const { code, json } = await cli.run('run poster -i topic=rain --run-id mine --json')
    expect(code).toBe(2)
    expect(json()).toMatchObject({ error: { code: 'run_mismatch' } })
  })

  test('stops at its budget with code 1, and goes on with a larger one', async () => {
    const end = await cli.run('run poster -i topic=tea --budget 0.001')
    expect(end.code).toBe(1)
    expect(end.stderr).toMatch(/runs resume \S+ --budget USD/)
    expect((await cli.run('runs resume last --budget 1 -q')).code).toBe(0)
  })

  test('that is refused by Replicate can be resumed, and ends with code 5', async () => {
    await cli.write('workflows/refused.yaml', picture.replace('black-forest-labs/flux-schnell', refuses))
    const end = await cli.run('run workflows/refused.yaml -i topic=tea --json')
    expect(end.code).toBe(5)
    expect(end.json()).toMatchObject({ status: 'waiting', waiting_for: 'resume', error: { code: 'authentication' } })
  })

  test('shows the plan with --dry-run and runs nothing', async () => {
    const end = await cli.run('run poster -i topic=tea --dry-run')
    expect(end.code).toBe(0)
    expect(end.stdout).toMatch(/draw +run +black-forest-labs\/flux-schnell +≤\$0\.0030/)
    await expect(stat(cli.home)).rejects.toThrow('ENOENT')
    expect((await cli.run('run poster --dry-run')).code).toBe(3)
  })

  test('estimates from what earlier runs took', async () => {
    await cli.run('run poster -i topic=tea -q')
    const plan = (await cli.run('workflows plan poster -i topic=tea --json')).json()
    expect(plan).toMatchObject({ estimate_usd: 0.003, estimate_ms: expect.any(Number) as number })
    expect((plan['steps'] as JsonObject[])[0]).toMatchObject({ basis: 'learned' })
  })
})

describe('a run that fails', () => {
  beforeEach(() => cli.write('workflows/failing.yaml', failing))

  test('exits 1, says why, and how to try again', async () => {
    const { code, stderr } = await cli.run('run failing --run-id bad')
    expect(code).toBe(1)
    expect(stderr).toContain('✗ failing failed')
    expect(stderr).toMatch(/error: .*broken/)
    expect(stderr).toContain('replicate-agent runs retry bad')
  })

  test('is tried again from what failed, after saying what runs again', async () => {
    await cli.run('run failing --run-id bad -q')
    const dry = await cli.run('runs retry bad --dry-run')
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/1 step run again:\n {2}broken +it failed/) as string,
    })
    expect(await cli.run('runs retry bad --step nope')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('its steps: kept, broken') as string,
    })
    expect((await cli.run('runs retry bad --failed --step kept')).code).toBe(2)
    await cli.write('workflows/failing.yaml', failing.replace('1 / inputs.by', '7'))
    const end = await cli.run('runs resume bad --definition current --json')
    expect(end.code).toBe(0)
    expect(end.json()).toMatchObject({
      status: 'succeeded',
      reset: [{ step: 'broken', why: 'its definition changed' }],
    })
    expect((await cli.run('runs show bad --json')).json()).toMatchObject({
      attempt: 2,
      steps: { kept: { output: 1 }, broken: { output: 7 } },
    })
  })

  test('is tried again from named steps, and in the items that failed, though the step went on without them', async () => {
    const items = '{foreach: {in: [0, 1, 2], as: n}, value: "${{ 1 / (n + inputs.by) }}", on_error: continue}'
    await cli.write(
      'workflows/failing.yaml',
      `${failing}  items: ${items}\n  sum: {value: "\${{ len(steps.items.output) }}"}\n`,
    )
    await cli.run('run failing --run-id bad -q')
    const resets = async (options: string) => {
      const { reset } = (await cli.run(`runs retry bad ${options} --dry-run --json`)).json()
      return (reset as JsonObject[])
        .map(({ step, indexes }) => `${String(step)}${JSON.stringify(indexes) ?? ''}`)
        .toSorted()
    }
    expect(await resets('')).toEqual(['broken', 'items[0]', 'sum'])
    expect(await resets('--failed')).toEqual(['broken', 'items[0]', 'sum'])
    expect(await resets('--from kept')).toEqual(['broken', 'kept'])
    expect(await resets('--step sum --step kept')).toEqual(['broken', 'kept', 'sum'])
    expect((await cli.run('runs retry bad --from items -q')).code).toBe(1)
    expect((await cli.run('runs show bad --json')).json()).toMatchObject({ attempt: 2, steps: { sum: { output: 3 } } })
  })
})

describe('approvals', () => {
  beforeEach(() => cli.write('workflows/asking.yaml', asking))

  test('end the process with code 4 and the exact next commands', async () => {
    const { code, stderr } = await cli.run('run asking --run-id ask')
    expect(code).toBe(4)
    expect(stderr).toContain('publish asks: Publish a draft?')
    expect(stderr).toContain(
      '  replicate-agent runs approve ask publish -i note=…\n  replicate-agent runs reject ask publish',
    )
  })

  test('name the store again when it is not the usual one', async () => {
    const { stderr } = await cli.run('run asking --run-id ask --checkpoint-dir cp')
    expect(stderr).toContain('replicate-agent runs approve ask publish -i note=… --checkpoint-dir cp')
    expect((await cli.run('runs show ask --checkpoint-dir cp --json')).json()).toMatchObject({
      waiting_for: 'approval',
    })
    expect((await cli.run('runs show ask')).code).toBe(2)
  })

  test('are answered with typed inputs, and the run goes on', async () => {
    await cli.run('run asking --run-id ask -q')
    const refused = await cli.run('runs approve ask -i copies=2')
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('note')
    const end = await cli.run('runs approve ask publish -i note=yes -i copies=2 --by ann --json')
    expect(end.code).toBe(0)
    expect(end.json()).toMatchObject({
      status: 'succeeded',
      outputs: { done: { note: 'yes', copies: 2 } },
      answered: { step: 'publish', approved: true, by: 'ann' },
      resumed: true,
    })
  })

  test('are only recorded with --no-resume', async () => {
    await cli.run('run asking --run-id ask -q')
    const end = await cli.run('runs approve ask -i note=yes --no-resume --json')
    expect(end.code).toBe(0)
    expect(end.json()).toMatchObject({ status: 'waiting', resumed: false })
    expect((await cli.run('runs resume ask --json')).json()).toMatchObject({ status: 'succeeded' })
  })

  test('keep the secrets of the run: an answer is recorded, and a resume wants them again', async () => {
    await cli.write(
      'workflows/secret.yaml',
      `inputs: {key: {type: string, secret: true, required: true}}\n${asking.replace('asking', 'secret')}`,
    )
    await cli.run('run secret --run-id s -i key=swordfish -q')
    const answered = await cli.run('runs approve s -i note=yes')
    expect(answered.code).toBe(5)
    expect(answered.stderr).toContain('runs resume s -i NAME=')
    expect((await cli.run('runs resume s')).code).toBe(5)
    expect((await cli.run('runs resume s -i key=mackerel')).code).toBe(5)
    expect((await cli.run('runs resume s -i key=swordfish --json')).json()).toMatchObject({
      outputs: { done: { note: 'yes' } },
    })
    expect((await cli.run('runs logs s --json')).stdout).not.toContain('swordfish')
  })

  test('are rejected, which fails the run', async () => {
    await cli.run('run asking --run-id ask -q')
    const end = await cli.run('runs reject ask --json')
    expect(end.code).toBe(1)
    expect(end.json()).toMatchObject({ status: 'failed', steps: { publish: { error: { code: 'rejected' } } } })
    expect((await cli.run('runs approve ask')).code).toBe(2)
  })
})

describe('signals', () => {
  beforeEach(() => cli.write('workflows/hanging.yaml', hanging))

  test('the first SIGINT cancels: what is in flight is cancelled, `finally` runs, the code is 130', async () => {
    let sent = false
    const end = await cli.run('run hanging --run-id hang --json', {
      watch(printed, send) {
        if (sent || !/think +… started/.test(printed)) return
        sent = true
        send('SIGINT')
      },
    })
    expect(end.code).toBe(130)
    expect(end.json()).toMatchObject({
      status: 'cancelled',
      outputs: { first: 1 },
      steps: { think: { status: 'cancelled' }, note: { output: 'cancelled' } },
    })
    expect(end.stderr).toContain('cancelling')
  })

  test('SIGTERM does the same with 143', async () => {
    let sent = false
    const watch = (printed: string, send: (signal: 'SIGTERM') => void) => {
      if (sent || !/think +… started/.test(printed)) return
      sent = true
      send('SIGTERM')
    }
    expect((await cli.run('run hanging', { watch })).code).toBe(143)
  })

  test.each(['SIGHUP', 'EPIPE'] as const)('%s leaves the run as it is, to be resumed', async (signal) => {
    let sent = false
    const end = await cli.run('run hanging --run-id hang', {
      watch(printed, send) {
        if (sent || !/think +… started/.test(printed)) return
        sent = true
        send(signal)
      },
    })
    expect(end.code).toBe({ SIGHUP: 129, EPIPE: 141 }[signal])
    expect(end.stderr).toContain('replicate-agent runs resume hang')
    expect((await cli.run('runs show hang --json')).json()).toMatchObject({ status: 'running', interrupted: true })
    const cancelled = await cli.run('runs cancel hang --json')
    expect(cancelled.code).toBe(0)
    expect(cancelled.json()).toMatchObject({ status: 'cancelled' })
  })

  test('a second SIGINT leaves the run at once', async () => {
    let sent = 0
    const slow = hanging.replace('{value: "${{ run.status }}"}', `{model: ${stalls}, input: {prompt: bye}}`)
    await cli.write('workflows/hanging.yaml', slow)
    const end = await cli.run('run hanging --run-id hang --json', {
      watch(printed, send) {
        if (sent === 0 && /think +… started/.test(printed)) {
          sent = 1
          send('SIGINT')
        } else if (sent === 1 && /note +… started/.test(printed)) {
          sent = 2
          send('SIGINT')
        }
      },
    })
    expect(end.code).toBe(130)
    expect(end.json()).toMatchObject({ error: { code: 'interrupted' }, run_id: 'hang' })
    expect((await cli.run('runs show hang --json')).json()).toMatchObject({ interrupted: true })
  })

  /** Starts a run, and another command when its step is in flight. */
  async function runWith(command: string, other: string): Promise<[CliEnd, CliEnd]> {
    let second: Promise<CliEnd> | undefined
    const first = await cli.run(command, {
      watch(printed) {
        if (/think +… started/.test(printed)) second ??= cli.run(other)
      },
    })
    return [first, await (second as Promise<CliEnd>)]
  }

  test('runs pause lets what is in flight end, and the driver ends with code 4; a resume goes on', async () => {
    const after = `  after: {value: 2, needs: [think]}\nfinally:`
    await cli.write(
      'workflows/slow.yaml',
      hanging.replace(stalls, queues).replace('finally:', after).replace('name: hanging', 'name: slow'),
    )
    const [run, pause] = await runWith('run slow --run-id slow', 'runs pause slow')
    expect(pause.code).toBe(0)
    expect(run.code).toBe(4)
    expect(run.stderr).toContain('replicate-agent runs resume slow')
    const { steps } = (await cli.run('runs show slow --json')).json() as unknown as { steps: JsonObject }
    expect(steps).toMatchObject({ think: { status: 'succeeded' } })
    expect(steps).not.toHaveProperty('after')
    expect((await cli.run('runs resume slow --json')).json()).toMatchObject({
      status: 'succeeded',
      steps: { after: { output: 2 } },
    })
    expect((await cli.run('runs pause slow')).code).toBe(2)
  })

  test('runs cancel ends the run of another process, which exits 1', async () => {
    const [run, cancel] = await runWith('run hanging --run-id hang', 'runs cancel hang -q')
    expect(cancel.code).toBe(0)
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('cancelling, asked by')
  })

  test('runs resume of a run that is being driven names the holder with code 75; a second start follows it, and Ctrl-C only detaches', async () => {
    let resume: CliEnd | undefined
    let again: CliEnd | undefined
    const others = async () => {
      resume = await cli.run('runs resume hang --json')
      let detached = false
      again = await cli.run('run hanging --run-id hang', {
        watch(printed, send) {
          if (detached || !/think +… started/.test(printed)) return
          detached = true
          send('SIGINT')
        },
      })
      await cli.run('runs cancel hang -q')
    }
    let begun: Promise<void> | undefined
    await cli.run('run hanging --run-id hang', {
      watch(printed) {
        if (/think +… started/.test(printed)) begun ??= others()
      },
    })
    await begun
    expect(resume).toMatchObject({ code: 75, stdout: expect.stringContaining(String(process.pid)) as string })
    expect(again).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('goes on without this terminal') as string,
    })
  })
})

describe('runs', () => {
  beforeEach(async () => {
    await cli.write('workflows/failing.yaml', failing)
    await cli.write('workflows/poster.yaml', picture)
    await cli.run('run failing --run-id alpha-1 -i by=1 -q')
    await cli.run('run failing --run-id alpha-2 -q')
    await cli.run('run poster --run-id beta -i topic=tea -q')
  })

  test('are listed newest first, by status and workflow', async () => {
    const ids = async (options: string) =>
      ((await cli.run(`runs list ${options} --json`)).json()['runs'] as JsonObject[]).map(({ run_id }) => run_id)
    expect(await ids('')).toEqual(['beta', 'alpha-2', 'alpha-1'])
    expect(await ids('--status failed')).toEqual(['alpha-2'])
    expect(await ids('--workflow failing --limit 1')).toEqual(['alpha-2'])
    expect((await cli.run('runs list')).stdout).toMatch(/beta +poster +succeeded +\$0\.0030 +just now/)
    expect((await cli.run('runs list --status done')).code).toBe(2)
  })

  test('are named by a unique prefix, or as the last', async () => {
    const shown = async (name: string) => (await cli.run(`runs show ${name} --json`)).json()['run_id']
    expect(await shown('last')).toBe('beta')
    expect(await shown('b')).toBe('beta')
    expect(await shown('alpha-1')).toBe('alpha-1')
    const several = await cli.run('runs show alpha')
    expect(several.code).toBe(2)
    expect(several.stderr).toContain('alpha-2, alpha-1')
    expect((await cli.run('runs show gamma')).code).toBe(2)
  })

  test('show steps, outputs, files and the last checkpoint', async () => {
    const { stdout } = await cli.run('runs show beta')
    expect(stdout).toMatch(/last checkpoint \d+ at 2/)
    expect(stdout).toMatch(/✓ draw +succeeded .*black-forest-labs\/flux-schnell/)
    expect((await cli.run('runs show beta --json')).json()).toMatchObject({
      last_checkpoint: { seq: expect.any(Number) as number },
      sandbox: false,
    })
  })

  test('have logs, whole or of one step', async () => {
    const all = (await cli.run('runs logs beta --json')).json()['events'] as JsonObject[]
    expect(all[0]).toMatchObject({ seq: 1, type: 'run.created' })
    expect(all.at(-1)).toMatchObject({ type: 'run.settled' })
    const one = (await cli.run('runs logs beta --step draw --jsonl')).lines()
    expect(new Set(one.map(({ step }) => step))).toEqual(new Set(['draw']))
    expect((await cli.run('runs logs beta --step draw')).stdout).toMatch(/call\.created +draw +attempt=1/)
    expect((await cli.run('runs logs beta -f --jsonl')).lines()).toHaveLength(all.length)
  })

  test('have files, listed or copied', async () => {
    const { files } = (await cli.run('runs files beta --json')).json() as unknown as { files: JsonObject[] }
    expect(files).toMatchObject([{ step: 'draw', media_type: 'image/png', sha256: expect.any(String) as string }])
    const copied = (await cli.run('runs files beta --artifacts out --json')).json() as unknown as {
      files: JsonObject[]
    }
    expect(String(copied.files[0]?.['path'])).toContain(join(cli.cwd, 'out'))
    expect((await cli.run('runs files alpha-1')).stderr).toContain('has no files')
  })

  test('have the files of their nested runs, too, with the way to the step', async () => {
    await cli.write('workflows/poster.yaml', picture)
    await cli.write(
      'workflows/series.yaml',
      `
name: series
steps:
  each:
    foreach: {in: [tea, rain], as: topic}
    workflow: poster
    input: {topic: "\${{ topic }}"}
`,
    )
    await cli.run('run series --run-id series -q')
    const { files } = (await cli.run('runs files series --json')).json() as unknown as { files: JsonObject[] }
    const nested = files.filter(({ child_run_id }) => child_run_id !== undefined)
    expect(nested).toMatchObject([
      { step: 'each[0]/draw', child_run_id: 'series.each.0', media_type: 'image/png' },
      { step: 'each[1]/draw', child_run_id: 'series.each.1' },
    ])
    expect((await cli.run('runs files series')).stdout).toMatch(/^each\[1\]\/draw +\S+\.png/m)
    const copied = (await cli.run('runs files series --artifacts out --json')).json() as unknown as {
      files: JsonObject[]
    }
    for (const { path } of copied.files) expect((await stat(String(path))).isFile()).toBe(true)
  })

  test('that are over are watched, and resumed, to their result', async () => {
    const watched = await cli.run('runs watch beta --json')
    expect(watched.code).toBe(0)
    expect((await cli.run('runs resume beta --json')).json()).toEqual(watched.json())
    expect((await cli.run('runs watch alpha-2 -q')).code).toBe(1)
    expect((await cli.run('runs cancel beta')).code).toBe(2)
  })

  test('that succeeded leave nothing to do in the plan of a resume', async () => {
    const { stdout } = await cli.run('workflows plan --run beta')
    expect(stdout).toMatch(/draw +reuse/)
    expect(stdout).toContain('already paid and kept: $0.0030')
  })
})

describe('agents', () => {
  test('run calls a model once, as a run with a journal', async () => {
    const end = await cli.run('agents run black-forest-labs/flux-schnell -i prompt=tea -i seed=3 --run-id one --json')
    expect(end.code).toBe(0)
    expect(end.json()).toMatchObject({
      run_id: 'one',
      workflow: 'black-forest-labs/flux-schnell',
      status: 'succeeded',
      cost_usd: 0.003,
    })
    const events = (await cli.run('runs logs one --json')).json()['events'] as JsonObject[]
    const sent = events.find(({ type }) => type === 'call.intended') as JsonObject
    expect(sent['body']).toMatchObject({ input: { prompt: 'tea', seed: 3 } })
  })

  test('run takes what is given as data, never as a template', async () => {
    const end = await cli.run([
      'agents',
      'run',
      'meta/meta-llama-3-8b-instruct',
      '-i',
      'prompt=${{ 1 + 1 }}',
      '--run-id',
      'one',
      '-q',
    ])
    expect(end.code).toBe(0)
    const events = (await cli.run('runs logs one --json')).json()['events'] as JsonObject[]
    expect(events.find(({ type }) => type === 'call.intended')?.['body']).toMatchObject({
      input: { prompt: '${{ 1 + 1 }}' },
    })
  })

  test('run calls an agent of a workflow here with its defaults', async () => {
    await cli.write(
      'workflows/team.yaml',
      'name: team\nagents:\n  artist: {model: black-forest-labs/flux-schnell, defaults: {output_format: png}}\nsteps:\n  a: {agent: artist, input: {prompt: x}}\n',
    )
    const end = await cli.run('agents run artist -i prompt=tea --json')
    expect(end.json()).toMatchObject({ workflow: 'artist', steps: { call: { files: [{ media_type: 'image/png' }] } } })
    const { code, stderr } = await cli.run('agents run artits -i prompt=tea')
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean "artist"?')
  })

  test('show describes a model with its inputs', async () => {
    const { code, stdout } = await cli.run('agents show black-forest-labs/flux-schnell')
    expect(code).toBe(0)
    expect(stdout).toMatch(/prompt +string +required/)
    expect((await cli.run('agents show nobody/nothing')).code).toBe(1)
    expect((await cli.run('agents show a/b', { env: { REPLICATE_API_TOKEN: '' } })).code).toBe(5)
  })
})

describe('doctor', () => {
  test('finds nothing in the way on a fresh machine, and makes nothing', async () => {
    const end = await cli.run('doctor --json')
    expect(end.code).toBe(0)
    const { ok, checks } = end.json() as unknown as { ok: boolean; checks: JsonObject[] }
    expect(ok).toBe(true)
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['runtime', 'token', 'state folder', 'store', 'sandbox', 'terminal']),
    )
    await expect(stat(cli.home)).rejects.toThrow('ENOENT')
  })

  test('warns of a missing token, and exits 1 for a store that is damaged', async () => {
    expect((await cli.run('doctor', { env: { REPLICATE_API_TOKEN: '' } })).stdout).toMatch(
      /! +token +REPLICATE_API_TOKEN is not set/,
    )
    await cli.write('../state/store.db', 'this is no database at all, whatever its name says')
    const { code, stdout } = await cli.run('doctor')
    expect(code).toBe(1)
    expect(stdout).toMatch(/✗ +store/)
  })
})

describe('sandbox', () => {
  test('prints its address, serves until it is stopped, and says what it billed', async () => {
    let url = ''
    const end = await cli.run('sandbox --latency 0 --json', {
      watch(printed, send) {
        if (url !== '') return
        url = (JSON.parse(printed) as { url: string }).url
        void fetch(`${url}/models/black-forest-labs/flux-schnell`, { headers: { authorization: 'Bearer any' } }).then(
          (response) => {
            expect(response.status).toBe(200)
            send('SIGINT')
          },
        )
      },
    })
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
    expect(end.code).toBe(130)
    expect(end.stderr).toContain('0 predictions, $0 billed')
  })

  test('says with code 5 that a port is taken, and with code 2 what it does not understand', async () => {
    const taken = await cli.run(`sandbox --port ${sandbox.port}`)
    expect(taken.code).toBe(5)
    expect(taken.stderr).toContain('is taken')
    expect((await cli.run('sandbox --latency soon')).code).toBe(2)
  })
})

/** `runs diff` over real runs, and the names that runs are found by. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig

const poster = (more = '', prompt = 'A poster of') => `
name: poster
inputs:
  topic: {type: string, required: true}
  key: {type: string, secret: true, default: open-sesame}
steps:
  draw:
    model: black-forest-labs/flux-schnell
    input: {prompt: "${prompt} \${{ inputs.topic }}", output_format: png, seed: 7}
  lines:
    foreach: {in: [1, 2, 3], as: n}
    value: "\${{ 6 / (n - len(inputs.topic)) }}"
    on_error: continue
  text:
    value: "one\\ntwo\\n\${{ inputs.topic }}\\nfour"
${more}
outputs:
  picture: \${{ first(steps.draw.output) }}
  text: \${{ steps.text.output }}
`

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
  await cli.write('poster.yaml', poster())
  for (const [id, topic, key] of [
    ['first', 'tea', 'k1'],
    ['again', 'tea', 'k1'],
    ['other', 'to', 'k2'],
  ]) {
    await run(`run poster.yaml -i topic=${topic} -i key=${key} --run-id ${id} -q`)
  }
  await cli.write('poster.yaml', poster('  more: {value: {a: 1}}', 'A painting of'))
  await run('run poster.yaml -i topic=tea -i key=k1 --run-id changed -q')
})
afterAll(async () => {
  await cli.close()
  await sandbox.close()
})

async function run(command: string): Promise<void> {
  expect(await cli.run(command)).toMatchObject({ code: 0 })
}

async function diff(a: string, b: string): Promise<JsonObject> {
  const end = await cli.run(`runs diff ${a} ${b} --json`)
  expect(end.code).toBe(0)
  return end.json()
}

describe('runs diff', () => {
  test('finds nothing between two runs of the same thing, whatever they took', async () => {
    expect(await diff('first', 'again')).toMatchObject({
      same: true,
      a: { run_id: 'first', cost_usd: 0.003 },
      b: { run_id: 'again' },
      ...{ definition: { same: true, changes: [] }, inputs: [], outputs: [] },
    })
    const { code, stdout } = await cli.run('runs diff first again')
    expect(code).toBe(0)
    expect(stdout).toContain('nothing differs but cost and time')
    expect(stdout).toMatch(/cost +\$0\.0030 +→ +\$0\.0030 +the same/)
    expect(stdout).not.toMatch(/^(definition|inputs|outputs)$/m)
  })

  test('compares inputs, outputs and files by their bytes, and shows no secret', async () => {
    const found = await diff('first', 'other')
    expect(found).toMatchObject({
      same: false,
      inputs: [
        { kind: 'changed', path: ['topic'], before: 'tea', after: 'to' },
        { kind: 'changed', path: ['key'], before: '***', after: '***' },
      ],
      outputs: [
        { kind: 'changed', path: ['picture'], before: expect.stringMatching(/\.png$/) as string },
        { kind: 'changed', path: ['text'], before: 'one\ntwo\ntea\nfour', after: 'one\ntwo\nto\nfour' },
      ],
    })
    expect(JSON.stringify(found)).not.toMatch(/k1|k2|\$secret/)
    const { stdout } = await cli.run('runs diff first other')
    expect(stdout).toContain('  topic\n    - tea\n    + to\n')
    expect(stdout).toContain('  text\n    @ line 1\n      one\n      two\n    - tea\n    + to\n      four\n')
  })

  test('puts steps side by side, with their items', async () => {
    const found = (await diff('first', 'other'))['steps'] as JsonObject[]
    expect(found.find(({ step }) => step === 'lines')).toMatchObject({
      change: 'changed',
      differs: ['output'],
      a: { status: 'succeeded', items: { count: 3, succeeded: 2, failed: 1 } },
      b: { status: 'succeeded', items: { count: 3, succeeded: 2, failed: 1 } },
    })
    const { stdout } = await cli.run('runs diff first other')
    expect(stdout).toMatch(/~ lines +✓ succeeded 2 of 3 items .* ✓ succeeded 2 of 3 items .*output/)
    expect(stdout).toMatch(/~ draw +✓ succeeded .*flux-schnell/)
  })

  test('shows what was changed in the definition, and steps that only one of them has', async () => {
    expect(await diff('first', 'changed')).toMatchObject({
      definition: {
        same: false,
        changes: [
          {
            kind: 'changed',
            path: ['steps', 'draw', 'input', 'prompt'],
            before: expect.stringContaining('A poster') as string,
          },
          { kind: 'added', path: ['steps', 'more'] },
        ],
      },
    })
    const { stdout } = await cli.run('runs diff first changed')
    expect(stdout).toMatch(/^definition\n {2}steps\.draw\.input\.prompt\n {4}- A poster of .*\n {4}\+ A painting of/m)
    expect(stdout).toMatch(/\+ more +– +✓ succeeded/)
    expect(stdout).not.toContain('open-sesame')
    expect((await cli.run('runs diff changed first')).stdout).toMatch(/- more/)
  })

  test('says when only the default of a secret differs', async () => {
    await cli.write(
      'secret.yaml',
      'name: secret\ninputs: {k: {type: string, secret: true, default: one}}\nsteps: {s: {value: 1}}',
    )
    await run('run secret.yaml --run-id s1 -q')
    await cli.write(
      'secret.yaml',
      'name: secret\ninputs: {k: {type: string, secret: true, default: two}}\nsteps: {s: {value: 1}}',
    )
    await run('run secret.yaml --run-id s2 -q')
    const { stdout } = await cli.run('runs diff s1 s2')
    expect(stdout).toContain('the defaults of secret inputs differ')
    expect(stdout).not.toMatch(/\bone\b|\btwo\b/)
  })

  test('looks at one step more closely', async () => {
    const { stdout } = await cli.run('runs diff first other --step lines')
    expect(stdout).toMatch(/output\n {2}\[0\]\n/)
    expect(stdout).not.toContain('~ draw')
    const wrong = await cli.run('runs diff first other --step dwar')
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('draw, lines, text') as string })
  })

  test('takes runs by prefix, and counts back from the last', async () => {
    expect(await diff('last~1', 'last')).toMatchObject({ a: { run_id: 's1' }, b: { run_id: 's2' } })
    expect(await diff('fir', 'last~0')).toMatchObject({ a: { run_id: 'first' }, b: { run_id: 's2' } })
    for (const wrong of ['last~99', 'last~', 'last~-1', 'nobody'])
      expect((await cli.run(`runs diff first ${wrong}`)).code).toBe(2)
    expect((await cli.run('runs diff first')).code).toBe(2)
  })
})

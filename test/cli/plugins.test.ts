/** `plugins` of the configuration: each of its keys, each built-in plugin and option, in workflows that are run. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const model = 'meta/meta-llama-3-8b-instruct'

/** Runs a workflow of one call with plugins; what the model was sent is in the journal. */
async function run(plugins: string, prompt = 'hello', more = '') {
  await cli.write('replicate-agent.yaml', `plugins: ${plugins}\n${more}`)
  await cli.write(
    'workflows/w.yaml',
    `name: w\ninputs: {text: {type: string}}\nsteps:\n  a: {model: ${model}, input: {prompt: '\${{ inputs.text }}'}}\noutputs: {a: '\${{ steps.a.output }}'}\n`,
  )
  const end = await cli.run(['run', 'w', '--sandbox', '--json', '-i', `text=${prompt}`])
  const result = end.json() as {
    run_id: string
    outputs: { a: unknown }
    steps: { a: { error?: JsonObject; cost_usd: number } }
  } & JsonObject
  const events = result.run_id === undefined ? [] : (await cli.run(`runs logs ${result.run_id} --json`)).stdout
  return { ...end, result, error: result.steps?.a.error, journal: String(events) }
}

const guard = (body: string) => `export default { name: 'guard', hooks: { ${body} } }\n`

describe('the section', () => {
  test('names plugins by path, and their hooks are asked about calls and steps', async () => {
    await cli.write(
      'plugins/guard.mjs',
      guard(`
        step_pre: (context) => ({ ...context, input: { prompt: context.input.prompt + ' one' } }),
        agent_pre_execute: (context) => ({ ...context, input: { prompt: context.input.prompt + ' two' } }),
        agent_post_execute: (context, result) => ({ ...result, output: 'three' }),
        step_post: (context, result) => ({ ...result, output: result.output + ' four' }),`),
    )
    const { result, journal } = await run('[./plugins/guard.mjs]')
    expect(result.outputs).toEqual({ a: 'three four' })
    expect(journal).toContain('hello one two')
  })

  test('takes TypeScript, and packages by name from the folder of the file', async () => {
    await cli.write(
      'guard.ts',
      `const name: string = 'guard'\nexport default { name, hooks: { agent_post_execute: (_: object, result: object) => ({ ...result, output: 'typed' }) } }\n`,
    )
    expect((await run('[{path: guard.ts}]')).result.outputs).toEqual({ a: 'typed' })
    await cli.write(
      'node_modules/@acme/guard/package.json',
      '{"name": "@acme/guard", "version": "1.2.3", "type": "module", "exports": {".": {"import": "./main.js"}}, "keywords": ["replicate-agent-plugin"]}',
    )
    await cli.write(
      'node_modules/@acme/guard/main.js',
      guard(`agent_post_execute: (context, result) => ({ ...result, output: 'packaged' }),`),
    )
    expect((await run("['@acme/guard']")).result.outputs).toEqual({ a: 'packaged' })
    const listed = (await cli.run('plugins list --available --json')).json() as unknown as Record<
      'available' | 'plugins',
      JsonObject[]
    >
    expect(listed.plugins).toMatchObject([{ name: 'guard', from: 'package', version: '1.2.3' }])
    expect(listed.available.map(({ name, configured }) => [name, configured])).toEqual([
      ['content_filter', false],
      ['cost_cap', false],
      ['pii_mask', false],
      ['@acme/guard', true],
    ])
  })

  test('`on_error` says whether a failing plugin fails the call', async () => {
    await cli.write('guard.mjs', guard(`agent_pre_execute() { throw new Error('boom') },`))
    const closed = await run('[./guard.mjs]')
    expect([closed.code, closed.error]).toMatchObject([
      1,
      { code: 'plugin_failed', details: { plugin: 'guard', hook: 'agent_pre_execute' } },
    ])
    const open = await run('[{path: guard.mjs, on_error: open}]')
    expect([open.code, open.stderr]).toEqual([
      0,
      expect.stringContaining('plugin "guard" failed in agent_pre_execute and is passed over: boom'),
    ])
  })

  test('`timeout` ends a hook that hangs', async () => {
    await cli.write('guard.mjs', guard(`agent_pre_execute: () => new Promise(() => {}),`))
    expect((await run('[{path: guard.mjs, timeout: 1ms}]')).error).toMatchObject({
      code: 'plugin_failed',
      message: expect.stringContaining('took longer than 1ms') as unknown,
    })
  })

  test('`order` comes before the order of the list', async () => {
    const adding = (name: string) =>
      `export default { name: '${name}', hooks: { agent_pre_execute: (c) => ({ ...c, input: { prompt: c.input.prompt + ' ${name}' } }) } }\n`
    await cli.write('a.mjs', adding('a'))
    await cli.write('b.mjs', adding('b'))
    expect((await run('[a.mjs, b.mjs]')).journal).toContain('hello a b')
    expect((await run('[a.mjs, {path: b.mjs, order: -1}]')).journal).toContain('hello b a')
  })

  test.each([
    ['[nosuch]', /there is no plugin .{1,2}nosuch/, '1:11'],
    ['[cost_cup]', /did you mean .{1,2}cost_cap/, '1:11'],
    ['[{path: gone.mjs}]', /there is no file .*gone\.mjs/, '1:18'],
    ['[{name: a, path: b}]', /both a `name` and a `path`/, '1:11'],
    ['[{name: cost_cap, options: {max_usd: -1}}]', /`max_usd`: must be more than 0 dollars/, '1:47'],
    ['[{name: pii_mask, options: {kinds: [email, fax]}}]', /`kinds\[1\]`: must be one of/, '1:53'],
    ['[{name: pii_mask, on_error: maybe}]', /must be open or closed/, '1:38'],
    ['pii_mask', /must be a list/, '1:10'],
  ])('%s is refused with its place, before anything runs', async (plugins, message, place) => {
    const { code, stdout, result } = await run(plugins)
    expect(code).toBe(3)
    expect(stdout).toMatch(message)
    expect(result['run_id']).toBeUndefined()
    const checked = await cli.run('config check')
    expect(checked.code).toBe(3)
    expect(checked.stderr).toContain(`replicate-agent.yaml:${place}`)
  })
})

describe('pii_mask', () => {
  test('sends placeholders, journals nothing else of the call, and puts the real values back', async () => {
    await cli.write(
      'echo.mjs',
      guard(
        `agent_post_execute: (context, result) => ({ ...result, output: ['to <EM', 'AIL_1> and ', '<email_2>, <EMAIL_3>'] }),`,
      ),
    )
    const { result, journal } = await run(
      '[pii_mask, ./echo.mjs]',
      'write to bob@example.com, ann@example.org and bob@example.com',
    )
    expect(result.outputs.a).toEqual(['to bob@example.com', ' and ', 'ann@example.org, <EMAIL_3>'])
    expect(journal).toContain('write to <EMAIL_1>, <EMAIL_2> and <EMAIL_1>')
    const { events } = JSON.parse(journal) as { events: JsonObject[] }
    const intended = JSON.stringify(events.filter(({ type }) => String(type).startsWith('call.')))
    expect(intended).not.toContain('example.com')
  })

  test('`kinds`, `patterns` and `restore` say what is masked, and whether it comes back', async () => {
    const text = 'card 4111 1111 1111 1111, mail a@example.com, ip 10.1.2.3, staff EMP-1234'
    expect((await run('[pii_mask]', text)).journal).toContain(
      'card <CARD_1>, mail <EMAIL_1>, ip 10.1.2.3, staff EMP-1234',
    )
    expect(
      (await run('[{name: pii_mask, options: {kinds: [ip], patterns: {staff: "EMP-[0-9]{4}"}}}]', text)).journal,
    ).toContain('card 4111 1111 1111 1111, mail a@example.com, ip <IP_1>, staff <STAFF_1>')
    await cli.write('echo.mjs', guard(`agent_post_execute: (context, result) => ({ ...result, output: '<EMAIL_1>' }),`))
    expect((await run('[{name: pii_mask, options: {restore: false}}, ./echo.mjs]', text)).result.outputs.a).toBe(
      '<EMAIL_1>',
    )
  })
})

describe('content_filter', () => {
  const filter = (options: string) => `[{name: content_filter, options: ${options}}]`

  test('`words` are found whole, in any case and form; `whole_word: false` finds parts', async () => {
    expect((await run(filter('{words: [Bad Word]}'), 'a ＢＡＤ word!')).error).toMatchObject({
      code: 'refused',
      details: { plugin: 'content_filter' },
    })
    expect((await run(filter('{words: [word]}'), 'words')).code).toBe(0)
    expect((await run(filter('{words: [word], whole_word: false, direction: input}'), 'swords')).error).toMatchObject({
      code: 'refused',
    })
  })

  test('`file` lists words, one a line', async () => {
    await cli.write('words.txt', '# none of these\n\ndragon\n')
    expect((await run(filter('{file: words.txt, direction: input}'), 'a dragon')).error).toMatchObject({
      code: 'refused',
    })
    const gone = await run(filter('{file: gone.txt}'))
    expect([gone.code, gone.stdout]).toEqual([3, expect.stringContaining("gone.txt, can't be read: it is not there")])
  })

  test('`direction` says what is looked at, `action: mask` hides it as `mask`', async () => {
    expect((await run(filter('{words: [dragon], direction: output, action: mask}'), 'a dragon')).journal).toContain(
      'a dragon',
    )
    expect(
      (await run(filter('{words: [dragon], direction: input, action: mask, mask: "[x]"}'), 'a dragon')).journal,
    ).toContain('a [x]')
    const said = await run(filter('{words: [is], direction: output}'), 'a dragon')
    expect(said.error).toMatchObject({ code: 'withheld' })
    expect(said.result.steps.a.cost_usd).toBeGreaterThan(0)
  })

  test("`agent` judges with `field`, `score` and `threshold`, and what it costs is the step's", async () => {
    const agents = `agents:\n  judge: {model: ${model}}\n`
    const asked = (more: string) => run(filter(`{agent: judge, direction: input, ${more}}`), 'hello', agents)
    const low = await asked("score: '0.2'")
    expect(low.code, low.stdout).toBe(0)
    expect(low.result.steps.a.cost_usd).toBeGreaterThan((await run('[]')).result.steps.a.cost_usd)
    expect((await asked("score: '0.2', threshold: 0.1")).error).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('"judge" gives its input 0.2') as unknown,
    })
    // Without `score` there is no number in the answer of this model, and the plugin fails closed.
    expect((await asked('threshold: 0.1')).error).toMatchObject({ code: 'plugin_failed' })
    const strict = `agents:\n  judge: {model: ${model}, input_schema: {type: object, required: [text]}}\n`
    const fielded = (field: string) =>
      run(filter(`{agent: judge, direction: input, score: '0', field: ${field}}`), 'hi', strict)
    expect((await fielded('prompt')).error).toMatchObject({ code: 'plugin_failed' })
    expect((await fielded('text')).code).toBe(0)
  })
})

describe('cost_cap', () => {
  const flow = async (plugins: string) => {
    await cli.write('replicate-agent.yaml', `plugins: ${plugins}\nprices: {${model}: {usd_per_call: 0.1}}\n`)
    await cli.write(
      'workflows/c.yaml',
      `name: c\nsteps:\n  a: {model: ${model}, foreach: {in: [a, b, c, d]}, input: {prompt: '\${{ item }}'}}\n`,
    )
    const end = await cli.run('run c --sandbox --json')
    const { steps } = end.json() as unknown as { steps: { a: { items: { status: string; error?: JsonObject }[] } } }
    return steps.a.items.map(({ status, error }) => (error ? String(error['code']) : status)).toSorted()
  }

  test('`max_usd` is never passed by calls at the same time, `per` run or process', async () => {
    const half = ['refused', 'refused', 'succeeded', 'succeeded']
    expect(await flow('[{name: cost_cap, options: {max_usd: 0.2}}]')).toEqual(half)
    expect(await flow('[{name: cost_cap, options: {max_usd: 0.2, per: process}}]')).toEqual(half)
    expect(await flow('[{name: cost_cap, options: {max_usd: 0.4}}]')).toEqual(Array(4).fill('succeeded'))
  })
})

describe('cost_cap, over processes', () => {
  const model2 = 'meta/meta-llama-3-70b-instruct'
  const cap = (options: string, prices = `prices: {${model}: {usd_per_call: 0.1}, ${model2}: {usd_per_call: 0.1}}\n`) =>
    cli.write('replicate-agent.yaml', `plugins: [{name: cost_cap, options: ${options}}]\n${prices}`)
  beforeEach(() =>
    cli.write(
      'workflows/c.yaml',
      `name: c\nsteps:\n  a: {model: ${model}, input: {prompt: a}}\n  b: {model: ${model2}, input: {prompt: b}, needs: [a]}\n`,
    ),
  )
  interface Ended {
    run_id: string
    cost_usd: number
    steps: Record<'a' | 'b', { status: string; error?: JsonObject }>
  }
  const ended = async (command: string) => (await cli.run(`${command} --json`)).json() as unknown as Ended

  test('what a run had spent before a resume still counts; with a higher `max_usd` it goes on', async () => {
    await cap('{max_usd: 0.15}')
    const { run_id, steps } = await ended('run c --sandbox')
    expect([steps.a.status, steps.b.error]).toMatchObject(['succeeded', { code: 'refused' }])
    const again = await ended(`runs retry ${run_id}`)
    expect(again.steps.b.error).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('has spent $0.1000 of $0.1500') as unknown,
    })
    await cap('{max_usd: 0.25}')
    const more = await ended(`runs retry ${run_id}`)
    expect([more.steps.b.status, more.cost_usd]).toEqual(['succeeded', expect.closeTo(0.2)])
  })

  test('`default_usd` is taken for a call whose price nobody knows, which is refused without it', async () => {
    const unknown = `agents: {w: {model: ${model}, price: {hardware: gpu-z}}}\n`
    await cli.write('workflows/c.yaml', `name: c\nsteps: {a: {agent: w, input: {prompt: a}}}\n`)
    await cap('{max_usd: 1}', unknown)
    expect((await ended('run c --sandbox')).steps.a.error).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('nobody knows what a call') as unknown,
    })
    await cap('{max_usd: 1, default_usd: 0.5}', unknown)
    expect((await ended('run c --sandbox')).steps.a.status).toBe('succeeded')
    await cap('{max_usd: 1, default_usd: 1.5}', unknown)
    expect((await ended('run c --sandbox')).steps.a.error).toMatchObject({ code: 'refused' })
  })
})

test('Values and nested workflows pass `step_pre` and `step_post`, which may refuse and withhold', async () => {
  await cli.write('replicate-agent.yaml', 'plugins: [./guard.mjs]\n')
  await cli.write(
    'workflows/inner.yaml',
    `name: inner\ninputs: {n: {type: integer}}\nsteps:\n  v: {value: '\${{ inputs.n }}'}\noutputs: {n: '\${{ steps.v.output }}'}\n`,
  )
  await cli.write(
    'workflows/outer.yaml',
    `name: outer\nsteps:\n  v: {value: 1}\n  w: {workflow: inner, input: {n: 2}}\n  no: {value: 3, on_error: continue}\n  held: {value: 4, on_error: continue}\n`,
  )
  await cli.write(
    'guard.mjs',
    guard(`
    step_pre(context, tools) {
      if (context.step === 'no') return tools.refuse('not this one')
      if (context.kind === 'workflow') return { ...context, input: { n: context.input.n + 10 } }
    },
    step_post(context, result) {
      if (context.step === 'held') return null
      if (context.workflow === 'outer' && context.step === 'v') return { ...result, output: [context.kind, result.output] }
    },`),
  )
  const { steps } = (await cli.run('run outer --json')).json() as unknown as {
    steps: Record<string, { output: unknown; error?: JsonObject }>
  }
  expect(steps['v']?.output).toEqual(['value', 1])
  expect(steps['w']?.output).toEqual({ n: 12 })
  expect(steps['no']?.error).toMatchObject({
    code: 'refused',
    message: 'plugin "guard" refused the step: not this one',
  })
  expect(steps['held']?.error).toMatchObject({ code: 'withheld' })
})

test('`plugins check` says what each hook did, and exits 1 when it finds anything', async () => {
  await cli.write('guard.mjs', guard(`agent_pre_execute: (context) => context, agent_post_execute: () => 'x',`))
  const bad = await cli.run('plugins check ./guard.mjs --json')
  expect(bad.code).toBe(1)
  expect(bad.json()).toMatchObject({
    ok: false,
    findings: [{ plugin: 'guard', message: expect.stringContaining('gave back a string') as unknown }],
  })
  const good = await cli.run('plugins check cost_cap --option max_usd=1 --json')
  expect(good.json()).toMatchObject({
    ok: true,
    plugins: [
      {
        name: 'cost_cap',
        tried: expect.arrayContaining([
          expect.objectContaining({ hook: 'agent_pre_execute', outcome: 'ok' }),
        ]) as unknown,
      },
    ],
  })
  expect((await cli.run('plugins check cost_cap')).code).toBe(1)
})

/** Budgets: each key, in a workflow that is run, with what is left after it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const small = 'meta/meta-llama-3-8b-instruct'
const other = 'openai/gpt-5-nano'

function at(moment: string): Clock {
  const offset = Date.parse(moment) - Date.now()
  return { ...systemClock, now: () => Date.now() + offset }
}

interface Flow {
  config?: string
  /** Of the agent that is called. */
  agent?: string
  step?: string
  top?: string
  items?: number
  unpriced?: boolean
}

/** Calls that may cost a dollar each, and do. */
async function flow({ config, agent = '', step = '', top = '', items = 3, unpriced = false }: Flow): Promise<void> {
  if (config !== undefined) await cli.write('replicate-agent.yaml', config)
  await cli.write(
    'workflows/flow.yaml',
    `
name: flow
${top}
agents:
  writer: {model: ${small}, price: ${unpriced ? '{hardware: gpu-z}' : '{usd_per_call: 1}'}, retry: {attempts: 1}${agent === '' ? '' : `, ${agent}`}}
  cheap: {model: ${other}, price: {usd_per_call: 0.1}}
steps:
  write: {agent: writer, foreach: {in: [${Array.from({ length: items }, (_, item) => `"${item}"`).join(', ')}], max_concurrency: 2}, input: {prompt: '\${{ item }}'}${step === '' ? '' : `, ${step}`}}
`,
  )
}

interface Ran {
  code: number
  stderr: string
  error: JsonObject | undefined
  run: JsonObject & { steps: Record<string, JsonObject & { items?: JsonObject[] }> }
  done: number
}

async function run(command = 'run flow', clock = at('2026-11-21T12:00:00Z')): Promise<Ran> {
  await cli.write('still.yaml', 'latency: 0\nfaults: []\n')
  const end = await cli.run(`${command} ${command.startsWith('run ') ? '--sandbox --faults still.yaml ' : ''}--json`, {
    clock,
  })
  const json = end.json() as Ran['run']
  const items = json.steps?.['write']?.items ?? []
  return {
    ...{ code: end.code, stderr: end.stderr, run: json, error: json['error'] as JsonObject | undefined },
    done: items.filter(({ status }) => status === 'succeeded').length,
  }
}

describe('A budget in the configuration', () => {
  test('of a day refuses the call that would pass it, and lets the run go on when the day is over', async () => {
    await flow({ config: 'budgets: {day: 2}' })
    const first = await run()
    expect(first, first.stderr).toMatchObject({ code: 1, done: 2, run: { status: 'failed', cost_usd: 2 } })
    expect(first.error).toMatchObject({
      code: 'budget_exceeded',
      details: { scope: 'day', limit_usd: 2, spent_usd: 2 },
    })
    expect(first.error?.['hint']).toContain('2026-11-22 00:00 UTC')
    const id = String(first.run['run_id'])
    expect(await run(`runs resume ${id}`)).toMatchObject({ code: 1, done: 2 })
    expect(await run(`runs resume ${id}`, at('2026-11-22T00:00:05Z'))).toMatchObject({ code: 0, done: 3 })
    expect((await run('run flow', at('2026-11-22T10:00:00Z'))).done).toBe(1)
  })

  test('of a month holds over its days, and over runs that were made before there was a budget', async () => {
    await flow({ items: 2 })
    expect((await run('run flow', at('2026-11-02T12:00:00Z'))).done).toBe(2)
    await cli.write('replicate-agent.yaml', 'budgets: {month: {hard: 3}}')
    const next = await run()
    expect(next).toMatchObject({ code: 1, done: 1, error: { details: { scope: 'month', spent_usd: 3 } } })
    expect(await run('run flow', at('2026-12-01T00:00:01Z'))).toMatchObject({ code: 0, done: 2 })
  })

  test('of a run holds where nothing else is said, and `--budget` comes before it', async () => {
    await flow({ config: 'budgets: {per_run: 1}' })
    const first = await run()
    expect(first).toMatchObject({ code: 1, done: 1, error: { details: { scope: 'run', limit_usd: 1 } } })
    expect(await run(`runs resume ${String(first.run['run_id'])} --budget 3`)).toMatchObject({ code: 0, done: 3 })
    await flow({ config: 'budgets: {per_run: 1}', top: 'budget: 2' })
    expect((await run()).done).toBe(1)
  })

  test('of a call keeps out what may cost more: a cheaper candidate answers, or the step fails', async () => {
    const config = 'budgets: {per_call: 0.5}'
    await flow({ config })
    const alone = await run()
    expect(alone).toMatchObject({ code: 1, done: 0, error: { code: 'step_failed' } })
    expect(alone.run.steps['write']?.items?.[0]).toMatchObject({
      status: 'failed',
      error: { code: 'budget_exceeded', details: { scope: 'call', needed_usd: 1 } },
    })
    await flow({ config, agent: 'fallback: [cheap]' })
    const helped = await run()
    expect(helped).toMatchObject({ code: 0, done: 3, run: { cost_usd: 0.3 } })
    expect(helped.run.steps['write']?.items?.[0]).toMatchObject({ model: other })
  })

  test('takes calls of unknown price for what `default_usd` says, and refuses them without it', async () => {
    await flow({ config: 'budgets: {day: 5}', unpriced: true })
    const refused = await run()
    expect(refused).toMatchObject({ code: 1, done: 0, error: { code: 'budget_exceeded' } })
    expect(refused.error?.['hint']).toContain('default_usd')
    await flow({ config: 'budgets: {day: 5, default_usd: 2}', unpriced: true })
    expect(await run()).toMatchObject({ code: 1, done: 2, error: { details: { scope: 'day', needed_usd: 2 } } })
  })

  test.each([
    ['budgets: {day: {soft: 1, hard: 9}}', 'day', 1],
    ['budgets: {month: {soft: 2.5}}', 'month', 2.5],
    ['budgets: {per_run: {soft: 2}}', 'run', 2],
    ['budgets: {per_call: {soft: 0.9}}', 'call', 0.9],
  ])('warns once of what is passed: %s', async (config, budget, soft_usd) => {
    await flow({ config })
    const { code, stderr, run: result } = await run()
    expect(code).toBe(0)
    expect(result['soft_budgets']).toEqual([{ budget, soft_usd, spent_usd: expect.any(Number) }])
    expect(stderr.match(/warning: the soft budget/g)).toHaveLength(1)
    expect(stderr).toContain(`(${budget}) of $${soft_usd.toFixed(2)} is passed`)
  })

  test('may not warn later than it refuses', async () => {
    await flow({ config: 'budgets:\n  day: {soft: 3, hard: 2}\n' })
    const end = await cli.run('run flow --sandbox')
    expect(end).toMatchObject({ code: 3, stderr: expect.stringContaining('replicate-agent.yaml:2:15') })
  })
})

describe('A budget of an agent', () => {
  test.each([
    ['day', '2026-11-22T00:00:05Z'],
    ['month', '2026-12-01T00:00:05Z'],
  ])('of a %s stops a run that nobody else answers, until it is over', async (period, later) => {
    await flow({ agent: `budget: {${period}: 2}` })
    const first = await run()
    expect(first).toMatchObject({
      code: 1,
      done: 2,
      error: { details: { scope: 'agent', agent: 'writer', limit_usd: 2 } },
    })
    const id = String(first.run['run_id'])
    expect(await run(`runs resume ${id}`)).toMatchObject({ code: 1, done: 2 })
    expect(await run(`runs resume ${id}`, at(later))).toMatchObject({ code: 0, done: 3 })
  })

  test('lets the next candidate answer what it refuses', async () => {
    await flow({ agent: 'fallback: [cheap], budget: {day: 1}' })
    expect(await run()).toMatchObject({ code: 0, done: 3, run: { cost_usd: 1.2 } })
    expect(await run()).toMatchObject({ code: 0, done: 3, run: { cost_usd: 0.3 } })
  })

  test('of a call and of a run', async () => {
    await flow({ agent: 'fallback: [cheap], budget: {per_call: 0.9}' })
    expect((await run()).run['cost_usd']).toBe(0.3)
    await flow({ agent: 'fallback: [cheap], budget: {per_run: 2}' })
    for (const _ of [1, 2]) expect((await run()).run['cost_usd']).toBe(2.1)
  })

  test.each([
    ['per_call', 0.9, 'agent writer, call'],
    ['per_run', 2, 'agent writer, run'],
    ['day', 2, 'agent writer, day'],
    ['month', 2, 'agent writer, month'],
  ])('`%s: {soft: %d}` warns once, and refuses nothing', async (key, soft_usd, budget) => {
    await flow({ agent: `budget: {${key}: {soft: ${soft_usd}}}` })
    const { code, done, stderr, run: result } = await run()
    expect([code, done]).toEqual([0, 3])
    expect(result['soft_budgets']).toEqual([{ budget, soft_usd, spent_usd: expect.any(Number) }])
    expect(stderr.match(/warning: the soft budget/g)).toHaveLength(1)
  })

  test('of a run counts what nested runs spend', async () => {
    await flow({ agent: 'fallback: [cheap], budget: {per_run: 2}', items: 2 })
    await cli.write(
      'workflows/outer.yaml',
      'name: outer\nsteps: {a: {workflow: flow}, b: {workflow: flow, needs: [a]}}\n',
    )
    expect((await run('run outer')).run['cost_usd']).toBe(2.2)
  })
})

describe('A budget in a workflow', () => {
  test('of a step holds over its items, and fails them alone', async () => {
    await flow({ step: 'budget: 2, on_error: continue' })
    const { code, done, run: result } = await run()
    expect([code, done]).toEqual([0, 2])
    const refused = result.steps['write']?.items?.find(({ status }) => status === 'failed')
    expect(refused).toMatchObject({ error: { code: 'budget_exceeded', details: { scope: 'step', limit_usd: 2 } } })
  })

  test('of a step warns, too', async () => {
    await flow({ step: 'budget: {soft: 2}' })
    const { code, run: result } = await run()
    expect(code).toBe(0)
    expect(result['soft_budgets']).toEqual([{ budget: 'step write', soft_usd: 2, spent_usd: 3 }])
  })

  test.each([
    ['budget: 2', 2],
    ['budget_usd: 2', 2],
    ['budget: {soft: 1, hard: 2}', 2],
  ])('%s stops the run, which goes on with a larger --budget', async (top, limit_usd) => {
    await flow({ top })
    const first = await run()
    expect(first).toMatchObject({ code: 1, done: 2, error: { details: { scope: 'run', limit_usd } } })
    expect(first.stderr.includes('soft budget (run)')).toBe(top.includes('soft'))
    expect(await run(`runs resume ${String(first.run['run_id'])} --budget 9`)).toMatchObject({ code: 0, done: 3 })
  })
})

describe('A plan', () => {
  const passed = async (options: string) => {
    const end = await cli.run(`${options} --sandbox --json`, { clock: at('2026-11-21T12:00:00Z') })
    expect(end.code, end.stderr).toBe(0)
    return end.json()['passed_budgets']
  }

  test('says which budgets have less left than it may cost', async () => {
    await flow({ config: 'budgets: {day: 7, month: 100, per_run: 4}', top: 'budget: 3' })
    expect(await passed('run flow --dry-run')).toEqual([])
    expect(await passed('run flow --dry-run --budget 2')).toEqual([{ budget: 'run', hard_usd: 2, left_usd: 2 }])
    await run()
    await run()
    expect(await passed('workflows plan flow')).toEqual([{ budget: 'day', hard_usd: 7, left_usd: 1 }])
    const { stdout } = await cli.run('workflows plan flow --sandbox', { clock: at('2026-11-21T12:00:00Z') })
    expect(stdout).toContain('that is more than what is left of the budget of the day: $1.00 of $7.00')
    await flow({ config: 'budgets: {per_run: 2}' })
    const stopped = await run()
    expect(await passed(`workflows plan --run ${String(stopped.run['run_id'])}`)).toEqual([
      { budget: 'run', hard_usd: 2, left_usd: 0 },
    ])
  })
})

describe('The verbs of budgets', () => {
  const list = async (more = '', clock = at('2026-11-21T12:00:00Z')) => {
    const end = await cli.run(`budgets list --sandbox --json ${more}`, { clock })
    return { code: end.code, ...(end.json() as { budgets: JsonObject[]; over: boolean }) }
  }

  test('list what is spent and left, also before a call has opened an account', async () => {
    await flow({ items: 2 })
    await run()
    await cli.write('replicate-agent.yaml', 'budgets: {day: {soft: 1, hard: 5}, per_call: 1}')
    const { code, budgets } = await list()
    expect(code).toBe(0)
    expect(budgets).toMatchObject([
      { name: 'day', spent_usd: 2, reserved_usd: 0, left_usd: 3, soft_usd: 1, hard_usd: 5, state: 'soft' },
      { name: 'per_call', hard_usd: 1 },
    ])
    expect(budgets[0]).toMatchObject({ since: '2026-11-21T00:00:00.000Z', until: '2026-11-22T00:00:00.000Z' })
    await flow({ items: 3 })
    expect(await run()).toMatchObject({ code: 0 })
    expect(await list()).toMatchObject({
      code: 1,
      over: true,
      budgets: [{ spent_usd: 5, left_usd: 0, state: 'spent' }, {}],
    })
    expect(await list('', at('2026-11-22T12:00:00Z'))).toMatchObject({
      code: 0,
      budgets: [{ spent_usd: 0, left_usd: 5 }, {}],
    })
    // The money of real calls is another one.
    expect((await cli.run('budgets list --json')).json()).toMatchObject({ budgets: [{ spent_usd: 0 }, {}] })
  })

  test('count by --check what was spent without a budget meanwhile', async () => {
    await flow({ config: 'budgets: {day: 9}', items: 1 })
    await run()
    await cli.run('run flow --sandbox --no-config', { clock: at('2026-11-21T12:00:00Z') })
    expect((await list()).budgets[0]).toMatchObject({ spent_usd: 1 })
    for (const _ of [1, 2]) expect((await list('--check')).budgets[0]).toMatchObject({ spent_usd: 2 })
  })

  test('remember what runs cost that were removed', async () => {
    await flow({ config: 'budgets: {day: 9}', items: 2 })
    await run()
    const clock = at('2026-11-21T12:00:00Z')
    expect((await cli.run('runs gc --status succeeded --json', { clock })).json()).toMatchObject({ removed: [{}] })
    await flow({ items: 1 })
    await cli.run('run flow --sandbox --no-config', { clock })
    expect((await list('--check')).budgets[0]).toMatchObject({ spent_usd: 3 })
  })

  test('set lets a run go on that was stopped, and unset takes the budget out', async () => {
    await flow({ config: 'budgets: {day: 2} # ours\n' })
    const { run: first, stderr } = await run()
    expect(stderr).not.toContain('--budget')
    const id = String(first['run_id'])
    const set = await cli.run('budgets set day --hard 9 --soft 8 --json')
    expect(set.json()).toMatchObject({ name: 'day', scope: 'project', before: 2, after: { soft: 8, hard: 9 } })
    expect(await run(`runs resume ${id}`)).toMatchObject({ code: 0, done: 3 })
    expect(await cli.run('budgets set day --unset')).toMatchObject({ code: 0 })
    expect((await list()).budgets).toEqual([])
    expect(await cli.run('budgets set day --unset')).toMatchObject({ code: 2 })
    expect((await cli.run('budgets set month --hard 3 --scope user --json')).json()).toMatchObject({ scope: 'user' })
    expect((await list()).budgets).toMatchObject([{ name: 'month', hard_usd: 3, left_usd: 0 }])
  })

  test('show a run, and say what was meant', async () => {
    await flow({ top: 'budget: 2' })
    await run()
    const shown = await cli.run('budgets show run:last --json')
    expect(shown.code).toBe(1)
    expect(shown.json()).toMatchObject({
      budgets: [{ scope: 'run', hard_usd: 2, spent_usd: 2, left_usd: 0 }],
      agents: [{ agent: 'writer', calls: 2, usd: 2 }],
    })
    await cli.write('replicate-agent.yaml', 'budgets: {month: 9}')
    for (const [command, hint] of [
      ['budgets show mont', 'did you mean "month"?'],
      ['budgets set mont --hard 1', 'did you mean "month"?'],
      ['budgets set month', 'say how much'],
      ['budgets set month --hard 1 --soft 2', 'must not be more than'],
      ['budgets set month --unset --hard 1', 'takes a budget out'],
      ['budgets set agent:writer --hard 1', 'where it is defined'],
    ] as const)
      expect(await cli.run(command)).toMatchObject({ code: 2, stderr: expect.stringContaining(hint) })
  })
})

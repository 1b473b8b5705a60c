/** Every key of `routing` and `qos` through YAML and the command line: what it changes about which model is called. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultRouting, type RoutingPolicy } from '../../src/domain/routing.ts'
import { openRouterState } from '../../src/executor/routing/state-file.ts'
import { systemClock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { seededRandom } from '../../src/std/random.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const [cheap, fast, good] = ['meta/meta-llama-3-8b-instruct', 'openai/gpt-4o-mini', 'anthropic/claude-4-sonnet']
const here = 'step=writer/call length=0'

interface Past {
  model: string
  calls: number
  quality: number
  /** Of the first calls. */
  scores?: number[]
  cost_usd?: number
  latency_ms?: number
  context?: string
  policy?: Partial<RoutingPolicy>
}

/** What earlier calls taught, of success alone: each call succeeds or fails, so that `quality` is the share. */
async function taught(...all: Past[]): Promise<void> {
  const file = join(cli.home, 'router-state.sandbox.json')
  const parts = { file, durability: 'normal', clock: systemClock, random: seededRandom(1), warn: () => {} } as const
  const state = await openRouterState(parts)
  for (const { model, calls, quality, scores = [], cost_usd, latency_ms, context = here, policy } of all) {
    for (let call = 1; call <= calls; call += 1) {
      const succeeded = Math.floor(call * quality + 1e-9) > Math.floor((call - 1) * quality + 1e-9)
      const score = scores[call - 1]
      const known = {
        ...(cost_usd !== undefined && { cost_usd }),
        ...(latency_ms !== undefined && { latency_ms }),
        ...(score !== undefined && { quality: score }),
      }
      state.observe('writer', model, context, { succeeded, ...known }, { ...defaultRouting, ...policy })
    }
  }
  await state.close()
}

/** Three models that differ in one thing each. */
const usual: Past[] = [
  { model: cheap, calls: 200, quality: 0.6, cost_usd: 0.0001, latency_ms: 3_000 },
  { model: fast, calls: 200, quality: 0.7, cost_usd: 0.002, latency_ms: 200 },
  { model: good, calls: 200, quality: 0.95, cost_usd: 0.01, latency_ms: 6_000 },
]

async function config(fields: string, more = ''): Promise<void> {
  await cli.write('replicate-agent.yaml', `agents:\n  writer: {models: [${good}, ${cheap}, ${fast}]${fields}}\n${more}`)
}

async function explain(options = ''): Promise<JsonObject & { candidates: (JsonObject & { model: string })[] }> {
  const end = await cli.run(`router explain writer --sandbox --seed 7 --json ${options}`)
  expect(end).toMatchObject({ code: 0, stderr: '' })
  return end.json() as Awaited<ReturnType<typeof explain>>
}

async function chosenBy(fields: string, options = ''): Promise<unknown> {
  await config(fields)
  const { chosen } = await explain(options)
  return chosen
}

async function removals(fields: string, options = ''): Promise<Record<string, unknown>> {
  await config(fields)
  const { candidates } = await explain(options)
  return Object.fromEntries(candidates.map(({ model, removed_by }) => [model, removed_by]))
}

describe('routing.strategy', () => {
  it.each([
    ['order', good],
    ['cheapest', cheap],
    ['cascade', cheap],
    ['fastest', fast],
    ['round_robin', good],
    ['thompson', good],
    ['ucb1', good],
    ['adaptive', good],
    ['thompson_multi', fast],
    ['score', fast],
    ['learned', good],
  ])('%s', async (strategy, expected) => {
    await taught(...usual)
    await config(`, routing: {strategy: ${strategy}, cost_weight: 0}`)
    expect(await explain()).toMatchObject({ strategy, chosen: expected })
  })

  it('that samples draws the same for the same --seed', async () => {
    await taught(...usual)
    await config(', routing: {strategy: thompson}')
    const scores = async (seed: number) => {
      const end = await cli.run(`router explain writer --sandbox --seed ${seed} --json`)
      return (end.json() as { candidates: JsonObject[] }).candidates.map(({ score }) => score)
    }
    expect(await scores(1)).toEqual(await scores(1))
    expect(await scores(1)).not.toEqual(await scores(2))
  })

  it('round_robin goes on from call to call', async () => {
    await taught(...usual)
    await config(', routing: {strategy: round_robin}')
    const models = []
    for (let at = 0; at < 3; at += 1) {
      const end = await cli.run('agents run writer -i prompt=hi --sandbox --json')
      models.push((end.json()['steps'] as { call: { model: string } }).call.model)
    }
    expect(models.map((model) => model.split(':')[0])).toEqual([good, cheap, fast])
  })

  it('of the configuration holds for every agent that has none of its own, also for those of workflows', async () => {
    await taught(...usual)
    await config('', 'routing: {strategy: cheapest}\n')
    expect(await explain()).toMatchObject({ strategy: 'cheapest', chosen: cheap })
    await config(', routing: {ema_alpha: 0.5}', 'routing: {strategy: fastest}\n')
    expect(await explain()).toMatchObject({ strategy: 'fastest', chosen: fast })
    await cli.write('replicate-agent.yaml', 'routing: {strategy: order}\n')
    const workflow = `name: demo\nagents: {writer: {models: [${cheap}, ${good}]}}\nsteps: {write: {agent: writer}}\n`
    await cli.write('workflows/demo.yaml', workflow)
    expect(await explain()).toMatchObject({ strategy: 'order', chosen: cheap })
  })
})

describe('the keys of routing', () => {
  it.each(['score', 'thompson_multi'])('weights say what counts for %s', async (strategy) => {
    await taught(...usual)
    const weigh = (weights: string) => chosenBy(`, routing: {strategy: ${strategy}, weights: ${weights}}`)
    expect(await weigh('{cost: 1, latency: 0, quality: 0}')).toBe(cheap)
    expect(await weigh('{cost: 0, latency: 1, quality: 0}')).toBe(fast)
    expect(await weigh('{cost: 0, latency: 0, quality: 1}')).toBe(good)
  })

  it('cost_ref_usd and latency_slo_ms are what score measures by', async () => {
    await taught(...usual)
    const chosen = (weights: string, more: string) =>
      chosenBy(`, routing: {strategy: score, weights: ${weights}, ${more}}`)
    const dear = '{cost: 1, latency: 0, quality: 1}'
    expect(await chosen(dear, 'cost_ref_usd: 0.001')).toBe(cheap)
    expect(await chosen(dear, 'cost_ref_usd: 10')).toBe(good)
    const late = '{cost: 0, latency: 1, quality: 1}'
    expect(await chosen(late, 'latency_slo_ms: 1000')).toBe(fast)
    expect(await chosen(late, 'latency_slo_ms: 1000000')).toBe(good)
  })

  it('ucb_alpha says how much uncertainty counts', async () => {
    await taught({ ...usual[2], calls: 500 } as Past, { ...usual[0], calls: 5 } as Past, usual[1] as Past)
    expect(await chosenBy(', routing: {strategy: ucb1, ucb_alpha: 0}')).toBe(good)
    expect(await chosenBy(', routing: {strategy: ucb1, ucb_alpha: 3}')).toBe(cheap)
  })

  it('explore_calls says when adaptive changes over', async () => {
    await taught(
      { model: good, calls: 1_000, quality: 0.9 },
      { model: cheap, calls: 10, quality: 0 },
      { model: fast, calls: 1_000, quality: 0.5 },
    )
    expect(await chosenBy(', routing: {strategy: adaptive, explore_calls: 100000}')).toBe(cheap)
    expect(await chosenBy(', routing: {strategy: adaptive}')).toBe(good)
  })

  it('cost_weight and cost_ref_usd say what a dollar costs learned', async () => {
    await taught(...usual)
    expect(await chosenBy(', routing: {cost_weight: 0, latency_weight: 0}')).toBe(good)
    expect(await chosenBy(', routing: {cost_weight: 5, latency_weight: 0, cost_ref_usd: 0.01}')).toBe(cheap)
    expect(await chosenBy(', routing: {cost_weight: 5, latency_weight: 0, cost_ref_usd: 10}')).toBe(good)
  })

  it('latency_weight and latency_slo_ms say what a second costs learned', async () => {
    await taught(...usual)
    expect(await chosenBy(', routing: {cost_weight: 0, latency_weight: 1, latency_slo_ms: 500}')).toBe(fast)
    expect(await chosenBy(', routing: {cost_weight: 0, latency_weight: 0, latency_slo_ms: 500}')).toBe(good)
    expect(await chosenBy(', routing: {cost_weight: 0, latency_weight: 1, latency_slo_ms: 10000}')).toBe(good)
  })

  it('of other strategies are warned of, for they change nothing', async () => {
    const warnings = async (command: string) =>
      (await cli.run(command)).stderr.split('\n').filter((line) => line.startsWith('warning: '))
    const ignored = [
      'warning: `weights` is of score, thompson_multi, and the strategy here is learned',
      'warning: `explore_calls` is of adaptive, and the strategy here is learned',
    ]
    await config(', routing: {weights: {cost: 1}, ema_alpha: 0.5, explore_calls: 3}')
    expect(await warnings('config check')).toEqual(ignored)
    await config(', routing: {weights: {cost: 1}}', 'routing: {strategy: score, ucb_alpha: 1}\n')
    expect(await warnings('config check')).toEqual([
      'warning: `ucb_alpha` is of ucb1, adaptive, and the strategy here is score',
    ])
    const agent = `{models: [${cheap}, ${good}], routing: {weights: {cost: 1}, explore_calls: 3}}`
    await cli.write('demo.yaml', `name: demo\nagents: {own: ${agent}}\nsteps: {write: {agent: own}}\n`)
    expect(await warnings('validate demo.yaml')).toEqual([
      'warning: `explore_calls` is of adaptive, and the strategy here is score',
    ])
  })

  it('references that nobody gives are found at the first call, and stay', async () => {
    await taught(...usual)
    await config('')
    expect(await explain()).toMatchObject({ cost_ref_usd: expect.closeTo(0.01, 9), latency_slo_ms: 3_000 })
    await cli.run('agents run writer -i prompt=hi --sandbox')
    await taught({ ...usual[2], cost_usd: 5, latency_ms: 90_000 } as Past)
    expect(await explain()).toMatchObject({ cost_ref_usd: expect.closeTo(0.01, 9), latency_slo_ms: 3_000 })
  })

  it('context, task and prior_strength say what learned takes as alike', async () => {
    await taught(
      { model: good, calls: 300, quality: 0.9, context: `task=prose ${here}` },
      { model: cheap, calls: 300, quality: 0.1, context: `task=prose ${here}` },
      { model: fast, calls: 300, quality: 0.1, context: `task=prose ${here}` },
      { model: good, calls: 60, quality: 0.1, context: `task=sums ${here}` },
      { model: cheap, calls: 60, quality: 0.9, context: `task=sums ${here}` },
    )
    const fixed = 'cost_weight: 0, latency_weight: 0'
    expect(await chosenBy(`, routing: {${fixed}, task: sums}`)).toBe(cheap)
    expect(await chosenBy(`, routing: {${fixed}, task: prose}`)).toBe(good)
    expect(await chosenBy(`, routing: {${fixed}, task: prose}`, '--task sums')).toBe(cheap)
    expect(await chosenBy(`, routing: {${fixed}, task: sums, context: [step]}`)).toBe(good)
    expect(await chosenBy(`, routing: {${fixed}, task: sums, prior_strength: 5000}`)).toBe(good)
  })

  it('context says which parts make calls alike', async () => {
    const contextBy = async (context: string) => {
      await config(`, routing: {task: sums, context: ${context}}`)
      return (await explain(`-i prompt=${'x'.repeat(300)}`))['context']
    }
    expect(await contextBy('[]')).toBe('')
    expect(await contextBy('[task]')).toBe('task=sums')
    expect(await contextBy('[step]')).toBe('step=writer/call')
    expect(await contextBy('[length]')).toBe('length=64')
    expect(await contextBy('[length, task]')).toBe('task=sums length=64')
  })

  it('context has learned choose by the length of the prompt, or by the step', async () => {
    const parts = [
      ['length', 'length=0', 'length=64', '', `-i prompt=${'x'.repeat(300)}`],
      ['step', here.split(' ')[0] as string, 'step=demo/sum', '', '--step demo/sum'],
    ] as const
    await cli.write('workflows/demo.yaml', 'name: demo\nsteps: {sum: {agent: writer, input: {prompt: hi}}}\n')
    for (const [part, usually, seldom, one, other] of parts) {
      await taught(
        { model: good, calls: 300, quality: 0.9, context: usually },
        { model: cheap, calls: 300, quality: 0.1, context: usually },
        { model: fast, calls: 300, quality: 0.1, context: usually },
        { model: good, calls: 60, quality: 0.1, context: seldom },
        { model: cheap, calls: 60, quality: 0.9, context: seldom },
      )
      const fixed = 'cost_weight: 0, latency_weight: 0'
      expect(await chosenBy(`, routing: {${fixed}, context: [${part}]}`, one)).toBe(good)
      expect(await chosenBy(`, routing: {${fixed}, context: [${part}]}`, other)).toBe(cheap)
      expect(await chosenBy(`, routing: {${fixed}, context: []}`, other)).toBe(good)
    }
  })

  it('prior_strength says what a new version inherits of the older ones', async () => {
    await taught({ model: `${good}:${'a'.repeat(64)}`, calls: 30, quality: 0.5 })
    const prior = async (routing: string) => {
      const models = `[${good}:${'b'.repeat(64)}, ${cheap}]`
      await cli.write('replicate-agent.yaml', `agents: {writer: {models: ${models}, routing: ${routing}}}\n`)
      return (await explain()).candidates.map((each) => each['prior'])
    }
    expect(await prior('{}')).toEqual([{ quality: 0.5, strength: 5 }, undefined])
    expect(await prior('{prior_strength: 12}')).toEqual([{ quality: 0.5, strength: 12 }, undefined])
    expect(await prior('{prior_strength: 100}')).toEqual([{ quality: 0.5, strength: 30 }, undefined])
  })

  it('ema_alpha says what the newest call counts', async () => {
    const runs = async (ema_alpha: number) => {
      await config(`, routing: {strategy: order, ema_alpha: ${ema_alpha}}`)
      await taught({ model: good, calls: 1, quality: 1, latency_ms: 50_000 })
      await cli.run('agents run writer -i prompt=hi --sandbox')
      const { candidates } = await explain()
      return Number(candidates.find(({ model }) => model.startsWith(good))?.['latency_ms'])
    }
    expect(await runs(1)).toBeLessThan(10_000)
    await cli.close()
    cli = await openCli()
    expect(await runs(0.01)).toBeGreaterThan(40_000)
  })

  it('discount says what older calls keep of their weight', async () => {
    const seen = async (discount: number) => {
      await config(`, routing: {strategy: order, discount: ${discount}}`)
      await taught({ model: good, calls: 500, quality: 1 })
      await cli.run('agents run writer -i prompt=hi --sandbox')
      return (await explain()).candidates[0]?.['observations']
    }
    expect(await seen(1)).toBe(501)
    await cli.close()
    cli = await openCli()
    expect(await seen(0.999)).toBeCloseTo(500.5, 3)
  })

  it('change_point says whether a model that fell at once is learned anew', async () => {
    await cli.write('faults.yaml', `faults: [{model: ${good}, fault: failed}]\n`)
    const seen = async (change_point: boolean) => {
      await config(`, retry: {attempts: 1}, routing: {strategy: order, change_point: ${change_point}}`)
      await taught(
        { model: good, calls: 300, quality: 1, policy: { change_point } },
        { model: good, calls: 10, quality: 0, policy: { change_point } },
      )
      for (let at = 0; at < 2; at += 1) await cli.run('agents run writer -i prompt=hi --sandbox --faults faults.yaml')
      return Number((await explain()).candidates[0]?.['observations'])
    }
    expect(await seen(false)).toBe(312)
    await cli.close()
    cli = await openCli()
    await cli.write('faults.yaml', `faults: [{model: ${good}, fault: failed}]\n`)
    expect(await seen(true)).toBeLessThan(20)
  })

  it('exploration_share says how often a model of which little is known passes qos', async () => {
    await taught(usual[1] as Past)
    const share = (value: number) => removals(`, routing: {exploration_share: ${value}}, qos: {latency_cap_ms: 2000}`)
    expect(await share(0)).toEqual({
      [good]: 'latency_cap_ms 2000: known from 0 of 3 calls',
      [cheap]: 'latency_cap_ms 2000: known from 0 of 3 calls',
      [fast]: undefined,
    })
    expect(await share(1)).toEqual({ [good]: undefined, [cheap]: undefined, [fast]: undefined })
  })
})

describe('the keys of qos', () => {
  it('latency_cap_ms, cost_cap_usd and quality_floor take candidates out, in YAML and for one question', async () => {
    await taught(...usual)
    const late = { [good]: 'latency_cap_ms 4000 < 6000', [cheap]: undefined, [fast]: undefined }
    expect(await removals(', qos: {latency_cap_ms: 4000}')).toEqual(late)
    expect(await removals('', '--latency-cap 4s')).toEqual(late)
    const dear = { [good]: 'cost_cap_usd 0.005 < 0.01', [cheap]: undefined, [fast]: undefined }
    expect(await removals(', qos: {cost_cap_usd: 0.005}')).toEqual(dear)
    expect(await removals('', '--cost-cap 0.005')).toEqual(dear)
    const poor = { [good]: undefined, [cheap]: 'quality_floor 0.65 > 0.6', [fast]: undefined }
    expect(await removals(', qos: {quality_floor: 0.65}')).toEqual(poor)
    expect(await removals('', '--quality-floor 0.65')).toEqual(poor)
  })

  it('tier takes out what is not of it', async () => {
    await taught(...usual)
    expect(await removals(', qos: {tier: FAST}')).toMatchObject({ [fast]: undefined, [good]: /latency_cap_ms 2000/ })
    expect(await chosenBy(', qos: {tier: FAST}')).toBe(fast)
    expect(await chosenBy(', qos: {tier: BALANCED}')).toBe(fast)
    expect(await chosenBy(', qos: {tier: QUALITY}')).toBe(good)
    expect(await chosenBy('', '--tier QUALITY')).toBe(good)
  })

  it.each([
    ['FAST', { latency_ms: 1_999, quality: 0.5 }, undefined],
    ['FAST', { latency_ms: 2_000, quality: 0.5 }, 'latency_cap_ms 2000 of FAST <= 2000'],
    ['FAST', { latency_ms: 1_999, quality: 0.25 }, 'quality_floor 0.5 of FAST > 0.25'],
    ['BALANCED', { latency_ms: 4_999, cost_usd: 0.04, quality: 0.75 }, undefined],
    ['BALANCED', { latency_ms: 5_000, cost_usd: 0.04, quality: 0.75 }, 'latency_cap_ms 5000 of BALANCED <= 5000'],
    ['BALANCED', { latency_ms: 4_999, cost_usd: 0.05, quality: 0.75 }, 'cost_cap_usd 0.05 of BALANCED <= 0.05'],
    ['BALANCED', { latency_ms: 4_999, cost_usd: 0.04, quality: 0.5 }, 'quality_floor 0.7 of BALANCED > 0.5'],
    ['QUALITY', { latency_ms: 90_000, cost_usd: 0.09, quality: 1 }, undefined],
    ['QUALITY', { latency_ms: 90_000, cost_usd: 0.1, quality: 1 }, 'cost_cap_usd 0.1 of QUALITY <= 0.1'],
    ['QUALITY', { latency_ms: 90_000, cost_usd: 0.09, quality: 0.75 }, 'quality_floor 0.9 of QUALITY > 0.75'],
  ])('tier %s of %o: %s', async (tier, past, removed) => {
    await taught({ model: good, calls: 4, cost_usd: 0.001, ...past })
    expect((await removals(`, qos: {tier: ${tier}}`))[good]).toBe(removed)
  })

  it('quality_floor takes no model out that has fewer than three scores, in the share of calls that explore', async () => {
    await taught({ model: good, calls: 10, quality: 1, scores: [0, 0] }, usual[1] as Past)
    const keyed = (share: number) => removals(`, routing: {exploration_share: ${share}}, qos: {quality_floor: 0.5}`)
    expect((await keyed(1))[good]).toBeUndefined()
    expect((await keyed(0))[good]).toBe('quality_floor 0.5: known from 2 of 3 scores')
    await taught({ model: good, calls: 1, quality: 1, scores: [0.25] })
    expect((await keyed(1))[good]).toBe('quality_floor 0.5 > 0.08333')
  })

  it('a cap that is written may be reached, and comes before that of the tier', async () => {
    await taught({ model: good, calls: 4, quality: 1, latency_ms: 2_000 })
    expect((await removals(', qos: {latency_cap_ms: 2000}'))[good]).toBeUndefined()
    expect((await removals(', qos: {tier: FAST, latency_cap_ms: 3000}'))[good]).toBeUndefined()
  })

  it('that nothing fits is an error that says what took each candidate out; a fallback is called all the same', async () => {
    await taught(...usual)
    await config(', qos: {latency_cap_ms: 100}')
    const none = await cli.run('agents run writer -i prompt=hi --sandbox --json')
    expect(none).toMatchObject({ code: 1 })
    expect(none.json()).toMatchObject({
      status: 'failed',
      steps: {
        call: {
          attempts: 0,
          error: {
            code: 'no_candidate',
            message: expect.stringContaining(`${fast}: latency_cap_ms 100 < 200`),
            retryable: false,
          },
        },
      },
    })
    expect(await explain()).toMatchObject({ refused: { message: expect.stringContaining('no candidate of "writer"') } })
    await config(`, qos: {latency_cap_ms: 100}, fallback: [google/gemini-2.5-flash]`)
    const end = await cli.run('agents run writer -i prompt=hi --sandbox --json')
    expect(end.json()).toMatchObject({ status: 'succeeded', steps: { call: { model: 'google/gemini-2.5-flash' } } })
  })
})

describe('a workflow', () => {
  const demo = `name: demo
agents: {writer: {models: [${good}, ${cheap}, ${fast}], routing: {strategy: learned, cost_weight: 0, latency_weight: 0}}}
steps:
  plain: {agent: writer, input: {prompt: hi}}
  short: {agent: writer, input: {prompt: hi}, qos: {tier: FAST}, task: titles}
`

  it('has a step ask for more than its agent does, and is told later why it called what it called', async () => {
    await taught(...usual)
    await cli.write('demo.yaml', demo)
    const run = await cli.run('run demo.yaml --sandbox --json')
    expect(run).toMatchObject({ code: 0 })
    expect(run.json()).toMatchObject({ steps: { short: { model: fast } } })
    const why = (await cli.run('router why last short --sandbox --json')).json()
    expect(why).toMatchObject({
      step: 'short',
      calls: 1,
      decisions: [
        {
          id: expect.stringMatching(/\/short\/1$/),
          agent: 'writer',
          strategy: 'learned',
          context: 'task=titles step=demo/short length=1',
          chosen: fast,
          candidates: [
            { model: good, chosen: false, removed_by: 'latency_cap_ms 2000 of FAST <= 6000' },
            { model: cheap, chosen: false, removed_by: 'latency_cap_ms 2000 of FAST <= 3000' },
            { model: fast, chosen: true, propensity: 1 },
          ],
          calls: [{ call: 1, status: 'succeeded', model: fast }],
          feedback: [],
        },
      ],
    })
    const logs = await cli.run('runs logs last')
    expect(logs.stdout).toContain(
      `chose ${fast} of 3 candidates by learned (${good}: latency_cap_ms 2000 of FAST <= 6000`,
    )
    const text = await cli.run('router why last short --sandbox')
    expect(text.stdout).toContain(`→  ${fast}`)
    expect(text.stdout).toContain('latency_cap_ms 2000 of FAST <= 6000')
  })

  it('spreads calls that are made at once over candidates that promise the same', async () => {
    const price = '{usd_per_call: 1}'
    await cli.write('replicate-agent.yaml', `prices: {${good}: ${price}, ${cheap}: ${price}, ${fast}: ${price}}\n`)
    const step = `{agent: writer, foreach: {in: [1, 2, 3, 4, 5, 6]}, input: {prompt: hi}}`
    await cli.write('demo.yaml', demo.replace('learned', 'cheapest').replace(/steps:[^]*/, `steps: {each: ${step}}\n`))
    const run = await cli.run('run demo.yaml --sandbox --json')
    const { steps } = run.json() as unknown as { steps: { each: { items: { model: string }[] } } }
    expect(steps.each.items.map(({ model }) => model)).toEqual([good, cheap, fast, good, cheap, fast])
  })

  it('teaches by its calls, which the next process knows', async () => {
    await cli.write('workflows/demo.yaml', demo)
    expect(await explain('--step plain')).toMatchObject({ turn: 0, context: 'step=demo/plain length=0' })
    await cli.run('run demo --sandbox')
    const { turn, candidates } = await explain('--step demo/plain')
    expect(turn).toBe(2)
    expect(candidates.reduce((sum, { observations }) => sum + Number(observations), 0)).toBe(2)
  })

  it('is rated by the attempt that answered, not by one that had failed before it', async () => {
    await cli.write('faults.yaml', `faults: [{model: ${good}, fault: failed, times: 1}]\n`)
    await config(', retry: {attempts: 3, base_delay: 1ms, on: [exception, server]}, routing: {strategy: order}')
    const run = await cli.run('agents run writer -i prompt=hi --sandbox --faults faults.yaml --json')
    expect(run.json()).toMatchObject({ status: 'succeeded', steps: { call: { attempts: 2, model: good } } })
    expect(await cli.run('router feedback last call --score 0.8')).toMatchObject({ code: 0 })
    const { candidates } = await explain()
    expect(candidates[0]).toMatchObject({ model: good, observations: 2, quality: 0.4 })
    const why = (await cli.run('router why last call --sandbox --json')).json()
    expect(why).toMatchObject({
      decisions: [{ calls: [{ status: 'failed' }, { status: 'succeeded' }], feedback: [{ score: 0.8 }] }],
    })
  })

  it('explains the call of a step as a run would make it: by the agent and the policies of its workflow', async () => {
    await taught(...usual)
    await config(', routing: {strategy: order}')
    await cli.write(
      'workflows/own.yaml',
      `agents:
  writer: {models: [${good}, ${cheap}, ${fast}], routing: {strategy: fastest}}
steps:
  hasty: {agent: writer, input: {prompt: hi}}
  thrifty: {agent: writer, input: {prompt: hi}, qos: {cost_cap_usd: 0.001}}
`,
    )
    expect(await explain()).toMatchObject({ strategy: 'order', chosen: good })
    expect(await explain('--step own/hasty')).toMatchObject({ strategy: 'fastest', chosen: fast })
    expect(await explain('--step thrifty')).toMatchObject({ strategy: 'fastest', chosen: cheap })
    const run = (await cli.run('run own --sandbox --json')).json()
    expect(run).toMatchObject({ steps: { hasty: { model: fast }, thrifty: { model: cheap } } })
  })

  it('tells which run to name when a step ran a workflow, and that a step called nothing', async () => {
    await cli.write('workflows/demo.yaml', demo)
    await cli.write('workflows/outer.yaml', 'steps: {inner: {workflow: demo}, sum: {value: 1}}\n')
    await cli.run('run outer --sandbox --run-id r1')
    for (const verb of ['why r1 inner', 'feedback r1 inner --score 1']) {
      const end = await cli.run(`router ${verb}`)
      expect(end).toMatchObject({ code: 2, stdout: '' })
      expect(end.stderr).toContain('step "inner" ran a workflow, in run r1.inner\nhelp: name that run')
    }
    expect((await cli.run('router why r1.inner plain')).stdout).toContain('1 decision for 1 call')
    expect((await cli.run('router why r1 sum')).stdout).toBe('run r1, step sum: nothing was called\n')
  })

  it.each([
    ['router why last nothing', 'did nothing in a step "nothing"'],
    ['router explain owner/name', 'owner/name is a model: there is nothing to choose'],
    ['router explain nobody', 'there is no agent "nobody"'],
    ['router explain writer --step plain/', 'which workflow is the step "plain/" of?'],
    ['router explain writer --step demo/shrt', 'workflow "demo" has no step "shrt"\nhelp: did you mean "short"?'],
    ['router explain critic --step demo/plain', 'step "plain" of demo does not call an agent "critic"'],
    ['router why last plain --index 3', 'step "plain" ran once, and has no item 3\nhelp: leave out --index'],
    ['router stats writre', 'nothing was learned of an agent "writre"\nhelp: did you mean "writer"?'],
    ['router reset writre --yes', 'nothing was learned of an agent "writre"\nhelp: did you mean "writer"?'],
    [
      `router reset writer --model a/b --yes`,
      `nothing was learned of "a/b" as "writer"\nhelp: \`router stats writer\``,
    ],
    ['router explain writer --quality-floor 2', '--quality-floor takes a number from 0 to 1, not "2"'],
  ])('says what is wrong with `%s`', async (command, message) => {
    await cli.write('workflows/demo.yaml', demo)
    await cli.run('run demo --sandbox')
    const end = await cli.run(`${command} --sandbox`)
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr).toContain(message)
  })
})

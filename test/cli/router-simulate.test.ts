import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

const models = 'model,input_usd_per_mtok,output_usd_per_mtok\ncheap,1,1\ndear,10,10\n'

/** Two kinds of task: the cheap model is good at one, the dear one at both. All prompts cost the same. */
const table = [
  'prompt_id,split,task,prompt_tokens_est,cheap,dear',
  ...Array.from({ length: 200 }, (_, n) => {
    const [task, cheap] = n % 2 === 0 ? ['easy', 1] : ['hard', 0]
    return `p${n},${n < 100 ? 'train' : 'test'},${task},800,${cheap},1`
  }),
  '',
].join('\n')

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
  await cli.write('models.csv', models)
  await cli.write('outcomes.csv', table)
})
afterAll(() => cli.close())

const given = 'router simulate outcomes.csv --models models.csv'

async function simulate(more: string): Promise<JsonObject> {
  const { code, stderr, json } = await cli.run(`${given} ${more} --json`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return json()
}

describe('router simulate', () => {
  test('prints what a strategy without chance comes to, exactly', async () => {
    expect(await simulate('--strategy cheapest --lambda 0.5 --permutations 2')).toEqual({
      strategy: 'cheapest',
      lambda: 0.5,
      prompts: 200,
      permutations: 2,
      seed: 1,
      context: ['task'],
      cost_ref_usd: 0.01,
      utility: 0.45,
      utility_se: 0,
      quality: 0.5,
      usd_per_1k: 1,
      regret_vs_best_fixed: 0.05,
      by_model: {
        cheap: { share: 1, quality: 0.5, usd_per_1k: 1 },
        dear: { share: 0, quality: null, usd_per_1k: null },
      },
      best_fixed: {
        model: 'dear',
        utility: 0.5,
        quality: 1,
        usd_per_1k: 10,
      },
      oracle_by_context: {
        utility: 0.725,
        quality: 1,
        usd_per_1k: 5.5,
      },
      oracle_by_prompt: {
        utility: 0.725,
        quality: 1,
        usd_per_1k: 5.5,
      },
    })
  })

  test('lets `learned` find out which task needs which model, when it may tell tasks apart', async () => {
    const learned = await simulate('--lambda 0.5')
    expect(learned['strategy']).toBe('learned')
    expect(learned['utility']).toBeGreaterThan(0.65)
    expect(learned['regret_vs_best_fixed']).toBeLessThan(-0.1)
    const blind = await simulate('--lambda 0.5 --context none')
    expect(blind['utility']).toBeLessThan(0.55)
    expect(blind['context']).toEqual([])
  })

  test('gives the same for the same seed, and not for another', async () => {
    const [one, same, other] = [
      await simulate('--strategy thompson --permutations 3 --seed 5'),
      await simulate('--strategy thompson --permutations 3 --seed 5'),
      await simulate('--strategy thompson --permutations 3 --seed 6'),
    ]
    expect(same).toEqual(one)
    expect(other['utility']).not.toBe(one['utility'])
  })

  test('tells lengths apart', async () => {
    const lines = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? '10,1,0' : '900,0,1'))
    await cli.write('lengths.csv', ['prompt_tokens_est,cheap,dear', ...lines].join('\n'))
    const run = (context: string) =>
      cli.run(`router simulate lengths.csv --models models.csv --lambda 0 --context ${context} --json`)
    expect((await run('length')).json()['quality']).toBeGreaterThan(0.9)
    expect((await run('none')).json()['quality']).toBeLessThan(0.7)
    const { code, stderr } = await run('task')
    expect({ code, stderr }).toMatchObject({ code: 2 })
  })

  test('breaks a model at a share of the prompts, still pays it, and judges by what was left', async () => {
    const shifted = await simulate('--strategy order --lambda 0 --shift cheap@0.75 --permutations 1')
    expect(shifted['shift']).toEqual({ model: 'cheap', at: 0.75 })
    expect(shifted['quality']).toBeLessThan(0.5)
    expect(shifted['quality']).toBeGreaterThan(0.3)
    expect(shifted['usd_per_1k']).toBeCloseTo(1, 9)
    const best = await simulate('--strategy learned --lambda 0 --shift best@0.5')
    expect(best['shift']).toEqual({ model: 'dear', at: 0.5 })
    // Both answer half of the prompts well, each in its way.
    expect((best['best_fixed'] as JsonObject)['quality']).toBeCloseTo(0.5, 9)
    expect((best['oracle_by_context'] as JsonObject)['quality']).toBeGreaterThan(0.7)
    expect(best['quality']).toBeGreaterThan(0.6)
  })

  test('asks as many models of a cascade as it is told, and pays for each', async () => {
    const whole = await simulate('--strategy cascade --lambda 0')
    expect([whole['quality'], whole['usd_per_1k']]).toEqual([1, 6])
    const one = await simulate('--strategy cascade --lambda 0 --cascade-models 1')
    expect([one['quality'], one['usd_per_1k']]).toEqual([0.5, 1])
  })

  test('takes only the rows of a split', async () => {
    expect(await simulate('--strategy order --split test')).toMatchObject({ prompts: 100, split: 'test' })
    expect((await simulate('--strategy order --split all'))['prompts']).toBe(200)
    const { code, stderr } = await cli.run(`${given} --split tets`)
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining('the table has "train", "test"') as string,
    })
  })

  test('compares all strategies in a table, the best first', async () => {
    const { code, stdout } = await cli.run(`${given} --strategy all --lambda 0.5 --permutations 3`)
    expect(code).toBe(0)
    const names = stdout.split('\n').map((line) => line.split(' ')[0])
    expect(names.filter((name) => name === 'learned' || name === 'round_robin')).toEqual(['learned', 'round_robin'])
    expect(stdout).toMatch(/^strategy +utility +quality +\$ per 1,000 +regret$/m)
    expect(stdout).toMatch(/^cheapest +0\.450 ± 0\.000 +0\.500 +\$1\.00 +\+0\.050$/m)
    expect(stdout).toMatch(/^best model in hindsight: dear +0\.500 +1\.000 +\$10\.00$/m)
    const { strategies } = await simulate('--strategy all --permutations 1')
    expect((strategies as JsonObject[]).map(({ strategy }) => strategy)).toContain('thompson_multi')
  })

  test('says in a sweep at which λ the quality of the best model is cheapest', async () => {
    const { sweep } = (await simulate('--sweep --permutations 20')) as { sweep: JsonObject }
    const { points, best_quality, as_good } = sweep as {
      points: JsonObject[]
      best_quality: JsonObject
      as_good: JsonObject | null
    }
    expect(points.map(({ lambda }) => lambda)).toEqual([0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1])
    expect(best_quality).toMatchObject({ model: 'dear', quality: 1 })
    expect(as_good).toBeNull()
    const { stdout } = await cli.run(`${given} --sweep --permutations 2`)
    expect(stdout).toContain('at no λ as good as dear (1.000 at $10.00)')
  })

  test('shows on a terminal how far it is, and takes that away at the end', async () => {
    let now = 0
    const { systemClock } = await import('../../src/std/clock.ts')
    const clock = { ...systemClock, monotonic: () => (now += 700) }
    const { stderr, stdout } = await cli.run(`${given} --permutations 6`, { tty: true, clock })
    expect(stderr).toMatch(/\d of 6 permutations/)
    expect(stderr.endsWith('\r\u001B[K')).toBe(true)
    expect(stdout).toContain('learned')
    expect((await cli.run(`${given} --permutations 6`, { clock })).stderr).toBe('')
  })
})

describe('router simulate refuses', () => {
  test.each([
    ['prompt_tokens_est,cheap\n5,1.5', 'bad.csv:2:3: "cheap" wants a number from 0 to 1, not "1.5"'],
    ['prompt_tokens_est,cheap\n5,', 'bad.csv:2:3: "cheap" wants a number from 0 to 1, not an empty cell'],
    ['prompt_tokens_est,cheap\nmany,1', 'bad.csv:2:1: "prompt_tokens_est" wants a number of at least 0, not "many"'],
    ['prompt_tokens_est,cheap\n5,1,0', 'bad.csv:2:1: the line has 3 cells, the first has 2'],
    ['prompt_tokens_est,"cheap\n5,1', 'bad.csv:1:19: this quote is never closed'],
    ['prompt_tokens_est,cheep\n5,1', 'bad.csv:1:19: the model "cheep" has no price in models.csv'],
    ['prompt_tokens_est,cheap,cheap\n5,1,1', 'bad.csv:1:25: two columns are called "cheap"'],
    ['cheap\n1', 'bad.csv:1:1: no column is called "prompt_tokens_est"'],
    ['prompt_tokens_est\n1', 'bad.csv:1:1: no column is a model'],
    ['prompt_tokens_est,cheap\n', 'bad.csv has no prompts'],
    ['', 'bad.csv is empty'],
  ])('the table %j', async (text, why) => {
    await cli.write('bad.csv', text)
    const { code, json } = await cli.run('router simulate bad.csv --models models.csv --json')
    const { error } = json() as { error: JsonObject }
    expect({ code, message: error['message'] }).toEqual({ code: 3, message: expect.stringContaining(why) as string })
  })

  test.each([
    ['model\ncheap', 'prices.csv:1:1: no column is called "input_usd_per_mtok" or "usd_per_mtok"'],
    ['name,usd_per_mtok\ncheap,1', 'prices.csv:1:1: no column is called "model"'],
    ['model,usd_per_mtok\ncheap,free', 'prices.csv:2:7: "usd_per_mtok" wants a number of at least 0, not "free"'],
    ['model,usd_per_mtok\ncheap,1\ncheap,2', 'prices.csv:3:1: the model "cheap" is listed twice'],
  ])('the prices %j', async (text, why) => {
    await cli.write('prices.csv', text)
    const { code, stderr } = await cli.run('router simulate outcomes.csv --models prices.csv')
    expect({ code, stderr }).toMatchObject({ code: 3 })
    const [place, ...message] = why.split(': ')
    expect(stderr).toContain(place)
    expect(stderr).toContain(message.join(': '))
  })

  test.each([
    ['--shift cheap', 'a shift is MODEL@SHARE'],
    ['--shift cheep@0.5', 'did you mean "cheap"?'],
    ['--shift cheap@1', 'a share between 0 and 1'],
    ['--strategy fastest', 'a table of outcomes has none'],
    ['--strategy all --sweep', 'a sweep is of one strategy'],
    ['--cascade-models 3', 'the table has 2'],
    ['--context step', 'records have no steps'],
    ['--lambda dear', '--lambda takes a number'],
  ])('%s', async (option, why) => {
    const { code, stderr } = await cli.run(`${given} ${option}`)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(why) as string })
  })

  test('to go without prices', async () => {
    expect(await cli.run('router simulate outcomes.csv')).toMatchObject({ code: 2 })
  })
})

/** `router log` and `router replay`: from journals to a judgement of another strategy. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LogEntry } from '../../src/app/decision-log/entry.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { seededRandom } from '../../src/std/random.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

interface Replay {
  [field: string]: unknown
  estimates: Record<
    'logged' | 'dr' | 'ips' | 'snips' | 'gain',
    { value: number; normal: number[]; bootstrap: number[] }
  >
}

async function replay(options: string): Promise<Replay> {
  const end = await cli.run(`router replay ${options} --json`)
  expect(end.code, end.stderr).toBe(0)
  return end.json() as unknown as Replay
}

/** Decisions at random among a good, slow, dear model and a worse one; the first is worse in long prompts. */
function entries(count: number, seed = 1): LogEntry[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, at): LogEntry => {
    const length = random() < 0.5 ? 64 : 4096
    const good = { model: 'good/one', cost_usd: 0.03, latency_ms: 4000, propensity: 0.4 }
    const cheap = { model: 'cheap/one', cost_usd: 0.001, latency_ms: 900, propensity: 0.6 }
    const chosen = random() < 0.4 ? 0 : 1
    const quality = random() < (chosen === 0 ? (length === 64 ? 0.95 : 0.4) : 0.6) ? 1 : 0.1
    const { cost_usd, latency_ms } = chosen === 0 ? good : cheap
    return {
      ...{ v: 1, time: 1_790_000_000_000 + at * 60_000 },
      decision: {
        ...{
          id: `run${at}/draw/1`,
          agent: 'writer',
          strategy: 'thompson',
          context: `task=a step=w/draw length=${length}`,
          chosen,
        },
        candidates: [good, cheap].map((each, candidate) => {
          return { ...each, candidate, observations: at, quality: null, pending: 0 }
        }),
      },
      outcome: { status: 'succeeded', quality, latency_ms: latency_ms * (0.5 + random()), cost_usd },
    }
  })
}

function writeLog(name: string, some: readonly unknown[]): Promise<string> {
  return cli.write(name, some.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
}

describe('router log', () => {
  const workflow = `
name: many
agents:
  writer:
    models: [meta/meta-llama-3-8b-instruct, meta/meta-llama-3-70b-instruct]
    routing: {strategy: thompson}
    retry: {attempts: 1}
  painter: {models: [black-forest-labs/flux-schnell, stability-ai/sdxl], routing: {strategy: round_robin}}
steps:
  each: {foreach: {in: "\${{ range(12) }}", as: n}, agent: writer, input: {prompt: "Say \${{ n }}"}}
  draw: {agent: painter, input: {prompt: tea}}
`

  test('writes what was decided in runs, and what came of it, which a replay reads', async () => {
    const sandbox = await startSandbox({ latency: '0', faults: ['meta/meta-llama-3-8b-instruct:failed'] })
    const real = { REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' }
    try {
      await cli.write('workflows/many.yaml', workflow)
      const run = await cli.run('run many -q --run-id r1', { env: real })
      expect(run.code, run.stderr).toBe(0)
      const end = await cli.run('router log -o log.jsonl', { env: real })
      expect(end.code, end.stderr).toBe(0)
      expect(end.stdout).toMatch(/log\.jsonl: 1[3-9] decisions/)
      const logged = (await readFile(join(cli.cwd, 'log.jsonl'), 'utf8')).trimEnd().split('\n')
      const decisions = logged.map((line) => JSON.parse(line) as LogEntry)
      const statuses = new Set(
        decisions.map(({ outcome, decision }) => `${decision.candidates[decision.chosen]?.model} ${outcome.status}`),
      )
      expect(statuses).toContain('meta/meta-llama-3-8b-instruct failed')
      expect(statuses).toContain('meta/meta-llama-3-70b-instruct succeeded')
      for (const { decision } of decisions) expect(decision.id).toMatch(/^r1\/(each\[\d+\]|draw)\/1$/)

      const scored = await cli.run('router feedback r1 draw --score 0.25', { env: real })
      expect(scored.code, scored.stderr).toBe(0)
      const only = await cli.run('router log --agent painter', { env: real })
      expect(only.lines()[0]).toMatchObject({ outcome: { status: 'succeeded', quality: 0.25 } })
      expect(only.lines().map(({ decision }) => (decision as { agent: string }).agent)).toEqual(['painter'])
      const wrong = await cli.run('router log --agent pianter', { env: real })
      expect(wrong).toMatchObject({ code: 0, stdout: '' })
      expect(wrong.stderr).toContain('no decision is of an agent "pianter": did you mean "painter"?')
      const none = await cli.run('router log --since 2027-01-01', { env: real })
      expect(none.stderr).toContain('"2027-01-01" is still to come')

      const judged = await replay('log.jsonl --strategy ucb1 --agent writer')
      expect(judged).toMatchObject({
        agent: 'writer',
        strategy: 'ucb1',
        logged_by: ['thompson'],
        coverage: 1,
        decisions: 12,
      })
      const several = await cli.run('router replay log.jsonl --strategy ucb1')
      expect(several.code).toBe(3)
      expect(several.stderr).toMatch(/decisions of 2 agents: "(writer|painter)", "(writer|painter)"/)
      expect(several.stderr).toContain('--agent ')
    } finally {
      await sandbox.close()
    }
  })

  test('has nothing to write in an empty store', async () => {
    const end = await cli.run('router log')
    expect([end.code, end.stdout, end.stderr]).toEqual([0, '', '0 decisions\n'])
    expect((await cli.run('router log --json')).json()).toMatchObject({ decisions: 0, unsettled: 0, entries: [] })
  })

  test('leaves nothing behind where it may not write', async () => {
    for (const command of ['router log -o nowhere/log.jsonl', 'router export -o nowhere/log.jsonl']) {
      const end = await cli.run(command)
      expect(end.code).toBe(3)
      const file = join(cli.cwd, 'nowhere')
      expect(end.stderr).toContain(`error: ${file}/log.jsonl can't be written: there is no folder ${file}\n`)
    }
  })
})

describe('router replay', () => {
  test('says what another strategy would have earned, with intervals, and whether that is more', async () => {
    await writeLog('log.jsonl', entries(1500))
    const end = await cli.run('router replay log.jsonl --strategy thompson --lambda 0')
    expect(end.code, end.stderr).toBe(0)
    expect(end.stdout).toMatch(/^thompson on 1500 decisions of writer, .* UTC, by quality alone\n/)
    expect(end.stdout).toMatch(/as logged, by thompson +0\.\d{3} +0\.\d{3} to 0\.\d{3}/)
    expect(end.stdout).toMatch(/doubly robust +0\.\d{3}/)
    expect(end.stdout).toContain('probabilities known for 100 %')
    expect(end.stdout).not.toContain('can not say it')
    const { estimates, supported } = await replay('log.jsonl --strategy cheapest --lambda 0')
    expect(supported).toBe(true)
    // The cheap one is worth 0.6 + 0.4 · 0.1.
    const [low, high] = estimates.dr.bootstrap as [number, number]
    expect(low).toBeLessThan(0.64)
    expect(high).toBeGreaterThan(0.64)
  })

  test('weighs cost by λ against a reference that is printed', async () => {
    await writeLog('log.jsonl', entries(400))
    const free = await replay('log.jsonl --strategy order --lambda 0')
    const dear = await replay('log.jsonl --strategy order --lambda 1')
    expect(dear['cost_ref_usd']).toBe(0.03)
    // `order` takes the dear one, which costs the reference.
    expect(free.estimates.snips.value - dear.estimates.snips.value).toBeCloseTo(1, 9)
    const half = await replay('log.jsonl --strategy order --lambda 1 --param cost_ref_usd=0.06')
    expect(free.estimates.snips.value - half.estimates.snips.value).toBeCloseTo(0.5, 9)
  })

  test('gives the same for the same seed', async () => {
    await writeLog('log.jsonl', entries(200))
    const [one, again, other] = [1, 1, 2].map((seed) => replay(`log.jsonl --strategy thompson --seed ${seed}`))
    expect(await one).toEqual(await again)
    expect((await one)?.estimates.dr.bootstrap).not.toEqual((await other)?.estimates.dr.bootstrap)
  })

  test.each([
    ['score', '', 'weights.quality=5'],
    ['score', 'weights.quality=2', 'ema_alpha=0.05'],
    ['score', 'weights.latency=0', 'cost_ref_usd=10'],
    ['score', 'weights.cost=0', 'latency_slo_ms=100000'],
    ['thompson_multi', '', 'weights.cost=0'],
    ['ucb1', '', 'ucb_alpha=0.1'],
    ['adaptive', '', 'explore_calls=300'],
    ['thompson', '', 'discount=0.999'],
    ['learned', '', 'cost_weight=1'],
    ['learned', '', 'context=task'],
    ['learned', '', 'prior_strength=50'],
    ['learned', '', 'latency_weight=5'],
    ['learned', 'cost_weight=0.2', 'cost_ref_usd=0.001'],
    ['learned', 'latency_weight=1', 'latency_slo_ms=100000'],
  ])('%s with %s is judged with --param %s', async (strategy, before, param) => {
    await writeLog('log.jsonl', entries(600))
    const command = `log.jsonl --strategy ${strategy} --lambda 0${before === '' ? '' : ` --param ${before}`}`
    const usual = await replay(command)
    const other = await replay(`${command} --param ${param}`)
    expect(other.estimates.dr.value).not.toBe(usual.estimates.dr.value)
  })

  test('takes keys of routing as JSON, too, and the log from stdin', async () => {
    const path = await writeLog('log.jsonl', entries(300))
    const params = await replay('log.jsonl --strategy score --param weights.quality=5 --param context=task,length')
    await writeFile(
      join(cli.cwd, 'routing.json'),
      '{"strategy": "score", "weights": {"quality": 5}, "context": ["task"]}',
    )
    const json = await replay('log.jsonl --routing @routing.json')
    expect(json['strategy']).toBe('score')
    expect(json.estimates.dr).toEqual(params.estimates.dr)
    expect((await replay(`${path} --strategy score`))['log']).toBe(path)
  })

  test.each([
    ['--strategy score --param emma_alpha=1', '"emma_alpha" is no key of routing', 'did you mean "ema_alpha"?'],
    ['--strategy score --param weights.qality=1', '"weights.qality" is no key of routing', 'did you mean "quality"?'],
    ['--strategy score --param ema_alpha=2', '"ema_alpha" must be a number over 0, and at most 1', ''],
    ['--strategy score --param ema_alpha', '--param takes key=value', ''],
    ['--strategy score --param task=x', '"task" changes nothing in a replay', ''],
    ['--strategy best', 'best', 'thompson'],
    ['', 'no strategy is named', '--strategy'],
    ['--strategy score --param strategy=ucb1', 'there are two strategies', ''],
    ['--strategy score --lambda -1', '--lambda', ''],
  ])('refuses %s', async (options, message, hint) => {
    await writeLog('log.jsonl', entries(5))
    const end = await cli.run(`router replay log.jsonl ${options}`)
    expect(end.code).toBe(2)
    expect(end.stderr).toContain(message)
    expect(end.stderr).toContain(hint)
  })

  test('says so when the log can not tell', async () => {
    const decided = entries(200).map((entry): LogEntry => {
      const candidates = entry.decision.candidates.map((each) => ({
        ...each,
        propensity: each.candidate === 1 ? 1 : 0,
      }))
      return { ...entry, decision: { ...entry.decision, chosen: 1, candidates } }
    })
    await writeLog('log.jsonl', decided)
    const end = await cli.run('router replay log.jsonl --strategy order')
    expect(end.code).toBe(0)
    expect(end.stdout).toContain(
      'the log can not say it: 100 % of its choices are ones that the log could not have made',
    )
    await writeLog(
      'bare.jsonl',
      entries(20).map((entry) => {
        const candidates = entry.decision.candidates.map(({ propensity: _, ...each }) => each)
        return { ...entry, decision: { ...entry.decision, candidates } }
      }),
    )
    expect(await replay('bare.jsonl --strategy order')).toMatchObject({ used: 0, supported: false, estimates: null })
  })

  test('leaves out calls that say nothing of a model, and a last line that is cut', async () => {
    const some = entries(50)
    const limited = {
      ...some[0],
      outcome: { ...some[0]?.outcome, status: 'failed', error: 'rate_limited', quality: null },
    }
    const lines = [...some, limited].map((entry) => `${JSON.stringify(entry)}\n`).join('')
    await cli.write('log.jsonl', `${lines}{"v": 1, "time": 17`)
    const end = await cli.run('router replay log.jsonl --strategy order --json')
    expect(end.stderr).toContain('is cut, and left out')
    expect(end.json()).toMatchObject({ decisions: 50, untelling: 1 })
  })

  describe('refuses a file that is no log:', () => {
    const [good] = entries(1) as [LogEntry]
    const line = JSON.stringify(good)
    const changed = (
      change: (entry: { decision: Record<string, unknown>; outcome: Record<string, unknown> }) => void,
    ) => {
      const copy = structuredClone(good) as unknown as Parameters<typeof change>[0]
      change(copy)
      return `${line}\n${JSON.stringify(copy)}\n`
    }

    test.each([
      ['empty', '', 'has no decisions'],
      ['not JSON', `${line}\n{"v": 1, oops}\n${line}\n`, 'log.jsonl:2:10 is not JSON'],
      ['another JSON', '[1, 2]\n', 'log.jsonl:1'],
      ['another version', line.replace('"v":1', '"v":2'), 'log.jsonl:1: v'],
      ['a choice that was none', changed(({ decision }) => (decision['chosen'] = 7)), 'log.jsonl:2: decision.chosen'],
      [
        'a chance over 1',
        changed(({ decision }) => ((decision['candidates'] as { propensity: number }[])[0]!.propensity = 2)),
        'log.jsonl:2: decision.candidates.0.propensity',
      ],
      ['text for a number', changed(({ outcome }) => (outcome['cost_usd'] = 'much')), 'log.jsonl:2: outcome.cost_usd'],
      [
        'a number beyond numbers',
        `${line}\n${line.replace(/"cost_usd":[\d.]+\}/, '"cost_usd":1e999}')}\n`,
        'log.jsonl:2: outcome.cost_usd',
      ],
      ['a line without an end', 'x'.repeat(1_100_000), 'is longer than'],
      ['null', 'null\n', 'log.jsonl:1'],
    ])('%s', async (_, text, message) => {
      await cli.write('log.jsonl', text)
      const end = await cli.run('router replay log.jsonl --strategy order')
      expect(end.code).toBe(3)
      expect(end.stderr).toContain(message)
      expect(end.stderr.trim().split('\n').length).toBeLessThanOrEqual(3)
    })

    test('bytes that are no text, a folder, nothing', async () => {
      await writeFile(join(cli.cwd, 'bytes'), Buffer.from([0xff, 0xfe, 0x0a]))
      const cases = { bytes: 'is not UTF-8', '.': 'is a folder', missing: 'there is no file' }
      for (const [name, message] of Object.entries(cases)) {
        const end = await cli.run(['router', 'replay', name, '--strategy', 'order'])
        expect([end.code, end.stderr]).toEqual([3, expect.stringContaining(message)])
      }
    })
  })
})

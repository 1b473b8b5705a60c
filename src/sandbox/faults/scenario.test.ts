import { describe, expect, it } from 'vitest'
import { type FaultInput, parseFaultRule, readFaults, type ScenarioProblem } from './rules.ts'
import { faultRules, readScenario } from './scenario.ts'

function problemsOf(faults: unknown): ScenarioProblem[] {
  return readScenario({ faults }).problems
}

describe('a scenario', () => {
  it.each<[string, FaultInput]>([
    ['*:0.3', { fault: 'failed', rate: 0.3 }],
    ['meta/*:error=CUDA out of memory', { model: 'meta/*', fault: 'failed', error: 'CUDA out of memory' }],
    ['*:status=500:on=get:times=2', { fault: 'status', status: 500, on: 'get', times: 2 }],
    ['*:429=2:times=3', { fault: 'rate_limited', retry_after: '2s', times: 3 }],
    ['*:429:from=10s:until=1m', { fault: 'rate_limited', from: 10, until: '60s' }],
    ['*:limit=60', { fault: 'rate_limited', limit: 60 }],
    ['*:503=1', { fault: 'unavailable', retry_after: '200ms' }],
    ['*:drop:on=download', { fault: 'drop', on: 'download' }],
    ['*:lost', { fault: 'lost' }],
    ['*:garbled:on=get', { fault: 'garbled', on: 'get' }],
    ['a/b:dead', { model: 'a/b', fault: 'dead' }],
    ['*:queue=20', { fault: 'cold_start', for: '20s' }],
    ['*:slow=10', { fault: 'slow', factor: 10 }],
    ['*:corrupt=json', { fault: 'corrupt', how: 'json' }],
    ['*:corrupt', { fault: 'corrupt', how: 'type' }],
  ])('reads %j and its fields as the same rule', (text, fields) => {
    expect(faultRules([text])).toEqual(faultRules([fields]))
    expect(faultRules([text])).toEqual([parseFaultRule(text)])
  })

  it('gives seed, latency and rules in the order in which they stand', () => {
    const data = { seed: 7, latency: 'uniform:10,20', faults: ['*:429', { fault: 'drop' }] }
    expect(readScenario(data)).toEqual({ scenario: data, problems: [] })
    expect(readScenario({ latency: 250 }).scenario).toEqual({ latency: '250', faults: [] })
  })

  it.each<[string, unknown, Partial<ScenarioProblem>]>([
    [
      'an unknown field',
      { fault: 'drop', mode: 'x/y' },
      { path: ['faults', 0, 'mode'], hint: 'did you mean "model"?' },
    ],
    [
      'an unknown fault',
      { fault: 'rate_limit' },
      { path: ['faults', 0, 'fault'], hint: 'did you mean "rate_limited"?' },
    ],
    ['no fault', { model: 'x/y' }, { path: ['faults', 0], code: 'missing_field' }],
    ['a field of another fault', { fault: 'drop', factor: 3 }, { path: ['faults', 0, 'factor'], at: 'key' }],
    ['a fault without what it needs', { fault: 'slow' }, { message: '"slow" needs "factor"' }],
    ['a rate over 1', { fault: 'drop', rate: 30 }, { path: ['faults', 0, 'rate'] }],
    ['a rate of text', { fault: 'drop', rate: '0.3' }, { path: ['faults', 0, 'rate'] }],
    ['a model without owner', { fault: 'drop', model: 'flux' }, { path: ['faults', 0, 'model'] }],
    [
      'a window that ends before it begins',
      { fault: 'drop', from: '9s', until: '3s' },
      { path: ['faults', 0, 'until'] },
    ],
    ['an occasion that does not go with it', { fault: 'stall', on: 'get' }, { path: ['faults', 0, 'on'] }],
    ['a limit of polls', { fault: 'rate_limited', limit: 3, on: 'get' }, { path: ['faults', 0, 'limit'] }],
    ['a name that every object has', { fault: 'constructor' }, { path: ['faults', 0, 'fault'] }],
    ['a number', 3, { path: ['faults', 0] }],
    ['null', null, { path: ['faults', 0] }],
    ['a list', ['*:drop'], { path: ['faults', 0] }],
    ['text that is no rule', '*:explode', { path: ['faults', 0], message: expect.stringContaining('"explode"') }],
    ['a rule with two faults', '*:drop:stall', { path: ['faults', 0], message: expect.stringContaining('two faults') }],
  ])('refuses %s, and says where', (_what, rule, expected) => {
    expect(problemsOf([rule])).toEqual([expect.objectContaining(expected)])
  })

  it('tells of everything that is wrong at once', () => {
    const { problems } = readScenario({
      sed: 1,
      latency: 'soon',
      seed: -1,
      faults: [{ fault: 'drop', rate: 2, on: 'x' }],
    })
    expect(problems.map(({ path }) => path.join('.'))).toEqual([
      'sed',
      'latency',
      'seed',
      'faults.0.rate',
      'faults.0.on',
    ])
    expect(readScenario('*:drop').problems).toEqual([expect.objectContaining({ path: [] })])
    expect(problemsOf({ fault: 'drop' })).toEqual([expect.objectContaining({ path: ['faults'] })])
  })

  it('of code names the rule that is wrong', () => {
    expect(() => faultRules(['*:drop', { fault: 'drop', rate: 2 }])).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'faults[1].rate: "rate" is a share from 0 to 1, not 2',
        details: { path: ['faults', 1, 'rate'] },
      }),
    )
  })

  it('never throws, whatever a rule holds', () => {
    const odd = [
      undefined,
      Number.NaN,
      1n,
      Symbol('x'),
      () => 1,
      { model: { toString: null } },
      { fault: ['drop'] },
      '',
    ]
    for (const rule of odd) {
      const problems: ScenarioProblem[] = []
      expect(readFaults([rule], [], (problem) => problems.push(problem))).toEqual([])
      expect(problems.length).toBeGreaterThan(0)
    }
  })
})

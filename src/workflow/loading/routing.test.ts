import { describe, expect, it } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import { type LoadOptions, loadWorkflowText } from '../load.ts'

const load = async (agent: string, step = '', options: LoadOptions = {}) => {
  const yaml = `name: demo
agents:
  writer: {models: [a/a, b/b]${agent}}
steps:
  write: {agent: writer${step}}
`
  return loadWorkflowText(yaml, 'demo.yaml', options)
}
const problemsOf = async (agent: string, step = '') => {
  const outcome = await load(agent, step)
  return outcome.ok ? [] : outcome.problems.map(({ message, hint }) => [message, hint])
}

describe('the routing of an agent', () => {
  it('is left to the default where nobody says anything', async () => {
    const outcome = await load('')
    expect(outcome).toMatchObject({ ok: true })
    if (outcome.ok) expect(outcome.workflow.definition.agents['writer']).not.toHaveProperty('routing')
  })

  it('is what is written, over what the configuration says, over the defaults', async () => {
    const routing = { ...defaultRouting, strategy: 'score', ema_alpha: 0.5 } as const
    const outcome = await load(', routing: {weights: {cost: 1}, ema_alpha: 0.2, task: summaries}', '', { routing })
    expect(outcome.ok && outcome.workflow.definition.agents['writer']?.routing).toEqual({
      ...defaultRouting,
      strategy: 'score',
      ema_alpha: 0.2,
      weights: { cost: 1, latency: 0.3, quality: 0.2 },
      task: 'summaries',
    })
  })

  it('may be narrowed by a step', async () => {
    const outcome = await load(', qos: {tier: FAST}', ', task: titles, qos: {cost_cap_usd: 0.01}')
    expect(outcome.ok && outcome.workflow.definition).toMatchObject({
      agents: { writer: { qos: { tier: 'FAST' } } },
      steps: { write: { task: 'titles', qos: { cost_cap_usd: 0.01 } } },
    })
  })

  it.each([
    [', routing: {strategy: thomson}', 'must be one of learned, score', 'did you mean thompson?'],
    [', routing: {weigths: {cost: 1}}', 'there is no field `weigths`', 'did you mean `weights`?'],
    [
      ', routing: {strategy: score, weights: {cost: -1}}',
      'must be a number of 0 or more, but is the number -1',
      undefined,
    ],
    [', routing: {discount: 0.9}', 'must be a number from 0.999 to 1, but is the number 0.9', undefined],
    [', routing: {exploration_share: 1.5}', 'must be a number from 0 to 1, but is the number 1.5', undefined],
    [', routing: {ema_alpha: 0}', 'must be a number over 0, and at most 1, but is the number 0', undefined],
    [', routing: {context: [length, steps]}', 'must be one of task, step, length', 'did you mean step?'],
    [', routing: {task: two words}', 'must be a word: letters, digits, dots, dashes and _', undefined],
    [', routing: learned', 'must be a mapping, as in `routing: {strategy: learned}`', undefined],
    [', qos: {tier: FASTER}', 'must be one of FAST, BALANCED, QUALITY', 'did you mean FAST?'],
    [', qos: {latency_cap_ms: 0}', 'must be more than 0 milliseconds', undefined],
    [', qos: {quality_floor: 2}', 'must be a number from 0 to 1', undefined],
  ])('says what is wrong with `%s`', async (agent, message, hint) => {
    const problems = await problemsOf(agent)
    expect(problems).toEqual([[expect.stringContaining(message), hint]])
  })
})

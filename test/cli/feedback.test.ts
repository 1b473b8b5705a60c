/** `router feedback`: what people think of answers, in the journal and in what the router knows. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write(
    'workflows/flow.yaml',
    `
name: flow
agents:
  writer:
    models: [meta/meta-llama-3-8b-instruct, meta/meta-llama-3-70b-instruct]
    routing: {strategy: order, context: [step]}
steps:
  write: {agent: writer, input: {prompt: One word for tea.}}
  each: {agent: writer, foreach: {in: [cup, pot]}, input: {prompt: 'One word for a \${{ item }}.'}}
  plain: {model: meta/meta-llama-3-8b-instruct, input: {prompt: One word for milk.}}
  sum: {value: '\${{ 1 + 1 }}'}
`,
  )
  await cli.run('run flow --sandbox')
})
afterEach(() => cli.close())

const feedback = async (what: string) => (await cli.run(`router feedback ${what} --json`)).json()

test('A score is journaled with its giver, and the router knows of it from then on', async () => {
  const noted = await feedback('last write --score 0.8 --by ann')
  expect(noted).toMatchObject({
    ...{ step: 'write', agent: 'writer', model: 'meta/meta-llama-3-8b-instruct', score: 0.8, by: 'ann', learned: true },
    quality: { mean: 0.8, observations: 1 },
  })
  const { stdout } = await cli.run('runs logs last --jsonl')
  const events = stdout.split('\n').filter((line) => line.includes('feedback.given'))
  expect(events.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { type: 'feedback.given', step: 'write', decision: noted.decision, score: 0.8, by: 'ann' },
  ])
})

test('A second score for the same answer takes the place of the first', async () => {
  await feedback('last write --score 0.2')
  await feedback('last each --index 0 --score 1')
  const { quality } = await feedback('last write --score 0.6')
  expect(quality).toEqual({ mean: expect.closeTo(0.8, 9) as number, observations: 2 })
})

test('An answer that nothing was decided for is scored under its model', async () => {
  const noted = await feedback('last plain --score 0.4')
  expect(noted).toMatchObject({ agent: 'meta/meta-llama-3-8b-instruct', quality: { mean: 0.4, observations: 1 } })
})

test('People see what was noted, and what it comes to', async () => {
  const { stdout, code } = await cli.run('router feedback last each --index 1 --score 0.5')
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^✓ each\[1\] of run \w+: 0\.5 for meta\/meta-llama-3-8b-instruct\n {2}as "writer" it has 1 score now, 0\.50 on average\n$/,
  )
})

test.each([
  ['last each --score 1', /ran once for each of 2 items[\s\S]*--index/],
  ['last each --index 5 --score 1', /nothing happened in item 5 of step "each"\nhelp: items are counted from 0/],
  ['last sum --score 1', /no call of "sum" was answered/],
  ['last nope --score 1', /did nothing in a step "nope"\nhelp: it did something in /],
  ['last write', /a score is missing/],
  ['last write --score 1.5', /a number from 0 to 1, not "1\.5"/],
  ['last write --score -1', /score/],
  ['nothing write --score 1', /no run/],
])('`router feedback %s` says what is wrong, and notes nothing', async (what, message) => {
  const { code, stderr } = await cli.run(`router feedback ${what}`)
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
  expect((await cli.run('runs logs last --jsonl')).stdout).not.toContain('feedback.given')
})

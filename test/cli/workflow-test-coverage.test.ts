/** Branches that tests of a workflow take, and those that they leave out. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TestReport } from '../../src/doors/cli/output/test-lines.ts'
import { type CliRig, openCli } from './rig.ts'

const flow = `inputs: {list: {type: array, default: [1, 2]}, ask: {type: boolean, default: false}}
agents:
  writer: {models: [acme/one, acme/two], fallback: [acme/three], retry: {attempts: 1}}
steps:
  each:
    foreach: {in: '\${{ inputs.list }}'}
    condition: item > 1
    value: \${{ item }}
  grow:
    model: acme/one
    repeat:
      until: output == "good"
      max: 2
  risky:
    model: acme/one
    retry: {attempts: 1}
    on_error: continue
  write:
    agent: writer
  ask:
    condition: inputs.ask
    approval: Fine?
  below:
    condition: failed("risky")
    workflow: inner.yaml
finally:
  last:
    condition: always()
    value: over
`
const inner = 'steps: {say: {value: inside}, never: {condition: "1 > 2", value: no}}\n'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('workflows/flow.yaml', flow)
  await cli.write('workflows/inner.yaml', inner)
})
afterEach(() => cli.close())

async function report(tests: string, what = 'flow'): Promise<TestReport> {
  await cli.write('workflows/flow.test.yaml', tests)
  const { stdout, stderr } = await cli.run(['workflows', 'test', what, '--json'])
  expect(stderr).toBe('')
  return JSON.parse(stdout) as TestReport
}

/** What is missing, by workflow, as `line:column step message`. */
const missing = ({ coverage }: TestReport) =>
  Object.fromEntries(
    (coverage?.workflows ?? []).map(({ workflow, missing: left }) => [
      workflow,
      left.map(({ line, column, step, message }) => `${line}:${column} ${step} ${message}`),
    ]),
  )

const calm = `
defaults: {answers: {acme/one: {output: good}, acme/two: {output: fine}}}
tests:
  - {name: calm}
`

test('what no case has come to is named with its line', async () => {
  const calmly = await report(calm)
  expect(calmly).toMatchObject({ passed: 1, coverage: { covered: 9, total: 19, percent: 47.3 } })
  expect(missing(calmly)).toEqual({
    flow: [
      '3:42 write its fallback was never used',
      '12:7 grow `until` was never false: output == "good"',
      '17:5 risky never failed, though `on_error: continue` is there for that',
      '21:5 ask its condition was never true: inputs.ask',
      '22:5 ask was never approved',
      '22:5 ask was never rejected',
      '24:5 below its condition was never true: failed("risky")',
    ],
    inner: [
      '1:9 say was never run',
      '1:39 never its condition was never true: 1 > 2',
      '1:39 never its condition was never false: 1 > 2',
    ],
  })
})

test('all cases of all files count together, nested runs and failed rounds, too', async () => {
  const stormy = await report(`${calm}
  - name: stormy
    inputs: {ask: true, list: [3]}
    answers:
      grow: [{output: bad}, {output: good}]
      risky: {error: server}
      write: [{error: server}, {error: server}, {output: third}]
    approvals: {ask: approve}
  - {name: refused, inputs: {ask: true}, approvals: {ask: reject}, expect: {error: rejected}}
  - {name: never good, answers: {grow: {output: bad}}, expect: {error: repeat_exhausted}}
`)
  expect(missing(stormy)).toEqual({ flow: [], inner: ['1:39 never its condition was never true: 1 > 2'] })
  expect(stormy.coverage).toMatchObject({ covered: 18, total: 19, percent: 94.7 })
})

test('a second candidate of an agent is no fallback', async () => {
  const second = await report(`
defaults: {answers: {acme/one: {output: good}, acme/two: {output: fine}}}
tests:
  - {name: second, answers: {write: [{error: server}, {output: second}]}}
`)
  expect(second.passed).toBe(1)
  expect(missing(second)['flow']).toContain('3:42 write its fallback was never used')
})

test('a condition of items is true or false for items, not for the list', async () => {
  const { coverage } = await report(
    'defaults: {answers: {acme/one: {output: good}, acme/two: {output: x}}}\ntests: [{name: none, inputs: {list: []}}]',
  )
  const ways = coverage?.workflows[0]?.missing.filter(({ step }) => step === 'each').map(({ way }) => way)
  expect(ways).toEqual(['true', 'false'])
})

test('a workflow is covered wherever it is tested, and a copy of it with it', async () => {
  await cli.write('workflows/inner.test.yaml', 'tests: [{name: inside}]')
  await cli.write('workflows/copy.yaml', inner)
  await cli.write('workflows/copy.test.yaml', 'tests: [{name: inside}]')
  const all = await report(calm, 'workflows')
  expect(
    all.coverage?.workflows.map(({ file, covered, total }) => [file.slice(cli.cwd.length + 11), covered, total]),
  ).toEqual([
    ['copy.yaml', 2, 3],
    ['flow.yaml', 9, 16],
    ['inner.yaml', 2, 3],
  ])
})

import { expect, test } from 'vitest'
import { loadWorkflowText } from '../load.ts'

async function problemsOf(quality: string): Promise<string[]> {
  const text = `name: flow
agents:
  critic: {model: acme/critic}
  writer:
    models: [acme/one, acme/two]
    routing:
      quality: ${quality}
steps:
  write: {agent: writer}
`
  const outcome = await loadWorkflowText(text, 'flow.yaml')
  return outcome.ok ? [] : outcome.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

test.each([
  ['{expression: "len(output) > 3"}'],
  ['{judge: critic, accept: 0.7}'],
  ['{judge: acme/other}'],
  ['{judge: {agent: critic, input: {prompt: "${{ output }}"}, score: "output.stars / 5", sample: 0.1}}'],
])('The quality %s is good', async (quality) => {
  expect(await problemsOf(quality)).toEqual([])
})

test.each([
  ['{expression: "len(outptu)"}', /7:34 .*outptu/],
  ['{expression: "1 +"}', /^7:/],
  ['{judge: critik}', /7:24 .*no agent "critik"/],
  ['{judge: {agent: critic, input: {prompt: "${{ answer }}"}}}', /7:\d+ .*answer/],
  ['{judge: {agent: critic, score: "input.x"}}', /7:\d+ .*input/],
  ['{accept: 0.5}', /7:16 .*neither/],
  ['{judge: critic, expression: "1"}', /7:16 .*both/],
  ['{judge: critic, accept: 2}', /7:40 .*from 0 to 1/],
])('The quality %s is a mistake that is told where it stands', async (quality, message) => {
  expect(await problemsOf(quality)).toEqual([expect.stringMatching(message)])
})

test.each([
  ['{strategy: cascade}', ['6:15 cascade_accepts_all']],
  ['{strategy: cascade, quality: {judge: critic}}', ['6:15 cascade_accepts_all']],
  ['{strategy: cascade, quality: {judge: critic, accept: 0.5}}', []],
  ['{strategy: cheapest}', []],
])('The routing %s is warned of when its cascade accepts every answer', async (routing, warnings) => {
  const text = `name: flow
agents:
  critic: {model: acme/critic}
  writer:
    models: [acme/one, acme/two]
    routing: ${routing}
steps:
  write: {agent: writer}
`
  const outcome = await loadWorkflowText(text, 'flow.yaml')
  const found = outcome.ok ? outcome.workflow.warnings : outcome.problems
  expect(found.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual(warnings)
})

/** Approvals pass the hooks for steps: before somebody is asked, and with the answer. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('replicate-agent.yaml', 'plugins: [guard.mjs]\n')
  await cli.write(
    'workflows/w.yaml',
    `name: w
steps:
  ask: {approval: {message: 'Publish?', inputs: {note: {type: string, default: none}}}}
outputs: {ask: '\${{ steps.ask.output }}'}
`,
  )
})
afterEach(() => cli.close())

const guard = (hooks: string) => cli.write('guard.mjs', `export default { name: 'guard', hooks: { ${hooks} } }\n`)

interface Result {
  run_id: string
  status: string
  outputs: { ask: JsonObject }
  steps: { ask: { status: string; error?: JsonObject } }
}
const result = async (command: string) => (await cli.run(`${command} --json`)).json() as unknown as Result
const pending = async (run: string) => (await cli.run(`runs logs ${run} --json`)).stdout

test('`step_pre` may change the question, `step_post` sees the answer and may change it', async () => {
  await guard(`
    step_pre: (context) => ({ ...context, input: { message: context.kind + ': ' + context.input.message } }),
    step_post: (context, result) => ({ ...result, output: { ...result.output, asked: context.input.message } }),`)
  const { run_id, status } = await result('run w')
  expect(status).toBe('waiting')
  expect(await pending(run_id)).toContain('"message":"approval: Publish?"')
  const end = await result(`runs approve ${run_id} -i note=yes`)
  expect(end.outputs.ask).toMatchObject({ approved: true, inputs: { note: 'yes' }, asked: 'approval: Publish?' })
})

test('Where `step_pre` refuses, nobody is asked', async () => {
  await guard(`step_pre: (context, tools) => tools.refuse('not today'),`)
  const refused = await result('run w')
  expect(refused.steps.ask.error).toMatchObject({ code: 'refused' })
  expect(await pending(refused.run_id)).not.toContain('approval.requested')
})

test('What `step_post` withholds fails the step', async () => {
  await guard(`step_post: (context, result, tools) => tools.withhold('by the wrong person'),`)
  const { run_id } = await result('run w')
  const end = await result(`runs approve ${run_id}`)
  expect(end.steps.ask.error).toMatchObject({ code: 'withheld' })
})

test('A rejection fails the step as it does without plugins', async () => {
  await guard(`step_post: () => { throw new Error('never') },`)
  const { run_id } = await result('run w')
  const end = await result(`runs reject ${run_id}`)
  expect(end.steps.ask.error).toMatchObject({ code: 'rejected' })
})

test('Items of a `foreach` are asked for each, and hooks see each answer', async () => {
  await cli.write(
    'workflows/w.yaml',
    `name: w
steps:
  ask: {foreach: {in: [a, b], max_concurrency: 1}, approval: 'Publish \${{ item }}?'}
outputs: {ask: '\${{ steps.ask.output }}'}
`,
  )
  await guard(`step_post: (context, result) => ({ ...result, output: context.index + ' ' + context.input.message }),`)
  const { run_id } = await result('run w')
  expect((await result(`runs approve ${run_id} ask --index 1`)).status).toBe('waiting')
  expect((await result(`runs approve ${run_id}`)).outputs.ask).toEqual(['0 Publish a?', '1 Publish b?'])
})

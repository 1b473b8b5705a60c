/** Test files that are wrong: everything at once, with its place and what to do, before anything runs. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Problem } from '../../src/domain/problem.ts'
import { type CliRig, openCli } from './rig.ts'

const flow = `
inputs: {topic: {type: string}, level: {type: integer, default: 1, min: 1, max: 3}}
env: [TONE]
steps:
  write: {model: meta/meta-llama-3-8b-instruct, input: {prompt: '\${{ inputs.topic }}'}}
  check: {approval: {message: Fine?, inputs: {note: {type: string, default: ''}}}, needs: [write]}
outputs: {text: '\${{ steps.write.output }}'}
`

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('workflows/flow.yaml', flow)
})
afterEach(() => cli.close())

/** What is wrong, as `line:column message (hint)`. */
async function problems(text: string): Promise<string[]> {
  await cli.write('workflows/flow.test.yaml', text)
  const end = await cli.run('workflows test --json')
  expect(end).toMatchObject({ code: 3 })
  const { error } = JSON.parse(end.stdout) as { error: { code: string; details: { problems: Problem[] } } }
  expect(error.code).toBe('invalid_test')
  return error.details.problems.map(
    ({ line, column, message, hint }) => `${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )
}

describe('a test file that is wrong', () => {
  test('has every problem told at once, and no case is run', async () => {
    const found = await problems(`
default: {}
defaults: {faults: ['*:explode'], latency: soon}
tests:
  - name: a
    inputs: {topc: x, level: 9}
    env: {KEY: x}
    answers: {wrte: {output: 1}, write: {output: 1, error: server}, check: {output: 2}}
    approvals: {chek: true, check: maybe}
    now: soon
  - name: b
    inputs: {topic: x}
    answers: {write: [{}, {error: servr}], meta/meta-llama-3-8b-instruct: {items: [{output: 1}], output: 2}}
    approvals: {check: timeout}
    expect:
      status: suceeded
      outputs: {txt: 1}
      steps: {wrte: failed, write: {status: broken, atempts: 3, error: {code: servr}}}
      that: ['len(steps.wrte.items) == 4', 'outputs.text >', 'text']
      error: rejectd
      schema: {typ: object}
  - {name: b, inputs: {topic: x}, approvals: {check: {approved: true, inputs: {nte: x}}}}
  - {name: c, inputs: {topic: x}, expect: {status: succeeded, error: server}}
  - {inputs: {topc: x}}
  - {nme: x, skip: 3, budget_usd: -1}
  - just text
`)
    expect(found).toEqual([
      '2:1 there is no field `default` at the top of a test file (did you mean `defaults`?)',
      expect.stringMatching(/^3:21 .*"explode".*TARGET/),
      expect.stringMatching(/^3:44 'soon' is no latency \(write '0'/),
      '5:11 input "topic" is required (give it under `inputs:`, or expect `error: invalid_input`)',
      '6:14 input "topc" is not an input of this workflow (did you mean "topic"?)',
      '6:30 input "level" must be at most 3, but is 9',
      '7:11 the workflow does not declare the variable "KEY" (known names under `env` of the workflow: TONE)',
      '8:15 the workflow has no step or model "wrte" (did you mean `write`?)',
      '8:41 a reply is one of output and error, not both (give one of output, file, files, error)',
      '8:69 step "check" makes no call (known steps and models that are called: write, meta/meta-llama-3-8b-instruct)',
      '9:17 the workflow has no approval "chek" (did you mean `check`?)',
      '9:36 nobody can answer "maybe" (known are approve, reject, timeout)',
      '10:10 "soon" is no time (write it as "2026-01-31T12:00:00Z")',
      '13:23 this reply says nothing (give one of output, file, files, error)',
      '13:35 a call can not fail with "servr" (did you mean server?)',
      '13:75 beside `items`, an answer has nothing else (give each item its own reply)',
      '14:24 this approval has no `timeout`: it waits for ever',
      '16:15 there is no status "suceeded" (did you mean succeeded?)',
      '17:17 the workflow has no output "txt" (did you mean `text`?)',
      '18:15 the workflow has no step "wrte" (did you mean `write`?)',
      '18:45 there is no status "broken" (known are running, waiting, succeeded, failed, skipped, cancelled, not_run)',
      '18:53 there is no field `atempts` in tests[1].expect.steps.write (did you mean `attempts`?)',
      '18:79 there is no error code "servr" (did you mean server?)',
      '19:25 there is no field `wrte` (did you mean `write`?)',
      '19:59 expected a value, but the expression ends',
      expect.stringMatching(/^19:63 there is no name `text` here \(known are/),
      '20:14 there is no error code "rejectd" (did you mean rejected?)',
      '21:15 `tests[1].expect.schema`: typ is not supported',
      '22:12 two cases are called "b" (name one anew)',
      '22:85 input "nte" of the approval is not asked for (did you mean "note"?)',
      '23:70 a run that succeeds has no error (leave `status: succeeded` out)',
      '24:5 `name` is missing in tests[4]',
      '24:5 input "topic" is required (give it under `inputs:`, or expect `error: invalid_input`)',
      '24:15 input "topc" is not an input of this workflow (did you mean "topic"?)',
      '25:5 `name` is missing in tests[5]',
      '25:5 input "topic" is required (give it under `inputs:`, or expect `error: invalid_input`)',
      '25:6 there is no field `nme` in tests[5] (did you mean `name`?)',
      '25:20 `tests[5].skip` must be true or a reason, but is the number 3',
      '25:35 `tests[5].budget_usd` must be 0 or more dollars, but is the number -1',
      '26:5 `tests[6]` must be a mapping, as in `- name: draws a picture`, but is the string "just text"',
    ])
  })

  test.each([
    ['', '1:1 the file is empty (a test file begins with `tests:`, a list in which each case has a `name:`)'],
    ['tests: []', '1:1 `tests` has no case'],
    ['tests: {}', '1:8 `tests` must be a list of cases, but is an object'],
    [
      '- a',
      '1:1 a test file must be a mapping, but is a list (it begins with `tests:`, a list in which each case has a `name:`)',
    ],
    [
      'name: x',
      '1:1 there is no field `name` at the top of a test file (known are workflow, description, defaults, tests)',
    ],
    ['workflow: flw\ntests: [{name: a}]', expect.stringMatching(/^1:11 there is no workflow "flw"/)],
    ['workflow: ../flow.yaml\ntests: [{name: a}]', expect.stringMatching(/^1:11 there is no file .*flow\.yaml/)],
    ['workflow: 3\ntests: [{name: a}]', '1:11 `workflow` must be text, but is the number 3'],
    ['tests: [&a {name: x, expect: *a}]', expect.stringMatching(/^1:30 the alias \*a stands within/)],
    ['tests: [{name: x, name: y}]', expect.stringMatching(/^1:19 `name` stands here twice/)],
    ['tests: [{name: x, __proto__: y}]', expect.stringMatching(/^1:19 the key `__proto__` is not allowed/)],
    ['tests: [{name: ""}]', '1:16 a case needs a name'],
  ])('%j has its own message', async (text, message) => {
    expect(await problems(text)).toContainEqual(message)
  })

  test('that can not be read is a problem like others', async () => {
    await mkdir(join(cli.cwd, 'workflows/folder.test.yaml'), { recursive: true })
    await writeFile(join(cli.cwd, 'workflows/latin.test.yaml'), Buffer.from([0x74, 0xe4]))
    const end = await cli.run('workflows test workflows/latin.test.yaml')
    expect(end).toMatchObject({ code: 3, stderr: expect.stringContaining('latin.test.yaml:1:2') })
    expect(end.stderr).toContain('help: save it as UTF-8')
  })

  test('has the problems of its workflow told, and those of other files, too', async () => {
    await cli.write('workflows/broken.yaml', 'steps: {a: {modl: x}}')
    await cli.write('workflows/broken.test.yaml', 'tests: [{name: x}]')
    await cli.write('workflows/other.test.yaml', 'tests: [{nme: x}]')
    const { code, stderr } = await cli.run('workflows test')
    expect(code).toBe(3)
    expect(stderr).toContain('--> workflows/broken.yaml:1:13')
    expect(stderr).toContain('there is no workflow other.yaml beside other.test.yaml')
    expect(stderr).toContain('--> workflows/other.test.yaml:1:10')
  })
})

describe('what is named', () => {
  const one = 'tests: [{name: a, inputs: {topic: x}, expect: {status: waiting}}]'

  test('may be a test file, a workflow by path or name, or a folder; without a name all are taken', async () => {
    await cli.write('workflows/flow.test.yaml', one)
    await cli.write('workflows/flow.more.test.yaml', one)
    await cli.write('workflows/deep/er/flow2.test.yaml', `workflow: ../../flow.yaml\n${one}`)
    const files = async (what: string) => {
      const { stdout } = await cli.run(`workflows test ${what} --json`)
      return (JSON.parse(stdout) as { files: { file: string }[] }).files.map(({ file }) =>
        file.slice(cli.cwd.length + 11),
      )
    }
    expect(await files('workflows/flow.test.yaml')).toEqual(['flow.test.yaml'])
    expect(await files('flow')).toEqual(['flow.more.test.yaml', 'flow.test.yaml'])
    expect(await files('workflows/flow.yaml')).toEqual(['flow.more.test.yaml', 'flow.test.yaml'])
    expect(await files('workflows/deep')).toEqual(['deep/er/flow2.test.yaml'])
    expect(await files('')).toEqual(['deep/er/flow2.test.yaml', 'flow.more.test.yaml', 'flow.test.yaml'])
  })

  test('without tests is code 2, and is not there code 3', async () => {
    expect(await cli.run('workflows test')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('write NAME.test.yaml beside the workflow NAME.yaml'),
    })
    expect(await cli.run('workflows test flow')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('write flow.test.yaml beside it'),
    })
    expect(await cli.run('workflows test workflows')).toMatchObject({ code: 2 })
    expect(await cli.run('workflows test nothing.test.yaml')).toMatchObject({ code: 3 })
    expect(await cli.run('workflows test nothing')).toMatchObject({ code: 3 })
  })

  test('a test file is no workflow', async () => {
    await cli.write('workflows/flow.test.yaml', one)
    expect((await cli.run('workflows list --json')).json()).toMatchObject({
      workflows: [{ name: 'flow', problems: 0 }],
    })
    expect(await cli.run('workflows validate workflows/flow.yaml workflows/flow.test.yaml')).toMatchObject({ code: 0 })
    await cli.write('workflows/flow.test.yaml', 'tests: [{nme: a}]')
    expect(await cli.run('workflows validate workflows/flow.test.yaml')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('there is no field `nme` in tests[0]'),
    })
  })
})

/** `workflows test`: cases in sandboxes of their own, what is expected of them, and what is said when it does not come. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { TestReport } from '../../src/doors/cli/output/test-lines.ts'
import { type CliRig, openCli } from './rig.ts'

const flow = `
name: flow
inputs:
  topic: {type: string, default: tea}
  big: {type: boolean, default: false}
agents:
  writer:
    model: meta/meta-llama-3-8b-instruct
    retry: {attempts: 3, base_delay: 20s, jitter: none}
    fallback: [meta/meta-llama-3-70b-instruct]
steps:
  write: {agent: writer, input: {prompt: 'Write a sentence about \${{ inputs.topic }}.'}}
  grow:
    condition: inputs.big
    value: '\${{ steps.write.output + "!" }}'
  check:
    needs: [grow, write]
    condition: succeeded("write")
    approval: {message: 'Publish \${{ steps.write.output }}?', inputs: {note: {type: string, default: ''}}, timeout: 72h}
  publish: {value: {text: '\${{ steps.write.output }}', note: '\${{ steps.check.output.inputs.note }}'}}
outputs:
  text: \${{ steps.publish.output.text }}
  note: \${{ steps.publish.output.note }}
`

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('workflows/flow.yaml', flow)
})
afterEach(() => cli.close())

const tests = (text: string) => cli.write('workflows/flow.test.yaml', text)

/** The report of tests of the flow. */
async function reported(text: string, options = ''): Promise<TestReport> {
  await tests(text)
  const { stdout, stderr } = await cli.run(`workflows test flow ${options} --json`)
  expect(stderr).toBe('')
  return JSON.parse(stdout) as TestReport
}

/** The messages of the one case in a file, by the place of the expectation. */
async function complaints(yaml: string): Promise<Record<string, string>> {
  const report = await reported(yaml)
  const [one] = report.files[0]?.cases ?? []
  return Object.fromEntries(
    (one?.failures ?? []).map(({ line, column, message, details }) => [
      `${line}:${column}`,
      [message, ...details].join(' | '),
    ]),
  )
}

describe('workflows test', () => {
  test('runs every case, says how it went, and what no case has come to', async () => {
    await tests(`
tests:
  - name: publishes what a person agrees to
    approvals: {check: {approved: true, inputs: {note: fine}}}
    expect:
      outputs: {note: fine}
      that: [len(outputs.text) > 10]
      steps: {grow: skipped, write: {attempts: 1, cost_usd: {max: 0.01}}}
  - name: fails when a person says no
    approvals: {check: reject}
    expect: {error: {code: rejected, step: check}, steps: {publish: skipped}}
`)
    const { code, stdout, stderr } = await cli.run('workflows test')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^workflows\/flow\.test\.yaml\n {2}✓ publishes what a person agrees to {2}\S+\n {2}✓ fails/)
    expect(stdout).toMatch(/\n2 passed of 2 tests in 1 file after \S+\n/)
    expect(stdout).toMatch(/branches {2}66\.6 % {2}6 of 9/)
    expect(stdout).toMatch(/14:5 +grow +its condition was never true: inputs\.big/)
    expect(stdout).toMatch(/write +its fallback was never used/)
    expect(code).toBe(0)
  })

  test('says what was expected, what came, and where it is written; and exits 1', async () => {
    await tests(`
tests:
  - name: expects too much
    approvals: {check: true}
    expect:
      outputs: {note: splendid}
`)
    const { code, stdout } = await cli.run('workflows test')
    expect(code).toBe(1)
    expect(stdout).toContain('✗ expects too much')
    expect(stdout).toContain('error: output "note" is "", not "splendid"')
    expect(stdout).toContain('--> workflows/flow.test.yaml:6:23')
    expect(stdout).toContain('1 failed of 1 test in 1 file')
  })

  test('gives every case the same answers each time, and others for another seed', async () => {
    await cli.write(
      'workflows/draw.yaml',
      'steps: {draw: {model: black-forest-labs/flux-schnell, input: {prompt: a red mug}}}\noutputs: {sha: "${{ steps.draw.files[0].sha256 }}"}\n',
    )
    const drawn = async (...seeds: number[]) => {
      const cases = seeds.map((seed, at) => `  - {name: case ${at}, seed: ${seed}, expect: {outputs: {sha: ''}}}`)
      await cli.write('workflows/draw.test.yaml', ['tests:', ...cases].join('\n'))
      const { files } = JSON.parse((await cli.run('workflows test draw --json')).stdout) as TestReport
      return files.flatMap(({ cases }) => cases.map(({ failures }) => failures[0]?.actual))
    }
    const [one, two, other] = await drawn(1, 1, 2)
    expect(one).toMatch(/^[0-9a-f]{64}$/)
    expect(two).toBe(one)
    expect(other).not.toBe(one)
    expect(await drawn(1)).toEqual([one])
  })

  test('leaves nothing behind, neither in the state folder nor beside it', async () => {
    vi.stubEnv('TMPDIR', join(cli.cwd, 'temporary'))
    await mkdir(join(cli.cwd, 'temporary'))
    await reported('tests: [{name: waits, expect: {status: waiting}}]')
    expect(await readdir(join(cli.cwd, 'temporary'))).toEqual([])
    await expect(readdir(cli.home)).rejects.toThrow('ENOENT')
    vi.unstubAllEnvs()
  })

  test('sees nothing of the environment but what a case gives it', async () => {
    await cli.write(
      'workflows/greet.yaml',
      'env: [GREETING]\nsteps: {say: {value: "${{ len(env.GREETING) }}"}}\noutputs: {length: "${{ steps.say.output }}"}\n',
    )
    await cli.write(
      'workflows/greet.test.yaml',
      `
tests:
  - {name: given, env: {GREETING: hello}, expect: {outputs: {length: 5}}}
  - {name: not given, expect: {error: {code: expression_failed, message: GREETING}}}
`,
    )
    const { code, stdout } = await cli.run('workflows test greet', { env: { GREETING: 'from outside' } })
    expect(stdout).toContain('2 passed')
    expect(code).toBe(0)
  })
})

describe('what goes wrong on purpose', () => {
  test('faults strike, and attempts follow each other without waiting', async () => {
    const { passed, coverage } = await reported(`
tests:
  - name: takes the other model
    faults: ['meta/meta-llama-3-8b-instruct:failed']
    approvals: {check: true}
    expect: {steps: {write: {attempts: 4, model: meta/meta-llama-3-70b-instruct}}}
  - name: gives up
    faults: ['*:failed:on=create', {model: 'google/*', fault: stall}]
    expect: {status: failed, error: {message: injected, step: write}, steps: {write: {attempts: 6}, check: skipped}}
`)
    expect(passed).toBe(2)
    expect(coverage?.workflows[0]?.missing.map(({ step, kind, way }) => `${step} ${kind} ${way}`)).toEqual([
      'grow condition true',
      'check approval rejected',
    ])
  })

  test('an answer takes the place of the model, for one attempt or all, by step or by model', async () => {
    const { passed, files } = await reported(`
defaults: {approvals: {check: approve}}
tests:
  - name: says what the test says
    answers: {write: {output: Hello., cost_usd: 0.25}}
    expect: {outputs: {text: Hello.}, cost_usd: 0.25, steps: {write: {attempts: 1, cost_usd: {min: 0.2, max: 0.3}}}}
  - name: fails once, then answers
    answers: {write: [{error: server}, {output: At last.}]}
    expect: {outputs: {text: At last.}, steps: {write: {attempts: 2, model: meta/meta-llama-3-8b-instruct}}}
  - name: one model is down, the other answers
    answers:
      meta/meta-llama-3-8b-instruct: {error: {code: timeout, message: too slow}}
      meta/meta-llama-3-70b-instruct: {output: I am larger.}
    expect: {outputs: {text: I am larger.}, steps: {write: {attempts: 4}}}
  - name: no credit stops the run
    answers: {write: {error: payment_required}}
    expect: {status: waiting, error: payment_required}
  - name: over budget
    budget_usd: 0.0000001
    expect: {error: budget_exceeded}
`)
    expect(files.flatMap(({ cases }) => cases.flatMap(({ failures }) => failures))).toEqual([])
    expect(passed).toBe(5)
  })

  test('items of a foreach, rounds of a repeat and steps of a nested workflow have answers of their own, and files', async () => {
    await cli.write('workflows/picture.txt', 'a picture')
    await cli.write(
      'workflows/inner.yaml',
      'inputs: {text: {type: string}}\nsteps: {ask: {model: acme/private, input: {prompt: "${{ inputs.text }}"}}}\noutputs: {said: "${{ steps.ask.output }}"}\n',
    )
    await cli.write(
      'workflows/outer.yaml',
      `
steps:
  each: {foreach: {in: [a, b, c]}, model: acme/unknown, input: {text: '\${{ item }}'}, on_error: continue, retry: {attempts: 2}}
  polish: {model: acme/unknown, repeat: {until: output == "good", max: 4}}
  draw: {model: acme/painter}
  nested: {workflow: inner.yaml, input: {text: '\${{ steps.polish.output }}'}}
  said: {foreach: {in: [x, y]}, workflow: inner.yaml, input: {text: '\${{ item }}'}}
outputs:
  each: '\${{ steps.each.output }}'
  nested: '\${{ steps.nested.output.said }}'
  all: '\${{ map(steps.said.output, "said") }}'
  file: '\${{ steps.draw.output }}'
`,
    )
    await cli.write(
      'workflows/outer.test.yaml',
      `
tests:
  - name: all of them
    answers:
      each: {items: [{output: 1}, [{error: network}, {output: 2}], {error: validation}]}
      polish: [{output: bad}, {output: better}, {output: good}]
      draw: {file: picture.txt}
      nested.ask: {output: from within}
      said.ask: {output: again}
    expect:
      outputs: {each: [1, 2, null], nested: from within, all: [again, again]}
      that: ['steps.draw.files[0].name == "picture.txt"', 'steps.each.items[2].error.code == "validation"', 'len(steps.draw.files) == 1']
      steps: {each: {attempts: 4, items: 3}, polish: {attempts: 3, output: good}}
`,
    )
    const { stdout, stderr, code } = await cli.run('workflows test outer')
    expect(stderr).toBe('')
    expect(stdout).toContain('1 passed')
    expect(stdout).toMatch(/branches {2}100 % {2}9 of 9/)
    expect(code).toBe(0)
  })

  test('what each call was sent can be looked at, of items, attempts and nested workflows, also when it is long', async () => {
    const long = 'x'.repeat(100_000)
    await cli.write('workflows/inner.yaml', 'steps: {ask: {model: acme/private, input: {q: within}}}\n')
    await cli.write(
      'workflows/calls.yaml',
      `inputs: {text: {type: string, default: ${long}}}
steps:
  each: {foreach: {in: [a, b]}, model: meta/meta-llama-3-8b-instruct, input: {prompt: 'Say \${{ item }}'}}
  long: {model: acme/unknown, input: {text: '\${{ inputs.text }}'}}
  none: {model: acme/unknown, condition: 'false'}
  nested: {workflow: inner.yaml}
  many: {foreach: {in: [a, b, c]}, workflow: echo.yaml, input: {text: '\${{ item }}'}}
`,
    )
    await cli.write(
      'workflows/echo.yaml',
      'inputs: {text: {type: string}}\nsteps: {ask: {model: acme/unknown, input: {q: "${{ inputs.text }}"}}}\n',
    )
    await cli.write(
      'workflows/calls.test.yaml',
      `tests:
  - name: calls
    answers: {acme/private: [{error: server}, {output: 1}], acme/unknown: {output: 2}}
    expect:
      that:
        - map(calls.each, "index") == [0, 1] and calls.each[1].input.prompt == "Say b"
        - calls.each[0].model == "meta/meta-llama-3-8b-instruct"
        - calls["nested.ask"][1].input.q == "within" and len(calls["nested.ask"]) == 2
        - len(calls.long[0].input.text) == 100000
        - len(calls.none) == 0
        - join(map(map(calls["many.ask"], "input"), "q"), " ") == "a b c"
`,
    )
    const { stdout, stderr } = await cli.run('workflows test calls')
    expect(stderr).toBe('')
    expect(stdout).toContain('1 passed')
  })

  test('a case that never ends is left, and says which step ran', async () => {
    const failures = await complaints(`
tests:
  - name: stalls
    timeout: 300ms
    faults: ['*:stall']
`)
    expect(failures).toEqual({ '3:11': 'it took longer than 300ms, while "write" ran' })
  })
})

describe('approvals', () => {
  test('are answered with yes, no, or not in time; without an answer the run waits', async () => {
    const { passed, coverage } = await reported(`
tests:
  - {name: yes, approvals: {check: approve}, expect: {steps: {check: {status: succeeded}}}}
  - {name: no, approvals: {check: {approved: false, by: ann}}, expect: {error: {code: rejected, message: by ann}}}
  - {name: too late, approvals: {check: timeout}, expect: {error: approval_timeout}}
  - {name: nobody, expect: {status: waiting, steps: {check: waiting, publish: not_run}}}
`)
    expect(passed).toBe(4)
    expect(coverage).toMatchObject({ covered: 6, total: 9 })
  })

  test('of items and of nested workflows are answered by their step', async () => {
    await cli.write(
      'workflows/asks.yaml',
      'steps: {ask: {foreach: {in: [a, b]}, approval: "${{ item }}?", on_error: continue}}\noutputs: {said: "${{ map(steps.ask.output, \\"approved\\") }}"}\n'.replaceAll(
        '\\"',
        "'",
      ),
    )
    await cli.write(
      'workflows/above.yaml',
      'steps: {below: {workflow: asks.yaml}}\noutputs: {said: "${{ steps.below.output.said }}"}\n',
    )
    await cli.write(
      'workflows/asks.test.yaml',
      'tests: [{name: each, approvals: {ask: [true, true]}, expect: {outputs: {said: [true, true]}}}]',
    )
    await cli.write(
      'workflows/above.test.yaml',
      'tests: [{name: nested, approvals: {ask: true}, expect: {outputs: {said: [true, true]}}}]',
    )
    const { stdout } = await cli.run('workflows test asks.yaml above.yaml'.replaceAll(/(\w+\.yaml)/g, 'workflows/$1'))
    expect(stdout).toContain('2 passed of 2 tests in 2 files')
  })
})

describe('a failed expectation', () => {
  test('of each kind says what was expected and what came', async () => {
    expect(
      await complaints(`
tests:
  - name: everything is wrong
    answers: {write: {output: {a: 1, list: [1, 2, 3]}, cost_usd: 0.5}}
    approvals: {check: true}
    expect:
      outputs:
        text: {a: 2, list: [1, 4], more: true}
      that:
        - outputs.text.a == 2 or outputs.note == "x"
        - outputs.text.b > 1
        - steps.write.attempts
      schema: {required: [title], properties: {note: {minLength: 3}}}
      steps:
        grow: succeeded
        publish: {status: not_run, output: {text: 1}}
        write: {attempts: {min: 2}, model: openai/gpt-5-nano, cached: true, items: 3, cost_usd: {min: 1, max: 2}, error: server}
      cost_usd: 0.4
`),
    ).toEqual({
      '8:15':
        'output "text" is not as expected | - a: 2 | + a: 1 | - list[1]: 4 | + list[1]: 2 | + list[2]: 3 | - more: true',
      '10:11': 'outputs.text.a == 2 or outputs.note == "x" is false | outputs.text.a is 1 | outputs.note is ""',
      '11:11': expect.stringMatching(/^outputs\.text\.b > 1: .*no field/),
      '13:15': 'the outputs do not fit the schema | title is missing | note is shorter than 3',
      '15:15': 'step "grow" is skipped, not succeeded | its condition is false: inputs.big',
      '16:27': 'step "publish" is succeeded, not not_run',
      '16:44':
        'the output of step "publish" is not as expected | - text: 1 | + text: {"a":1,"list":[1,2,3]} | + note: ""',
      '17:27': 'the number of attempts of step "write" is 1, not at least 2',
      '17:44': 'the model of step "write" is "meta/meta-llama-3-8b-instruct", not "openai/gpt-5-nano"',
      '17:71': '`cached` of step "write" is false, not true',
      '17:84': 'the number of items of step "write" is unknown, not 3',
      '17:97': 'the cost in dollars of step "write" is 0.5, not from 1 to 2',
      '17:122': 'step "write" has no error',
      '18:17': 'the cost in dollars is 0.5, not 0.4',
    })
  })

  test('of how the run ends says how it ended', async () => {
    expect(await complaints('tests:\n  - {name: asks, expect: {status: succeeded}}')).toEqual({
      '2:35': expect.stringMatching(/^the run is waiting, not succeeded \| step "check" asks: Publish/),
    })
    expect(await complaints('tests:\n  - {name: broken, answers: {write: {error: validation}}}')).toEqual({
      '2:12': expect.stringMatching(/^the run failed, not succeeded \| validation: step "write": .* fail/),
    })
    const right = 'tests:\n  - {name: right, approvals: {check: true}, expect: {error: {code: server}}}'
    expect(await complaints(right)).toEqual({
      '2:61': 'the run succeeded, not failed',
    })
    const other =
      'tests:\n  - {name: x, approvals: {check: false}, expect: {error: {code: server, step: write, message: no}}}'
    expect(await complaints(other)).toEqual({
      '2:65': 'the error of the run is rejected, not server | rejected: step "check": rejected by tester',
      '2:79': 'the error is of step "check", not "write" | rejected: step "check": rejected by tester',
      '2:95': 'the error of the run does not say "no" | rejected: step "check": rejected by tester',
    })
  })

  test('keeps its run for a look, when that is asked for', async () => {
    await tests('tests: [{name: fails, expect: {cost_usd: 7}, approvals: {check: true}}]')
    const { stdout } = await cli.run('workflows test --keep')
    const [, home = ''] = /look: replicate-agent runs show test --checkpoint-dir (\S+)/.exec(stdout) ?? []
    const shown = await cli.run(`runs show test --checkpoint-dir ${home} --json`)
    expect(shown.json()).toMatchObject({ run_id: 'test', status: 'succeeded', workflow: 'flow' })
    await rm(join(home, '..'), { recursive: true })
  })
})

describe('options', () => {
  const three = `
tests:
  - {name: first fails, expect: {cost_usd: 7}}
  - {name: second waits, expect: {status: waiting}}
  - {name: third is for later, skip: not yet}
`
  const statuses = ({ files }: TestReport) => files.flatMap(({ cases }) => cases.map(({ status }) => status))

  test('--name takes some cases, and says nothing of coverage then', async () => {
    const report = await reported(three, '--name SECOND')
    expect(statuses(report)).toEqual(['passed'])
    expect(report).not.toHaveProperty('coverage')
    expect(await cli.run('workflows test --name nothing')).toMatchObject({ code: 2, stdout: '' })
  })

  test('--bail begins nothing after a failure', async () => {
    expect(statuses(await reported(three, '--bail --jobs 1'))).toEqual(['failed', 'not_run', 'skipped'])
    expect(statuses(await reported(three, '--jobs 1'))).toEqual(['failed', 'passed', 'skipped'])
  })

  test('--min-coverage fails below it', async () => {
    await tests('tests: [{name: waits, expect: {status: waiting}}]')
    expect(await cli.run('workflows test --min-coverage 33')).toMatchObject({ code: 0 })
    expect(await cli.run('workflows test --min-coverage 33.4 --no-coverage')).toMatchObject({
      code: 1,
      stdout: expect.not.stringContaining('branches'),
      stderr: expect.stringContaining('the tests take 33.3 % of the branches, fewer than 33.4 %'),
    })
  })

  test.each(['--watch --json', '--watch --keep', '--name x --min-coverage 3', '--min-coverage 101', '--jobs 0'])(
    '%s makes no sense',
    async (options) => expect(await cli.run(`workflows test ${options}`)).toMatchObject({ code: 2 }),
  )

  test('--junit writes a case for each test', async () => {
    await tests(three)
    expect(await cli.run('workflows test --junit out/tests.xml')).toMatchObject({ code: 1 })
    const xml = await readFile(join(cli.cwd, 'out/tests.xml'), 'utf8')
    expect(xml).toContain('<testsuites name="workflow tests" tests="3" failures="1" errors="0" skipped="1"')
    expect(xml).toMatch(
      /<testcase name="first fails" classname="flow" time="[\d.]+" file="workflows\/flow\.test\.yaml" line="3">/,
    )
    expect(xml).toContain('<failure message="the run is waiting, not succeeded">')
    expect(xml).toContain('<skipped message="not yet"/>')
    await tests('tests: [{nme: x}]')
    expect(await cli.run('workflows test --junit out/tests.xml')).toMatchObject({ code: 3 })
    expect(await readFile(join(cli.cwd, 'out/tests.xml'), 'utf8')).toContain('errors="2"')
  })

  test('under GitHub Actions failures are marked where they are expected otherwise', async () => {
    await tests(three)
    const summary = join(cli.cwd, 'summary.md')
    const { stderr } = await cli.run('workflows test', {
      env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary },
    })
    expect(stderr).toMatch(
      /::error title=first fails,file=workflows\/flow\.test\.yaml,line=3,col=\d+::the run is waiting/,
    )
    expect(await readFile(summary, 'utf8')).toContain('| flow | 1 | 1 | 1 |')
  })

  test('Ctrl-C leaves the tests, and what they were at', async () => {
    await cli.write('workflows/a.test.yaml', 'workflow: flow\ntests: [{name: waits, expect: {status: waiting}}]')
    await tests(
      "tests: [{name: stalls, faults: ['*:stall']}, {name: stalls, too, faults: ['*:stall']}]".replace(', too', ' too'),
    )
    const end = await cli.run('workflows test', {
      watch: (printed, send) => {
        if (printed.includes('✓ waits')) send('SIGINT')
      },
    })
    expect(end).toMatchObject({ code: 130, stderr: expect.stringContaining('the tests were stopped') })
  })
})

/** `workflows test`: cases in sandboxes of their own, what is expected of them, and what is said when it does not come. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CliRig, openCli } from './rig.ts'

const flow = `
name: flow
env: [GREETING]
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
  await cli.write('workflows/flow.yaml', flow.replace('env: [GREETING]\n', ''))
})
afterEach(() => cli.close())

const tests = (text: string) => cli.write('workflows/flow.test.yaml', text)

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

  test('says what was expected, what came, and where it is written', async () => {
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

  test('lets models fail, without waiting between attempts', async () => {
    await tests(`
tests:
  - name: takes the other model
    faults: ['meta/meta-llama-3-8b-instruct:failed']
    approvals: {check: true}
    expect: {steps: {write: {attempts: 4, model: meta/meta-llama-3-70b-instruct}}}
`)
    expect(await cli.run('workflows test')).toMatchObject({ code: 0 })
  })
})

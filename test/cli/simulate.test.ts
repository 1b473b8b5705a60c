import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CliRig, openCli } from './rig.ts'

const flow = `
name: flow
max_concurrency: 2
steps:
  one: {model: meta/meta-llama-3-8b-instruct, input: {prompt: one}}
  two: {model: meta/meta-llama-3-8b-instruct, input: {prompt: two}}
  three: {model: meta/meta-llama-3-8b-instruct, input: {prompt: three}}
  join: {value: '\${{ steps.one.output + steps.two.output }}'}
finally:
  last: {model: meta/meta-llama-3-8b-instruct, input: {prompt: last}}
`
const trace = {
  name: 'measured',
  tasks: [
    { id: 'a.b-c', runtime_s: 3600, parents: [] },
    { id: 'x'.repeat(113), runtime_s: 1, parents: ['a.b-c'] },
  ],
}

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('flow.yaml', flow)
})
afterEach(() => cli.close())

describe('workflows simulate', () => {
  test('says how long a measured trace would take', async () => {
    await cli.write('trace.json', JSON.stringify(trace))
    const { code, stdout } = await cli.run('workflows simulate trace.json')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^measured: 2 tasks, 1 need, 8 at once; planned in /)
    expect(stdout).toMatch(/takes +1h 00m +1\.000 times the lower bound/)
    const { json } = await cli.run('workflows simulate trace.json --concurrency 16 --json')
    expect(json()).toEqual({
      name: 'measured',
      concurrency: 16,
      tasks: 2,
      edges: 1,
      makespan_s: 3601,
      critical_path_s: 3601,
      total_work_s: 3601,
      lower_bound_s: 3601,
      utilisation: 1 / 16,
      plan_ms: expect.any(Number) as number,
    })
  })

  test('takes the durations of a workflow’s steps from a file; `finally` comes after all others', async () => {
    await cli.write('times.json', '{"one": 4, "two": 2, "three": 2, "last": 1}')
    const { json } = await cli.run('workflows simulate flow.yaml --durations times.json --json')
    expect(json()).toMatchObject({ name: 'flow', concurrency: 2, tasks: 5, makespan_s: 5, critical_path_s: 5 })
    const { json: one } = await cli.run('workflows simulate flow.yaml --durations times.json --concurrency 1 --json')
    expect(one()).toMatchObject({ makespan_s: 9 })
  })

  test('takes what earlier runs took, and says what to do when nobody knows', async () => {
    const nobody = await cli.run('workflows simulate flow.yaml --sandbox')
    expect(nobody.code).toBe(3)
    expect(nobody.stderr).toContain('nobody knows how long "one", "two", "three", "last" takes')
    expect(nobody.stderr).toContain('--durations')
    expect((await cli.run('run flow.yaml --sandbox -q')).code).toBe(0)
    const { code, json } = await cli.run('workflows simulate flow.yaml --sandbox --json')
    expect(code).toBe(0)
    expect(json()['makespan_s']).toBeGreaterThan(0)
  })

  test.each([
    ['{"tasks": [{"id": "a", "runtime_s": -1}]}', 'tasks.0.runtime_s'],
    ['{"tasks": [{"id": "a", "runtime_s": 1}, {"id": "a", "runtime_s": 1}]}', 'two tasks are called "a"'],
    ['{"tasks": [{"id": "a", "runtime_s": 1, "parents": ["b"]}]}', '"a" needs "b", which is not there'],
    ['{"tasks": [{"id": "a", "runtime_s": 1, "parents": ["a"]}]}', 'go round in a cycle'],
    ['{"tasks": ', 'bad.json is no JSON'],
  ])('refuses the trace %s', async (text, why) => {
    await cli.write('bad.json', text)
    const { code, stderr } = await cli.run('workflows simulate bad.json')
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(why) as string })
  })

  test('refuses durations of steps that are not there, and files that are none', async () => {
    await cli.write('times.json', '{"ones": 4}')
    const { code, stderr } = await cli.run('workflows simulate flow.yaml --durations times.json')
    expect(code).toBe(3)
    expect(stderr).toContain('did you mean "one"?')
    expect((await cli.run('workflows simulate nothing.json')).code).toBe(3)
    await writeFile(join(cli.cwd, 'text.json'), Buffer.from([0x22, 0xff, 0x22]))
    expect((await cli.run('workflows simulate text.json')).stderr).toContain('no UTF-8')
  })
})

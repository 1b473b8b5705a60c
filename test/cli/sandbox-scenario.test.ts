import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CliEnd, type CliRig, openCli } from './rig.ts'

let cli: CliRig

beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

/** What the sandbox answered to creates of two models, until it was stopped. */
async function served(command: string): Promise<{ end: CliEnd; statuses: number[] }> {
  const statuses: number[] = []
  let asked = false
  const end = await cli.run(`${command} --json`, {
    watch(printed, send) {
      if (asked) return
      asked = true
      const { url } = JSON.parse(printed) as { url: string }
      void (async () => {
        for (const model of ['meta/meta-llama-3-8b-instruct', 'black-forest-labs/flux-schnell']) {
          const response = await fetch(`${url}/models/${model}/predictions`, {
            method: 'POST',
            headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
            body: JSON.stringify({ input: { prompt: 'a red mug' } }),
          })
          statuses.push(response.status)
        }
        send('SIGINT')
      })()
    },
  })
  return { end, statuses }
}

describe('sandbox --faults', () => {
  test('plays a scenario, and --fail before it', async () => {
    await cli.write('storm.yaml', "latency: 0\nfaults:\n  - {model: meta/*, fault: status, status: 500}\n  - '*:429'\n")
    expect(await served('sandbox --faults storm.yaml')).toMatchObject({ end: { code: 130 }, statuses: [500, 429] })
    const first = await served("sandbox --faults storm.yaml --fail 'meta/*:status=418'")
    expect(first.statuses).toEqual([418, 429])
  })

  test('reads JSON as well', async () => {
    await cli.write('storm.json', JSON.stringify({ faults: [{ fault: 'dead', model: 'meta/*' }] }))
    expect((await served('sandbox --faults storm.json')).statuses).toEqual([404, 201])
  })

  test('tells of everything that is wrong with the file, each with its line, with code 3', async () => {
    await cli.write('storm.yaml', 'faults:\n  - fault: rate_limit\n  - fault: drop\n    rat: 0.5\nlatencyy: 5\n')
    const { code, stdout, stderr } = await cli.run('sandbox --faults storm.yaml')
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('storm.yaml:2:12')
    expect(stderr).toContain('did you mean "rate_limited"?')
    expect(stderr).toContain('storm.yaml:4:5')
    expect(stderr).toContain('did you mean "rate"?')
    expect(stderr).toContain('storm.yaml:5:1')
  })

  test.each([
    ['a file that is not there', 'nowhere.yaml', undefined],
    ['an empty file', 'empty.yaml', ''],
    ['no YAML', 'broken.yaml', 'faults: [\n'],
    ['a list', 'list.yaml', "- '*:drop'\n"],
    ['a key twice', 'twice.yaml', 'seed: 1\nseed: 2\n'],
  ])('refuses %s with code 3', async (_what, file, text) => {
    if (text !== undefined) await cli.write(file, text)
    const { code, stderr } = await cli.run(`sandbox --faults ${file}`)
    expect(code).toBe(3)
    expect(stderr).toContain(file)
  })
})

describe('run --sandbox --faults', () => {
  const poster = `
name: poster
steps:
  draw:
    model: black-forest-labs/flux-schnell
    input: {prompt: tea}
    retry: {attempts: 1}
outputs: {picture: "\${{ first(steps.draw.output) }}"}
`

  test('runs against the scenario, and is retried without it', async () => {
    await cli.write('workflows/poster.yaml', poster)
    await cli.write('storm.yaml', 'latency: 0\nfaults:\n  - {fault: failed, error: CUDA out of memory}\n')
    const failed = await cli.run('run poster --sandbox --faults storm.yaml --run-id r --json')
    expect(failed.code).toBe(1)
    expect(JSON.stringify(failed.json())).toContain('CUDA out of memory')
    expect((await cli.run('runs retry r -q')).code).toBe(0)
  })

  test('tells of a failure in the sandbox’s own words: its token is no word that they could hold', async () => {
    await cli.write('workflows/poster.yaml', poster)
    await cli.write('storm.yaml', "latency: 0\nfaults: ['*:failed']\n")
    const { stderr } = await cli.run('run poster --sandbox --faults storm.yaml')
    expect(stderr).toContain('(injected by the sandbox)')
  })

  test('is a usage error without the sandbox', async () => {
    await cli.write('workflows/poster.yaml', poster)
    await cli.write('storm.yaml', "faults: ['*:drop']\n")
    const { code, stderr } = await cli.run('run poster --faults storm.yaml')
    expect(code).toBe(2)
    expect(stderr).toContain('add --sandbox')
  })
})

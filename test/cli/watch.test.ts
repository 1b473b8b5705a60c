import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type CliEnd, type CliRig, openCli, type RunOptions } from './rig.ts'

const stalls = 'meta/meta-llama-3-70b-instruct'

let sandbox: Sandbox
let cli: CliRig
beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0', faults: [`${stalls}:stall`] })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
})
afterEach(() => cli.close())

const saying = (word: string) => `name: say\nsteps: {a: {value: ${word}}}\noutputs: {said: "\${{ steps.a.output }}"}\n`

/** As an editor does it. */
function put(file: string, text: string): void {
  const path = join(cli.cwd, file)
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

/** Does the next thing each time that the command waits for changes; then sends Ctrl-C. */
function whileWatching(...acts: (() => void)[]): RunOptions {
  let seen = 0
  return {
    watch(printed, send) {
      const waits = printed.split('Ctrl-C ends it').length - 1
      if (waits === seen) return
      seen = waits
      const act = acts.shift()
      if (act) act()
      else send('SIGINT')
    },
  }
}

function said({ stdout }: CliEnd): string[] {
  return [...stdout.matchAll(/said +(.*)/g)].map(([, word]) => word as string)
}

describe('run --watch', () => {
  test('runs again after each change, until Ctrl-C', async () => {
    await cli.write('say.yaml', saying('one'))
    const end = await cli.run(
      'run say.yaml --watch',
      whileWatching(
        () => put('say.yaml', saying('two')),
        () => writeFileSync(join(cli.cwd, 'say.yaml'), saying('three')),
      ),
    )
    expect(said(end)).toEqual(['one', 'two', 'three'])
    expect(end.stderr).toContain('say.yaml changed: running again')
    expect(end.code).toBe(130)
    expect((await cli.run('runs list --json')).json()['runs']).toHaveLength(3)
  })

  test('shows what is wrong with a file, and goes on when it is repaired', async () => {
    await cli.write('say.yaml', 'name: say\nsteps: {a: {valu: 1}}\n')
    const end = await cli.run(
      'run say.yaml --watch',
      whileWatching(() => put('say.yaml', saying('repaired'))),
    )
    expect(end.stderr).toMatch(/^error: .*"a" does nothing/m)
    expect(said(end)).toEqual(['repaired'])
    expect(end.code).toBe(130)
  })

  test('watches nested workflows and input files, too, and the folder of a file that is not there yet', async () => {
    await cli.write(
      'outer.yaml',
      'name: outer\ninputs: {word: {type: string}}\nsteps: {in: {workflow: ./say.yaml}}\noutputs: {said: "${{ inputs.word }} ${{ steps.in.output.said }}"}\n',
    )
    await cli.write('in.json', '{"word": "well"}')
    const end = await cli.run(
      'run outer.yaml --input @in.json --watch',
      whileWatching(
        () => put('say.yaml', saying('one')),
        () => put('say.yaml', saying('two')),
        () => put('in.json', '{"word": "so"}'),
      ),
    )
    expect(end.stderr).toContain('say.yaml')
    expect(end.stderr).toContain('watching 3 files')
    expect(said(end)).toEqual(['well one', 'well two', 'so two'])
  })

  test('cancels a run that is outdated, and what it has in flight', async () => {
    await cli.write('say.yaml', `name: say\nsteps: {a: {model: ${stalls}, input: {prompt: hm}}}\n`)
    let changed = false
    const { watch } = whileWatching()
    const end = await cli.run('run say.yaml --watch', {
      watch(printed, send) {
        if (!changed && printed.includes('a    … started')) {
          changed = true
          put('say.yaml', saying('new'))
        }
        if (said({ stdout: printed } as CliEnd).length > 0) watch?.(printed, send)
      },
    })
    expect(said(end)).toEqual(['new'])
    const { runs } = (await cli.run('runs list --json')).json() as unknown as { runs: { status: string }[] }
    expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'cancelled'])
  })

  test('Ctrl-C during a run cancels it and ends', async () => {
    await cli.write('say.yaml', `name: say\nsteps: {a: {model: ${stalls}, input: {prompt: hm}}}\n`)
    let sent = false
    const end = await cli.run('run say.yaml --watch', {
      watch(printed, send) {
        if (sent || !printed.includes('a    … started')) return
        sent = true
        send('SIGINT')
      },
    })
    expect(end.code).toBe(130)
    expect(end.stderr).toContain('say cancelled')
    expect(end.stderr).not.toContain('Ctrl-C ends it')
  })

  test.each([
    ['--json', '--jsonl'],
    ['--run-id x', '--run-id'],
    ['--dry-run', '--dry-run'],
    ['--input -', 'stdin'],
  ])('refuses %s', async (option, why) => {
    await cli.write('say.yaml', saying('one'))
    const { code, stderr } = await cli.run(`run say.yaml --watch ${option}`)
    expect(code).toBe(2)
    expect(stderr).toContain(why)
  })

  test('says that there is no such workflow', async () => {
    expect((await cli.run('run nothing --watch')).code).toBe(3)
  })
})

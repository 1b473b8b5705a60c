/** `prices set`: where it writes, what stays, and what it refuses. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/std/clock.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const began = Date.now()
const november = { ...systemClock, now: () => Date.parse('2026-11-21T12:00:00Z') + Date.now() - began }

const shop = `
name: shop
agents: {reader: {model: acme/reader, price: {usd_per_call: 0.01}}}
steps: {read: {agent: reader}}
`

describe('prices set', () => {
  let user: string
  let env: Record<string, string>
  beforeEach(() => {
    user = join(cli.home, 'config')
    env = { XDG_CONFIG_HOME: user }
  })
  const userFile = () => readFile(join(user, 'replicate-agent/replicate-agent.yaml'), 'utf8')
  const projectFile = () => readFile(join(cli.cwd, 'replicate-agent.yaml'), 'utf8')
  const set = (command: string, more: { code?: number } = {}) =>
    cli.run(`prices set ${command}`, { clock: november, env }).then((end) => {
      expect(end, end.stderr).toMatchObject({ code: more.code ?? 0 })
      return end
    })

  test("writes into the user's configuration where the project has none, and what it writes holds", async () => {
    const { stdout } = await set('acme/slow --per-second 0.001 --source "our contract"')
    expect(await userFile()).toBe(
      'prices:\n  acme/slow: {usd_per_second: 0.001, as_of: 2026-11-21, source: our contract}\n',
    )
    expect(stdout).toContain('acme/slow  $0.001 a second')
    const list = await cli.run('prices list --model acme/slow', { clock: november, env })
    expect(list.stdout).toMatch(/^acme\/slow +\$0\.001 a second +2026-11-21 +user .*replicate-agent\.yaml:2$/m)
  })

  test('writes into the configuration of the project, whose comments and layout stay', async () => {
    const before =
      '# ours\nagents:   {writer: {model: acme/chat}}\n\nprices:\n  # of May\n  acme/chat: {usd_per_call: 1} # old\n'
    await cli.write('replicate-agent.yaml', before)
    const end = await set('acme/chat --per-input-token 0.05/1M --per-output-token 2.5e-7 --as-of 2026-11-01')
    expect(await projectFile()).toBe(
      before.replace(
        '{usd_per_call: 1}',
        '{usd_per_input_token: 5e-8, usd_per_output_token: 2.5e-7, as_of: 2026-11-01}',
      ),
    )
    expect(end.stdout).toContain('$0.05 / $0.25 per million tokens (was $1 a call)')
    await set('acme/other --per-image 0.03 --user')
    expect(await userFile()).toContain('acme/other: {usd_per_output: 0.03, as_of: 2026-11-21}')
  })

  test('writes several parts as one price', async () => {
    await set('acme/film --per-output-second 0.05 --per-input-character 0.03/1k --per-call 0.01 --project')
    expect(await projectFile()).toBe(
      'prices:\n  acme/film: {usd_per_call: 0.01, usd_per_output_second: 0.05, usd_per_input_character: 0.00003, as_of: 2026-11-21}\n',
    )
  })

  test('makes a configuration of the project when that is asked for', async () => {
    await set('acme/x --per-call 0.5 --project')
    expect(await projectFile()).toBe('prices:\n  acme/x: {usd_per_call: 0.5, as_of: 2026-11-21}\n')
  })

  test('prices a machine, and models on it follow', async () => {
    await set('--hardware gpu-b200 --per-second 0.004')
    await set('acme/big --hardware gpu-b200 --per-call 0.01')
    const list = await cli.run('prices list --model acme/big --json', { clock: november, env })
    expect(list.json()['prices']).toMatchObject([
      { hardware: 'gpu-b200', rates: { usd_per_second: 0.004, usd_per_call: 0.01 }, as_of: '2026-11-21' },
    ])
    const end = await set('acme/big --hardware gpu-b20 --per-call 0.01', { code: 2 })
    expect(end.stderr).toContain('did you mean "gpu-b200"?')
  })

  test('takes a price out again, and says what holds then', async () => {
    await set('openai/whisper --per-second 0.5')
    expect((await set('openai/whisper --unset')).stderr).toContain('now it is $0.000225 a second (gpu-t4), built in')
    expect(await userFile()).toBe('prices: {}\n')
    expect((await set('openai/whisper --unset', { code: 2 })).stderr).toContain('its price is a built-in one')
  })

  test('says when what it wrote is not read here', async () => {
    await cli.write('other.yaml', 'agents: {}\n')
    expect((await set('acme/x --per-call 2 --user --config other.yaml')).stderr).toContain('is not read here')
    expect((await set('acme/x --per-call 2 --config other.yaml')).stderr).toBe('')
    expect(await readFile(join(cli.cwd, 'other.yaml'), 'utf8')).toContain('acme/x: {usd_per_call: 2')
  })

  test('says when another place comes first', async () => {
    await cli.write('workflows/shop.yaml', shop)
    const { stderr } = await set('acme/reader --per-call 3')
    expect(stderr).toContain('agent "reader" has a price of its own for acme/reader, which comes before this one')
    await cli.write('replicate-agent.yaml', 'prices:\n  acme/x: {usd_per_call: 1}\n')
    expect((await set('acme/x --per-call 2 --user')).stderr).toContain('replicate-agent.yaml:2 comes before this one')
  })

  test.each([
    ['acme/x', 'the price says no price'],
    ['acme --per-call 1', '"acme" names no model'],
    ['acme/x --per-call=-1', '--per-call takes dollars, not "-1"'],
    ['acme/x --per-call nan', '--per-call takes dollars, not "nan"'],
    ['acme/x --per-call 2000000', 'must be at most 1000000 dollars'],
    ['acme/x --per-call 1 --as-of 2026-12-24', '2026-12-24 is still to come'],
    ['acme/x --per-call 1 --as-of 2026-02-30', 'must be a day that there is'],
    ['acme/x --per-second 1 --hardware cpu', 'has both `hardware` and `usd_per_second`'],
    ['acme/x --per-call 1 --unset', '--unset takes a price out'],
    ['acme/x --per-call 1 --user --project', 'give one'],
    ['--per-second 1', 'say what is priced'],
    ['--hardware gpu-h100 --per-call 1', 'hardware is priced by the second'],
    ['--hardware ../x --per-second 1', '"../x" names no hardware'],
  ])('refuses %s, and writes nothing', async (command, message) => {
    const { stderr } = await set(command, { code: 2 })
    expect(stderr).toContain(message)
    await expect(userFile()).rejects.toThrow('ENOENT')
  })

  test('leaves a file alone that is broken, and says where', async () => {
    await cli.write('replicate-agent.yaml', 'prices: [1\n')
    const { stderr } = await set('acme/x --per-call 1', { code: 3 })
    expect(stderr).toContain('replicate-agent.yaml:')
    expect(await projectFile()).toBe('prices: [1\n')
  })

  test("says that there is no room for the user's configuration, and what is not there to be taken out", async () => {
    await writeFile(join(cli.cwd, 'taken'), '')
    env = { XDG_CONFIG_HOME: join(cli.cwd, 'taken') }
    expect((await set('acme/x --per-call 1', { code: 74 })).stderr).toContain("can't be written")
    await cli.write('replicate-agent.yaml', 'agents: {}\n')
    expect((await set('acme/x --unset', { code: 2 })).stderr).toContain('says no price of acme/x')
    expect(await projectFile()).toBe('agents: {}\n')
  })

  test('loses nothing when several are written at once', async () => {
    await Promise.all(Array.from({ length: 6 }, (_, at) => set(`acme/m${at} --per-call ${at + 1} --project`)))
    const list = await cli.run('prices list --model acme/m* --json', { clock: november, env })
    expect(list.json()['prices']).toHaveLength(6)
  })
})

import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { actionTable } from '../../src/app/actions/table.ts'
import { version } from '../../src/app/version.ts'
import { aliases, nounTable, verbTable } from '../../src/doors/cli/commands/table.ts'
import { longName } from '../../src/doors/cli/option.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig

beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const verbs = [
  ...Object.entries(nounTable).flatMap(([noun, entry]) =>
    Object.entries(entry.verbs).map(([verb, one]) => [`${noun} ${verb}`, one] as const),
  ),
  ...Object.entries(verbTable),
]

describe('the program', () => {
  test('prints the version of package.json', async () => {
    const packed = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect(version).toBe(packed.version)
    expect(await cli.run('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each(['', '--help', 'help'])('shows nouns, verbs and how to begin for "%s"', async (command) => {
    const { code, stdout } = await cli.run(command)
    expect(code).toBe(0)
    for (const name of [...Object.keys(nounTable), ...Object.keys(verbTable)]) expect(stdout).toContain(`  ${name} `)
    expect(stdout).toContain('replicate-agent init')
  })

  test('lists the verbs of a noun that stands alone', async () => {
    const { code, stdout } = await cli.run('runs')
    expect(code).toBe(0)
    for (const verb of Object.keys(nounTable['runs']?.verbs ?? {})) expect(stdout).toContain(`  ${verb} `)
  })

  test.each(verbs)(
    '`%s` has a help with its options, and examples that begin with the program',
    async (name, entry) => {
      const command = await entry.load()
      const { code, stdout } = await cli.run(`help ${name}`)
      expect(code).toBe(0)
      for (const { flags } of Object.values(command.options)) expect(stdout).toContain(longName(flags))
      for (const argument of Object.keys(command.args)) expect(stdout).toContain(argument)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const { command: line } of command.examples) expect(line).toMatch(/^replicate-agent /)
    },
  )

  test.each(verbs)('`%s` describes every option once and no two options alike', async (_name, entry) => {
    const { options } = await entry.load()
    const names = Object.values(options).flatMap(({ flags }) => flags.match(/(?<=^|\s)--?[a-z-]+/g) ?? [])
    expect(new Set(names).size).toBe(names.length)
  })

  test('aliases stand for verbs that exist', () => {
    for (const [noun, verb] of Object.values(aliases)) expect(nounTable[noun]?.verbs).toHaveProperty(verb)
  })

  test.each([
    ['wrokflows', 'there is no command "wrokflows"', 'did you mean "workflows"?'],
    ['workflows vaildate', 'there is no workflows verb "vaildate"', 'did you mean "validate"?'],
    ['expr 1 --jsn', 'unknown option "--jsn"', 'did you mean --json?'],
    ['workflows graph', 'missing required argument "workflow"', '--help shows how it is used'],
    ['expr 1 2', 'too many arguments', '--help shows how it is used'],
    ['run x --budget much', '--budget takes a number of dollars, not "much"', undefined],
    ['run x --max-concurrency 0', '--max-concurrency takes a whole number of at least 1, not "0"', undefined],
    ['workflows graph x --format svg', 'argument "svg" is invalid', '--help'],
  ])('`%s` is a usage error that says what to do', async (command, message, hint) => {
    const { code, stdout, stderr } = await cli.run(command)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(`error: `)
    expect(stderr).toContain(message)
    if (hint !== undefined) expect(stderr).toContain(hint)
    expect(stderr).not.toContain('    at ')
  })

  test('prints exactly one JSON object for an error before anything ran', async () => {
    const { code, stdout, json } = await cli.run('runs show nope --json')
    expect(code).toBe(2)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(json()).toMatchObject({
      error: { code: 'unknown_run', retryable: false, hint: expect.any(String) as string },
    })
  })

  test('shows a stack trace with --debug only', async () => {
    expect((await cli.run('runs show nope --debug')).stderr).toContain('    at ')
    expect((await cli.run('runs show nope')).stderr).not.toContain('    at ')
  })

  test('colours only terminals, unless it is told otherwise', async () => {
    const escape = '\u001b['
    expect((await cli.run('wrokflows', { tty: true })).stderr).toContain(escape)
    expect((await cli.run('wrokflows', { tty: true, env: { NO_COLOR: '1' } })).stderr).not.toContain(escape)
    expect((await cli.run('wrokflows')).stderr).not.toContain(escape)
    expect((await cli.run('wrokflows', { env: { FORCE_COLOR: '1' } })).stderr).toContain(escape)
    expect((await cli.run('wrokflows', { tty: true, env: { TERM: 'dumb' } })).stderr).not.toContain(escape)
  })
})

describe('the table of actions', () => {
  test.each(Object.entries(actionTable))(
    '%s is the action of that noun and verb, and says what it does',
    async (name, load) => {
      const action = await load()
      expect(`${action.noun}/${action.verb}`).toBe(name)
      expect(action.summary).not.toBe('')
    },
  )
})

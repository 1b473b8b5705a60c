/** Completion as a shell does it: the scripts in real shells, and the program that they ask. */
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aliases, nounTable, verbTable } from '../../src/doors/cli/commands/table.ts'
import { type CliRig, openCli } from './rig.ts'

const main = resolve(import.meta.dirname, '../../src/doors/cli/main.ts')
const yaml = `name: sort
description: "sorts: what it's given"
agents:
  writer: {model: acme/writer}
steps:
  first: {value: 1}
  then: {value: "\${{ steps.first.output }}"}
finally:
  last_one: {value: 1}
`

let cli: CliRig
let folder: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  cli = await openCli()
  folder = await mkdtemp(join(tmpdir(), 'completion-'))
  await cli.write('workflows/sort.yaml', yaml)
  await cli.write('other.yaml', yaml.replace('sort', 'other'))
  await mkdir(join(cli.cwd, 'pictures'))
  await cli.run('run sort --run-id run-one --json')
  const program = `#!/bin/sh
exec '${process.execPath}' --no-warnings --input-type=module -e "import { main } from '${main}'; await main(process.argv.slice(1))" -- "$@"
`
  await writeFile(join(folder, 'replicate-agent'), program)
  await chmod(join(folder, 'replicate-agent'), 0o755)
  for (const shell of ['bash', 'zsh', 'fish'])
    await writeFile(
      join(folder, shell === 'zsh' ? '_replicate-agent' : shell),
      (await cli.run(`completion ${shell}`)).stdout,
    )
  env = {
    ...{ PATH: [folder, process.env['PATH']].join(delimiter), HOME: folder, TERM: 'xterm' },
    REPLICATE_AGENT_HOME: cli.home,
  }
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await cli.close()
})

function shell(name: string, ...args: string[]) {
  return spawnSync(name, args, { cwd: cli.cwd, env, encoding: 'utf8', timeout: 25_000 })
}

function isMissing(name: string): boolean {
  return spawnSync(name, ['-c', 'exit 0']).error !== undefined
}

/** What a Tab behind each line offers; bash and fish. */
const expected: [line: string, offers: string[]][] = [
  ['runs re', ['reject', 'resume', 'retry']],
  ['runs resume --dur', ['--durability']],
  ['runs resume --durability ', ['full', 'normal']],
  ['runs resume --durability f', ['full']],
  ['runs resume ', ['last', 'run-one']],
  ['runs approve last ', ['first', 'last_one', 'then']],
  ['runs retry run-one --from ', ['first', 'last_one', 'then']],
  ['runs retry --step first --json l', ['last']],
  ['run --budget 1 s', ['sort']],
  ['agents run ', ['acme/writer', 'writer']],
  ['completion ', ['bash', 'fish', 'zsh']],
  ['run sort --budget ', []],
  ['no such verb ', []],
]

describe('completion in bash', () => {
  function offers(...words: string[]): string[] {
    const script = `source "$HOME/bash"; shift 0
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _replicate_agent replicate-agent
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = shell('bash', '--norc', '-c', script, 'bash', 'replicate-agent', ...words)
    expect(stderr).toBe('')
    return stdout.split('\n').filter((line) => line !== '')
  }

  test('offers every noun, verb and alias', () => {
    expect(offers('').toSorted()).toEqual(
      [...Object.keys(nounTable), ...Object.keys(verbTable), ...Object.keys(aliases)].toSorted(),
    )
    for (const [noun, { verbs }] of Object.entries(nounTable))
      expect(offers(noun, '').toSorted()).toEqual(Object.keys(verbs).toSorted())
  })

  test.each(expected)('after "%s" offers %j', (line, wanted) => {
    expect(offers(...line.split(' ')).toSorted()).toEqual(wanted)
  })

  test('offers workflow files beside names, and folders where a folder is wanted', () => {
    expect(offers('run', 'o')).toEqual(['other.yaml'])
    expect(offers('run', 'sort', '--artifacts', '')).toEqual(expect.arrayContaining(['pictures', 'workflows']))
    expect(offers('run', 'sort', '--artifacts', 'o')).toEqual([])
  })

  test('understands an option that is joined to its value', () => {
    expect(offers('runs', 'resume', '--durability', '=', 'n')).toEqual(['normal'])
    expect(offers('runs', 'resume', '--durability', '=')).toEqual(['full', 'normal'])
    expect(offers('runs', 'resume', '--durability', '=', 'full', 'run')).toEqual(['run-one'])
  })

  test('looks into the store that the line names', () => {
    expect(offers('runs', 'show', '--checkpoint-dir', join(folder, 'nothing'), '')).toEqual([])
    expect(offers('runs', 'show', '--checkpoint-dir', cli.home, 'run')).toEqual(['run-one'])
  })
})

describe.skipIf(isMissing('fish'))('completion in fish (skipped where it is not installed)', () => {
  // Each takes a process or two: those that differ from bash in how the script finds them.
  const some = expected.filter((_, at) => at % 2 === 0)

  test.each(some)('after "%s" offers %j', (line, wanted) => {
    const { stdout, stderr } = shell(
      'fish',
      '--no-config',
      '-c',
      `source $HOME/fish; complete -C 'replicate-agent ${line}'`,
    )
    expect(stderr).toBe('')
    const offers = stdout.split('\n').filter((offer) => offer !== '')
    expect(offers.map((offer) => offer.replace(/\t.*/, '')).toSorted()).toEqual(wanted)
  })

  test('says what runs are', () => {
    const { stdout } = shell('fish', '--no-config', '-c', "source $HOME/fish; complete -C 'replicate-agent runs show '")
    expect(stdout).toContain('run-one\tsucceeded sort\n')
  })
})

describe.skipIf(isMissing('zsh'))('completion in zsh (skipped where it is not installed)', () => {
  /** Types the line and a Tab in a shell of its own, and waits for what has to be shown. */
  function offered(line: string, wanted: string): string {
    const script = `
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell 'fpath=($HOME $fpath); autoload -U compinit; compinit -u -D; LISTMAX=0; echo RE''ADY'
      zpty -r shell seen '*READY*'
      zpty -w -n shell ${JSON.stringify(line)}$'\\t\\t'
      zpty -r shell seen ${JSON.stringify(`*${wanted}*`)} && print -r -- $seen
      zpty -d shell`
    return shell('zsh', '-f', '-c', script).stdout
  }

  test.each([
    ['replicate-agent runs re', 'resume  -- go on with a run'],
    ['replicate-agent runs show ', 'run-one  -- succeeded sort'],
    ['replicate-agent run ', "sort  -- sorts: what it's given"],
    ['replicate-agent runs retry last --from ', 'last_one'],
  ])('after "%s" offers "%s"', (line, wanted) => {
    expect(offered(line, wanted)).toContain(wanted)
  })
})

describe('what scripts ask', () => {
  const ask = (...args: string[]) => shell(join(folder, 'replicate-agent'), '__complete', ...args)

  test('is answered with nothing, and no complaint, when there is nothing to find', () => {
    for (const args of [
      ['nonsense'],
      [],
      ['run', '--store', 'postgres://nowhere'],
      ['step', 'runs', 'logs', 'unknown', '--store', 'sqlite:/nowhere/x.db'],
    ])
      expect(ask(...args)).toMatchObject({ status: 0, stdout: '', stderr: '' })
  })

  test('makes no store', async () => {
    const home = join(folder, 'fresh')
    const { status, stdout } = spawnSync(join(folder, 'replicate-agent'), ['__complete', 'run'], {
      ...{ cwd: cli.cwd, encoding: 'utf8' },
      env: { ...env, REPLICATE_AGENT_HOME: home },
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    await expect(import('node:fs/promises').then(({ stat }) => stat(home))).rejects.toThrow('ENOENT')
  })
})

test('completion of another shell is refused', async () => {
  const { code, stderr } = await cli.run('completion powershell')
  expect(code).toBe(2)
  expect(stderr).toContain('bash, zsh, fish')
})

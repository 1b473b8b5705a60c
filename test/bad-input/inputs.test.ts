import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliRig, openCli } from '../cli/rig.ts'

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
  await cli.write(
    'w.yaml',
    `name: w
inputs:
  n: {type: integer}
  tone: {type: string, enum: [warm, cool], default: warm}
  list: {type: array, default: []}
  photo: {type: file, required: false}
  photos: {type: files, required: false}
steps: {a: {value: "\${{ inputs.n }}"}}
outputs: {n: "\${{ steps.a.output }}"}
`,
  )
  await cli.write('half.json', '{"n": 1')
  await mkdir(join(cli.cwd, 'folder'))
  execFileSync('mkfifo', [join(cli.cwd, 'pipe')])
  execFileSync('mkfifo', [join(cli.cwd, 'folder', 'pipe')])
})
afterAll(() => cli.close())

/** Words as the program gets them, after `run w.yaml`. */
const badInputs: [string[], number, string, string, string?][] = [
  [['-i', 'n=x'], 3, 'invalid_input', 'input "n" must be a whole number, but is the string "x"'],
  [['-i', 'n=1.5'], 3, 'invalid_input', 'input "n" must be a whole number'],
  [['-i', 'n=99999999999999999999'], 3, 'invalid_input', 'input "n" must be a whole number'],
  [['-i', 'n=1', '-i', 'list={}'], 3, 'invalid_input', 'input "list" must be a list', 'JSON'],
  [['-i', 'n=1', '-i', 'tone=hot'], 3, 'invalid_input', 'input "tone" must be one of "warm", "cool"'],
  [
    ['-i', 'n=1', '-i', 'tome=cool'],
    3,
    'invalid_input',
    '"tome" is not an input of this workflow',
    'did you mean "tone"?',
  ],
  [['-i', 'n=1', '-i', 'constructor=1'], 3, 'invalid_input', '"constructor" is not an input', 'it takes n, tone'],
  [['-i', 'n=1', '-i', '__proto__=1'], 3, 'invalid_input', '"__proto__" is not allowed', 'another name'],
  [
    ['--input', '{"n": 1, "__proto__": {"polluted": true}}'],
    3,
    'invalid_input',
    '"__proto__" is not allowed',
    'another name',
  ],
  [['--input', '{"n": 1, "list": [{"__proto__": 1}]}'], 3, 'invalid_input', '"__proto__" is not allowed'],
  [[], 3, 'invalid_input', 'input "n" is required', '-i n=NUMBER'],
  [['-i', 'n'], 3, 'invalid_input', '-i takes key=value, not "n"'],
  [['--input', '[1]'], 3, 'invalid_input', 'not a JSON object', `'{"name": "value"}'`],
  [['--input', '@half.json'], 3, 'invalid_input', 'half.json is not JSON', '@FILE'],
  [['--input', '@none.json'], 3, 'file_not_found', 'none.json'],
  [['--input', '@folder'], 3, 'file_unreadable', "folder can't be read (EISDIR)", 'name a file'],
  [['-i', 'n=1', '-i', 'photo=none.png'], 3, 'file_not_found', 'input "photo": there is no file', 'working folder'],
  [['-i', 'n=1', '-i', 'photo=folder'], 3, 'file_unreadable', 'is not a regular file'],
  [['-i', 'n=1', '-i', 'photo=pipe'], 3, 'file_unreadable', 'is not a regular file'],
  [['-i', 'n=1', '-i', 'photos=pipe'], 3, 'file_unreadable', 'is not a regular file'],
  [['-i', 'n=1', '-i', 'photos=folder'], 3, 'invalid_input', 'there are no files in folder'],
  [['-i', 'n=1', '-i', 'photos=none/*.png'], 3, 'file_not_found', 'none'],
  [['-i', 'n=1', '-i', 'photo=file://elsewhere/x'], 3, 'invalid_input', 'no file URL of this machine', 'file:///path'],
  [['-i', 'n=1', '-i', 'photo=data:text/plain,%zz'], 3, 'invalid_input', 'not a valid data: URI', 'base64'],
  ...['../../x', 'a/b', '..', '.', '', 'a.b', 'a b', '-x'.padStart(1), 'x'.repeat(101), 'last', 'ü'].map(
    (id): [string[], number, string, string, string] => [
      ['-i', 'n=1', `--run-id=${id}`],
      2,
      'usage',
      `"${id}" can't be a run id`,
      'letters, digits',
    ],
  ),
]

describe('inputs', () => {
  it.each(badInputs)('%j are refused with one clear error', async (words, code, errorCode, message, hint) => {
    const end = await cli.run(['run', 'w.yaml', '--json', ...words])
    expect(end.json()['error']).toMatchObject({
      code: errorCode,
      message: expect.stringContaining(message),
      ...(hint !== undefined && { hint: expect.stringContaining(hint) }),
    })
    expect(end.code).toBe(code)
    expect(end.stderr.split('\n').filter((line) => line.startsWith('error:'))).toHaveLength(1)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('that are refused leave no run behind', async () => {
    expect((await cli.run('runs list --json')).json()).toEqual({ runs: [] })
  })
})

describe('ids of runs with parts of paths', () => {
  it.each(['../../etc/passwd', 'a/b', '..', '/', '%2e%2e', "' or 1=1 --", '__proto__', 'a\u0000b'])(
    '%j name no run: code 2, whatever is to be done with it',
    async (id) => {
      for (const verb of ['show', 'resume', 'cancel', 'logs', 'files', 'watch', 'pause', 'retry', 'approve']) {
        const end = await cli.run(
          ['runs', verb, '--json', '--', id].filter((word) => verb !== 'logs' || word !== '--json'),
        )
        expect(end.code, `runs ${verb}: ${end.stderr}`).toBe(2)
        expect(end.stderr).toContain('there is no run')
        expect(end.stderr).toContain('help: ')
      }
    },
  )
})

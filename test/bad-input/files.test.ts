import { execFileSync } from 'node:child_process'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliRig, openCli } from '../cli/rig.ts'

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

interface Bad {
  name: string
  /** Of the file `bad.yaml`. */
  text: string | Uint8Array
  /** Line and column. */
  at: string
  says: string
  hint?: string
}

const levels = (count: number) => `steps:\n  s:\n    value: ${'['.repeat(count)}${']'.repeat(count)}\n`
const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
for (let level = 1; level < 9; level += 1)
  bomb.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`)
const bytes = (before: string, bad: number[], after: string) =>
  Buffer.concat([Buffer.from(before), Buffer.from(bad), Buffer.from(after)])

const badTexts: Bad[] = [
  {
    name: 'an alias bomb',
    text: `${bomb.join('\n')}\nsteps: {s: {value: *a8}}\n`,
    at: '5:10',
    says: 'aliases add more than 10000 values',
    hint: 'files of its own',
  },
  {
    name: 'an alias within its own anchor',
    text: 'steps:\n  s: {value: &a [*a]}\n',
    at: '2:18',
    says: 'within its own anchor',
  },
  { name: 'an alias without an anchor', text: 'steps:\n  s: {value: *nope}\n', at: '2:14', says: 'no anchor &nope' },
  { name: 'values 101 levels deep', text: levels(101), at: '3:111', says: 'nested more than 100 levels deep' },
  { name: 'values 200,000 levels deep', text: levels(200_000), at: '3:111', says: 'nested more than 100 levels deep' },
  {
    name: 'a key that stands twice',
    text: 'steps:\n  a: {value: 1}\n  a: {value: 2}\n',
    at: '3:3',
    says: '`a` stands here twice',
    hint: 'line 2',
  },
  {
    name: 'a field that stands twice',
    text: 'steps:\n  a:\n    value: 1\n    value: 2\n',
    at: '4:5',
    says: '`value` stands here twice',
    hint: 'line 3',
  },
  {
    name: 'a key __proto__',
    text: 'steps:\n  a: {value: {__proto__: {polluted: true}}}\n',
    at: '2:15',
    says: '`__proto__` is not allowed',
  },
  {
    name: 'a step __proto__',
    text: 'steps:\n  "__proto__": {value: 1}\n  a: {value: 1}\n',
    at: '2:3',
    says: '`__proto__` is not allowed',
  },
  {
    name: 'a tag of another program',
    text: 'steps:\n  a: {value: !!js/function "return 1"}\n',
    at: '2:14',
    says: 'js/function',
    hint: 'leave it out',
  },
  { name: 'a custom tag', text: 'steps:\n  a: {value: !mine x}\n', at: '2:14', says: '!mine', hint: 'leave it out' },
  {
    name: 'a merge key',
    text: 'steps:\n  a: &a {value: 1}\n  b: {<<: *a, needs: [a]}\n',
    at: '3:7',
    says: '`<<` (merge keys) is not supported',
    hint: 'write the fields out',
  },
  {
    name: 'a merge key that brings __proto__',
    text: 'x: &x {"__proto__": {polluted: true}}\nsteps:\n  a: {<<: [*x, *x], value: 1}\n',
    at: '3:7',
    says: 'merge keys',
  },
  {
    name: 'bytes that are no UTF-8',
    text: bytes('steps:\n  a: {value: "', [0xff, 0xfe], '"}\n'),
    at: '2:15',
    says: 'not valid UTF-8',
    hint: 'save it as UTF-8',
  },
  {
    name: 'a cut character at the end',
    text: bytes('steps:\n  a: {value: 1}\n# ', [0xe2, 0x82], ''),
    at: '3:4',
    says: 'not valid UTF-8',
  },
  {
    name: 'UTF-16',
    text: Buffer.from('\uFEFFsteps: {a: {value: 1}}\n', 'utf16le'),
    at: '1:1',
    says: 'not valid UTF-8',
    hint: 'save it as UTF-8',
  },
  {
    name: 'a control character',
    text: 'name: x\u0000y\nsteps: {a: {value: 1}}\n',
    at: '1:8',
    says: 'control character',
  },
  { name: 'an empty file', text: '', at: '1:1', says: 'the file is empty', hint: 'steps:' },
  {
    name: 'two documents',
    text: 'steps: {a: {value: 1}}\n---\nsteps: {a: {value: 2}}\n',
    at: '2:1',
    says: 'more than one document',
    hint: 'keep one',
  },
  {
    name: 'a cycle',
    text: 'steps:\n  a: {value: 1, needs: [b]}\n  b: {value: 1, needs: [c]}\n  c: {value: 1, needs: [a]}\n',
    at: '2:25',
    says: 'steps wait for each other: a → b → c → a',
    hint: 'take one of these needs away',
  },
  {
    name: 'a cycle by references',
    text: 'steps:\n  a: {value: "${{ steps.b.output }}"}\n  b: {value: "${{ steps.a.output }}"}\n',
    at: '2:3',
    says: 'steps wait for each other: a → b → a',
  },
  {
    name: 'a step that needs itself',
    text: 'steps:\n  a: {value: 1, needs: [a]}\n',
    at: '2:25',
    says: 'step "a" needs itself',
    hint: 'take it out',
  },
  {
    name: 'a step that nobody knows',
    text: 'steps:\n  fetch: {value: 1}\n  b: {value: 1, needs: [fetsh]}\n',
    at: '3:25',
    says: 'there is no step "fetsh"',
    hint: 'did you mean `fetch`?',
  },
  {
    name: 'an id with ..',
    text: 'steps:\n  ../../etc/passwd: {value: 1}\n',
    at: '2:3',
    says: '`../../etc/passwd` can not be a name here',
  },
  {
    name: 'an id with /',
    text: 'steps:\n  a/b: {value: 1}\n',
    at: '2:3',
    says: '`a/b` can not be a name here',
    hint: 'write a_b',
  },
  { name: 'an output key with /', text: 'steps:\n  a: {value: 1, output_key: ../x}\n', at: '2:29', says: 'must be' },
  { name: 'a workflow called ..', text: 'name: ..\nsteps: {a: {value: 1}}\n', at: '1:7', says: 'must be letters' },
]

describe('a workflow file with', () => {
  it.each(badTexts)('$name is refused: what, where, what to do, code 3', async ({ text, at, says, hint }) => {
    await writeFile(join(cli.cwd, 'bad.yaml'), text)
    const end = await cli.run('run bad.yaml')
    expect(end.code).toBe(3)
    expect(end.stdout).toBe('')
    const errors = end.stderr.split('\n').filter((line) => line.startsWith('error:'))
    expect(errors).toEqual([expect.stringContaining(says)])
    expect(end.stderr).toContain(` --> bad.yaml:${at}\n`)
    const helps = end.stderr.split('\n').filter((line) => line.startsWith('help:'))
    if (hint !== undefined) expect(helps).toEqual([expect.stringContaining(hint)])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('a byte order mark, or CRLF line ends, is read like any other, and places are right', async () => {
    for (const [name, text] of Object.entries({
      bom: '\uFEFFname: n\nsteps: {a: {value: 1}}\noutputs: {a: "${{ steps.a.output }}"}\n',
      crlf: 'name: n\r\nsteps: {a: {value: 1}}\r\noutputs: {a: "${{ steps.a.output }}"}\r\n',
    })) {
      await cli.write(`${name}.yaml`, text)
      const end = await cli.run(`run ${name}.yaml --json`)
      expect(end.json()).toMatchObject({ status: 'succeeded', workflow: 'n', outputs: { a: 1 } })
      await cli.write(`${name}.yaml`, text.replace('a.output', 'x.output'))
      expect((await cli.run(`run ${name}.yaml`)).stderr).toContain(` --> ${name}.yaml:3:19\n`)
    }
  })

  it('100 levels runs', async () => {
    await cli.write('deep.yaml', levels(97))
    expect((await cli.run('run deep.yaml')).code).toBe(0)
  })
})

describe('in place of a workflow file,', () => {
  it.each([
    ['50 MB', 'file_too_large', 'has 50000000 bytes; a workflow file may have at most 1000000', 'pass it as inputs'],
    ['a folder', 'file_unreadable', 'is a folder', 'the path of a workflow file'],
    ['nothing', 'file_not_found', 'there is no file', 'the path of a workflow file'],
    ['a FIFO', 'file_unreadable', 'is not a regular file', 'the path of a workflow file'],
    ['a device', 'file_unreadable', 'is not a regular file', 'the path of a workflow file'],
  ])('%s is refused at once, unread, with code 3', async (what, code, message, hint) => {
    const path = join(cli.cwd, `${what.replace(' ', '-')}.yaml`)
    if (what === '50 MB') {
      await writeFile(path, '')
      await truncate(path, 50_000_000)
    } else if (what === 'a folder') await mkdir(path)
    // Nobody writes to it: who opened it to read would wait for ever.
    else if (what === 'a FIFO') execFileSync('mkfifo', [path])
    const given = what === 'a device' ? '/dev/zero' : path
    for (const verb of ['run', 'workflows validate', 'workflows plan', 'workflows graph']) {
      const end = await cli.run(`${verb} ${given}${verb === 'workflows validate' ? '' : ' --json'}`)
      expect(end.code).toBe(3)
      expect(end.stderr).toContain(message)
      if (verb === 'run')
        expect(end.json()['error']).toMatchObject({
          code,
          message: expect.stringContaining(message),
          hint: expect.stringContaining(hint),
        })
    }
  })

  it('a FIFO among the workflows of a folder holds nobody up', async () => {
    await cli.write('workflows/good.yaml', 'name: good\nsteps: {a: {value: 1}}\n')
    execFileSync('mkfifo', [join(cli.cwd, 'workflows/pipe.yaml')])
    expect((await cli.run('run good')).code).toBe(0)
    expect((await cli.run('workflows list')).stdout).toContain('good')
  })

  it('a nested workflow that is a FIFO, missing or in a circle is named where it is written', async () => {
    execFileSync('mkfifo', [join(cli.cwd, 'inner.yaml')])
    for (const [file, says] of Object.entries({
      'inner.yaml': 'not a regular file',
      'none.yaml': 'there is no file',
      'outer.yaml': 'workflows run each other: outer → outer',
    })) {
      await cli.write('outer.yaml', `name: outer\nsteps:\n  a: {workflow: ./${file}}\n`)
      const end = await cli.run('run outer.yaml')
      expect(end.code).toBe(3)
      expect(end.stderr).toContain(says)
      expect(end.stderr).toContain(' --> outer.yaml:3:17\n')
    }
  })
})

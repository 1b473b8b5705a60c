import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig

beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const good = `
name: poster
version: 1.2.0
description: Draws a poster.
inputs:
  topic: {type: string, default: tea}
steps:
  idea:
    model: meta/meta-llama-3-8b-instruct
    input: {prompt: "\${{ inputs.topic }}"}
  picture:
    model: black-forest-labs/flux-schnell
    input: {prompt: "\${{ steps.idea.output }}"}
  check:
    needs: [picture]
    condition: steps.idea.cost < 1
    approval: {message: Publish it?}
finally:
  note:
    value: "\${{ run.status }}"
outputs:
  picture: \${{ steps.picture.output }}
`

const bad = `name: poster
steps:
  idea:
    model: meta/meta-llama-3-8b-instruct
    inptu: {}
  picture:
    value: \${{ steps.idae.output }}
`

async function noStateFolder(): Promise<void> {
  await expect(stat(cli.home)).rejects.toThrow('ENOENT')
}

describe('workflows validate', () => {
  test('says that a good file has no problems, and opens no store', async () => {
    await cli.write('poster.yaml', good)
    expect(await cli.run('validate poster.yaml')).toMatchObject({
      code: 0,
      stdout: '1 workflow checked: no problems\n',
      stderr: '',
    })
    await noStateFolder()
  })

  test('shows every problem with its place, a caret and a suggestion, and exits 3', async () => {
    await cli.write('workflows/poster.yaml', bad)
    const { code, stdout, stderr } = await cli.run('workflows validate workflows/poster.yaml')
    expect(code).toBe(3)
    expect(stdout).toBe('')
    expect(stderr).toContain(' --> workflows/poster.yaml:5:5\n  |\n5 |     inptu: {}\n  |     ^\n')
    expect(stderr).toContain('did you mean `input`?')
    expect(stderr).toContain('did you mean `idea`?')
    expect(stderr).toContain('1 workflow checked: 2 errors')
  })

  test('puts the caret under the fault', async () => {
    await cli.write('poster.yaml', bad)
    const { stderr } = await cli.run('validate poster.yaml')
    const lines = stderr.split('\n')
    const source = lines.findIndex((line) => line.includes('steps.idae'))
    const caret = (lines[source + 1] as string).indexOf('^')
    expect((lines[source] as string).slice(caret)).toMatch(/^(steps\.)?idae/)
  })

  test('gives {valid, problems} for a program, and goes on past a file that is not there', async () => {
    await cli.write('poster.yaml', bad)
    const end = await cli.run('validate poster.yaml missing.yaml --json')
    expect(end.code).toBe(3)
    const { valid, problems } = end.json() as unknown as { valid: boolean; problems: JsonObject[] }
    expect(valid).toBe(false)
    expect(problems).toHaveLength(3)
    expect(problems[0]).toMatchObject({
      line: 5,
      column: 5,
      severity: 'error',
      code: expect.any(String) as string,
      message: expect.any(String) as string,
    })
    expect(problems[2]).toMatchObject({ file: 'missing.yaml', code: 'file_not_found' })
  })

  test('finds workflows by name', async () => {
    await cli.write('workflows/poster.yaml', good)
    expect((await cli.run('validate poster')).code).toBe(0)
    const { code, stderr } = await cli.run('validate postre')
    expect(code).toBe(3)
    expect(stderr).toContain('poster')
  })
})

describe('workflows graph', () => {
  beforeEach(() => cli.write('poster.yaml', good))

  test('draws a tree in which every step stands once', async () => {
    const { code, stdout } = await cli.run('workflows graph poster.yaml')
    expect(code).toBe(0)
    expect(stdout.split('\n').filter((line) => /picture {2}\(/.test(line))).toHaveLength(1)
    expect(stdout).toContain('│  └─ picture  (black-forest-labs/flux-schnell)')
    expect(stdout).toContain('│     └─ check  (approval; also after idea; if steps.idea.cost < 1)')
    expect(stdout).toContain('└─ note  (value; finally)')
  })

  test('writes Mermaid and DOT with implied edges dotted', async () => {
    const mermaid = (await cli.run('workflows graph poster.yaml --format mermaid')).stdout
    expect(mermaid).toMatch(/^flowchart TD\n/)
    expect(mermaid).toContain('idea -.-> picture')
    expect(mermaid).toContain('picture --> check')
    const dot = (await cli.run('workflows graph poster.yaml --format dot')).stdout
    expect(dot).toContain('"idea" -> "picture" [style=dotted];')
    expect(dot).toContain('"picture" -> "check";')
  })

  test('gives nodes and edges as JSON', async () => {
    const { json } = await cli.run('workflows graph poster.yaml --json')
    expect(json()).toMatchObject({
      workflow: 'poster',
      edges: expect.arrayContaining([{ from: 'idea', to: 'picture', implied: true, via: 'input' }]) as unknown,
    })
  })
})

describe('workflows plan', () => {
  beforeEach(() => cli.write('poster.yaml', good))

  test('says what each step would do, why, and what it may cost, without opening a store', async () => {
    const { code, stdout } = await cli.run('workflows plan poster.yaml')
    expect(code).toBe(0)
    expect(stdout).toMatch(/0 {2}idea +run +meta\/meta-llama-3-8b-instruct +≤\$\d/)
    expect(stdout).toContain('idea (implied by input)')
    expect(stdout).toContain('at most $')
    await noStateFolder()
  })

  test('gives the same as JSON, with unknown times as null', async () => {
    const { json } = await cli.run('workflows plan poster.yaml --json')
    const { steps, estimate_ms } = json() as unknown as { steps: JsonObject[]; estimate_ms: number | null }
    expect(steps.map(({ id, decision }) => [id, decision])).toEqual([
      ['idea', 'run'],
      ['picture', 'run'],
      ['check', 'ask'],
      ['note', 'run'],
    ])
    expect(estimate_ms).toBeNull()
  })

  test('wants a workflow or a run', async () => {
    expect((await cli.run('workflows plan')).code).toBe(2)
    expect((await cli.run('workflows plan poster.yaml --run last')).code).toBe(2)
  })
})

describe('workflows list', () => {
  test('lists what can be named here, and says how to begin where there is nothing', async () => {
    const nothing = await cli.run('workflows list')
    expect(nothing).toMatchObject({ code: 0, stdout: '' })
    expect(nothing.stderr).toContain('replicate-agent init')
    await cli.write('workflows/poster.yaml', good)
    await cli.write('workflows/broken.yaml', bad)
    const { stdout } = await cli.run('workflows list')
    expect(stdout).toMatch(/poster +1\.2\.0 +Draws a poster\. +workflows\/poster\.yaml/)
    const { json } = await cli.run('workflows list --json')
    expect(json()).toMatchObject({
      workflows: expect.arrayContaining([expect.objectContaining({ problems: 2 })]) as unknown,
    })
  })
})

describe('expr', () => {
  test.each([
    ['1 + 2', '3\n'],
    ['"a" + "b"', 'ab\n'],
    ['[1, {"a": null}]', '[1,{"a":null}]\n'],
    ['0.5 < 1 and true', 'true\n'],
  ])('prints the value of %s', async (expression, printed) => {
    expect(await cli.run(['expr', expression])).toMatchObject({ code: 0, stdout: printed, stderr: '' })
  })

  test('takes an expression that begins with - after --, and says so', async () => {
    expect((await cli.run(['expr', '--', '-1 + 2'])).stdout).toBe('1\n')
    const { code, stderr } = await cli.run(['expr', '-1 + 2'])
    expect(code).toBe(2)
    expect(stderr).toContain('put -- before an argument that begins with -')
  })

  test('reads data from JSON, a file, or stdin', async () => {
    await cli.write('data.json', '{"cost": 0.002}')
    for (const vars of ['{"cost": 0.002}', '@data.json', '-']) {
      const end = await cli.run(['expr', 'cost < 0.01', '--vars', vars], { stdin: '{"cost": 0.002}' })
      expect(end).toMatchObject({ code: 0, stdout: 'true\n' })
    }
  })

  test('shows where an expression is wrong, and exits 3', async () => {
    const { code, stdout, stderr } = await cli.run(['expr', 'cots < 1', '--vars', '{"cost": 1}'])
    expect(code).toBe(3)
    expect(stdout).toBe('')
    expect(stderr).toContain(' --> 1:1\n  |\n1 | cots < 1\n  | ^\n')
    expect(stderr).toContain('cost')
  })

  test('gives {value} or {error} with --json', async () => {
    expect((await cli.run(['expr', '1 + 2', '--json'])).json()).toEqual({ value: 3 })
    const end = await cli.run(['expr', '1 +', '--json'])
    expect(end.code).toBe(3)
    expect(end.stderr).toBe('')
    expect(end.json()).toMatchObject({
      error: { code: 'invalid_expression', line: 1, column: 4, message: expect.any(String) as string },
    })
  })

  test('answers a batch line by line and exits 0, errors included', async () => {
    const lines = [
      '{"expr": "a + 1", "vars": {"a": 1}}',
      '{"expr": "a +"}',
      'no json',
      '',
      '{"expr": "x.y", "vars": {"x": {}}}',
    ]
    await cli.write('cases.jsonl', lines.join('\n'))
    const end = await cli.run('expr --batch cases.jsonl')
    expect(end.code).toBe(0)
    expect(end.lines()).toEqual([
      { value: 2 },
      { error: expect.objectContaining({ code: 'invalid_expression', line: 1 }) as unknown },
      { error: expect.objectContaining({ code: 'invalid_input' }) as unknown },
      {
        error: expect.objectContaining({
          code: 'expression_failed',
          line: 1,
          column: expect.any(Number) as number,
        }) as unknown,
      },
    ])
  })

  test('exits 2 when the batch can not be read', async () => {
    expect((await cli.run('expr --batch nothing.jsonl')).code).toBe(2)
  })

  test('checks without evaluating', async () => {
    expect(await cli.run(['expr', 'a.b > 1', '--check'])).toMatchObject({ code: 0, stdout: 'valid\n' })
    const end = await cli.run(['expr', 'cots > 1', '--check', '--vars', '{"cost": 1}', '--json'])
    expect(end.code).toBe(3)
    expect(end.json()).toMatchObject({ valid: false, problems: [{ line: 1, column: 1 }] })
  })

  test.each(['{', '[1]', '@missing.json'])('refuses %s as data with code 3', async (vars) => {
    const { code, stderr } = await cli.run(['expr', '1', '--vars', vars])
    expect(code).toBe(3)
    expect(stderr).toMatch(/^error: /)
  })

  test('opens no store', async () => {
    await cli.run(['expr', '1'])
    await noStateFolder()
  })
})

describe('init', () => {
  test('writes a workflow that is valid, says how to run it, and never overwrites', async () => {
    const { code, stdout } = await cli.run('init')
    expect(code).toBe(0)
    expect(stdout).toContain('replicate-agent run hello --sandbox')
    expect((await cli.run('validate hello')).code).toBe(0)
    const file = join(cli.cwd, 'workflows/hello.yaml')
    await cli.write('workflows/hello.yaml', 'mine')
    const again = await cli.run('init')
    expect(again.code).toBe(2)
    expect(again.stderr).toContain('replicate-agent init NAME')
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect((await cli.run('init poster --json')).json()).toEqual({
      file: join(cli.cwd, 'workflows/poster.yaml'),
      name: 'poster',
      files: [join(cli.cwd, 'workflows/poster.yaml')],
    })
  })

  test('copies an example with its test, what it runs and what it reads', async () => {
    const { code, stdout } = await cli.run('init --example translate_checked')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^wrote workflows\/translate_checked\.yaml and \d files that it needs/)
    const copied = await readdir(join(cli.cwd, 'workflows'), { recursive: true })
    expect(copied.toSorted()).toEqual([
      'inputs',
      'inputs/north-wind.txt',
      'translate_checked.test.yaml',
      'translate_checked.yaml',
      'translation_round.test.yaml',
      'translation_round.yaml',
    ])
    expect(await readFile(join(cli.cwd, 'workflows/translate_checked.yaml'), 'utf8')).toMatch(/^# A translation/)
    expect((await cli.run('validate translate_checked')).code).toBe(0)
  })

  test('writes nothing over what is there, half an example included', async () => {
    await cli.write('workflows/caption_images.test.yaml', 'mine')
    const { code, stderr } = await cli.run('init --example caption_images')
    expect(code).toBe(2)
    expect(stderr).toContain('caption_images.test.yaml exists already')
    expect(await readdir(join(cli.cwd, 'workflows'))).toEqual(['caption_images.test.yaml'])
  })

  test('says which examples there are', async () => {
    const { code, stderr } = await cli.run('init --example caption_image')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /there is no example "caption_image"[^]*did you mean "caption_images"\? There are article_to_podcast/,
    )
    expect((await cli.run('init mine --example caption_images')).stderr).toContain('an example keeps its own name')
  })
})

describe('agents list', () => {
  test('lists the agents and models of the workflows here', async () => {
    await cli.write('workflows/poster.yaml', good)
    const { json } = await cli.run('agents list --json')
    expect(json()).toEqual({
      agents: [],
      models: [
        { model: 'black-forest-labs/flux-schnell', workflows: ['poster'] },
        { model: 'meta/meta-llama-3-8b-instruct', workflows: ['poster'] },
      ],
    })
  })
})

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseXml, type XmlElement } from '@rgrove/parse-xml'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const mixed = `name: mixed
inputs: {by: {type: number, default: 0}}
steps:
  each:
    foreach: {in: [1, 0, 2]}
    value: "\${{ 2 / item }}"
    on_error: continue
  broken:
    value: "\${{ 1 / inputs.by }}"
  after: {value: 1, needs: [broken]}
  fine: {value: "a <b> & c"}
outputs: {fine: "\${{ steps.fine.output }}"}
`

interface Case {
  name: string
  line?: string
  inside?: { name: string; message?: string }
}

async function junit(file = 'out/junit.xml'): Promise<{ attributes: Record<string, string>; cases: Case[] }> {
  const children = (element: XmlElement) =>
    element.children.filter((child): child is XmlElement => child.type === 'element')
  const root = parseXml(await readFile(join(cli.cwd, file), 'utf8')).root as XmlElement
  const cases = children(root)
    .flatMap(children)
    .map(({ attributes, ...element }) => {
      const [inside] = children(element as XmlElement)
      const { name, line } = attributes as { name: string; line?: string }
      return { name, ...(line && { line }), ...(inside && { inside: { name: inside.name, ...inside.attributes } }) }
    })
  return { attributes: root.attributes, cases }
}

describe('--junit', () => {
  test('writes a case for each step and item, with its line, also when the run fails', async () => {
    await cli.write('workflows/mixed.yaml', mixed)
    const { code } = await cli.run('run mixed --junit out/junit.xml')
    expect(code).toBe(1)
    const { attributes, cases } = await junit()
    expect(attributes).toMatchObject({ name: 'mixed', tests: '6', failures: '2', skipped: '1', errors: '0' })
    expect(cases.toSorted((a, b) => Number(a.line) - Number(b.line))).toEqual([
      { name: 'each[0]', line: '4' },
      { name: 'each[1]', line: '4', inside: expect.objectContaining({ name: 'failure' }) as never },
      { name: 'each[2]', line: '4' },
      { name: 'broken', line: '8', inside: expect.objectContaining({ name: 'failure' }) as never },
      { name: 'after', line: '10', inside: expect.objectContaining({ name: 'skipped' }) as never },
      { name: 'fine', line: '11' },
    ])
    expect(await readdir(join(cli.cwd, 'out'))).toEqual(['junit.xml'])
  })

  test('counts a failure that the workflow allows as skipped, and retries as what they came to', async () => {
    await cli.write('workflows/mixed.yaml', mixed)
    await cli.run('run mixed --run-id one --junit first.xml')
    const { code } = await cli.run('runs retry one --definition fixed.yaml --junit junit.xml')
    expect(code).toBe(3)
    await cli.write('fixed.yaml', mixed.replace('1 / inputs.by', '1 / 1'))
    expect((await cli.run('runs retry one --definition fixed.yaml --junit junit.xml')).code).toBe(0)
    const { attributes, cases } = await junit('junit.xml')
    expect(attributes).toMatchObject({ failures: '0', errors: '0' })
    expect(cases.find(({ name }) => name === 'each[1]')?.inside).toMatchObject({
      name: 'skipped',
      message: expect.stringMatching(/^failed, which the workflow allows: /) as string,
    })
  })

  test('is written for a workflow that can not be run, too', async () => {
    await cli.write('bad.yaml', 'name: bad\nsteps:\n  a: {valu: 1}\n')
    expect((await cli.run('run bad.yaml --junit out/junit.xml')).code).toBe(3)
    expect((await junit()).cases).toEqual([
      { name: 'run', line: '3', inside: { name: 'error', message: 'step "a" does nothing' } },
    ])
  })

  test('says before anything is paid that the file can not be written', async () => {
    await cli.write('workflows/mixed.yaml', mixed)
    await cli.write('file', '')
    const { code, stderr } = await cli.run('run mixed --junit file/junit.xml')
    expect(code).toBe(74)
    expect(stderr).toMatch(/^error: ".*file\/junit.xml" can't be written/)
    expect((await cli.run('runs list --json')).json()).toMatchObject({ runs: [] })
  })
})

describe('in GitHub Actions', () => {
  let env: Record<string, string>
  beforeEach(async () => {
    const [output, summary] = [join(cli.cwd, '../output'), join(cli.cwd, '../summary.md')]
    await Promise.all([output, summary].map((file) => writeFile(file, 'before\n')))
    env = {
      ...{ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
      GITHUB_WORKSPACE: cli.cwd,
    }
  })
  const written = (name: string) => readFile(env[name] as string, 'utf8')

  test('a run marks the steps that failed, and writes summary and outputs; stdout stays the one object', async () => {
    await cli.write('workflows/mixed.yaml', mixed)
    const { code, stderr, json } = await cli.run('run mixed --run-id one --json', { env })
    expect(code).toBe(1)
    expect(json()).toMatchObject({ run_id: 'one', status: 'failed' })
    expect(stderr).toMatch(
      /^::error title=step "broken" of mixed failed,file=workflows\/mixed.yaml,line=8,col=3::.*zero/m,
    )
    expect(stderr).toMatch(/^::group::\S+ +each +✓ .*\n +\S+ +each +3 items\n/m)
    expect(stderr.match(/^::group::/gm)).toHaveLength(stderr.match(/^::endgroup::$/gm)?.length ?? 0)
    expect(await written('GITHUB_OUTPUT')).toMatch(
      /^before\nrun_id<<(\S+)\none\n\1\nstatus<<\1\nfailed\n\1\ncost_usd<<\1\n0\n\1\n[^]*fine<<\1\na <b> & c\n\1\n$/,
    )
    const summary = await written('GITHUB_STEP_SUMMARY')
    expect(summary).toMatch(/^before\n### ✗ mixed failed\n/)
    expect(summary).toContain('replicate-agent runs retry one')
  })

  test('problems of a definition stand where they are', async () => {
    await cli.write('tools/bad.yaml', 'name: bad\nsteps:\n  a: {valu: 1}\n')
    for (const command of ['validate tools/bad.yaml --json', 'run tools/bad.yaml'])
      expect((await cli.run(command, { env })).stderr).toMatch(/^::error file=tools\/bad.yaml,line=3,col=\d+::.*valu/m)
    expect(await written('GITHUB_STEP_SUMMARY')).toContain('### ✗ ')
  })

  test('other errors are marked, too', async () => {
    expect((await cli.run('runs show nothing', { env })).stderr).toMatch(/^::error::.*nothing.*%0A/m)
  })

  test('secrets are masked in the log, line by line', async () => {
    await cli.write(
      'workflows/quiet.yaml',
      'name: quiet\ninputs: {key: {type: string, secret: true, required: true}}\nenv: [PASS]\nsteps: {a: {value: 1}}\n',
    )
    const { stderr } = await cli.run(['run', 'quiet', '-i', 'key=first line\nsecond line'], {
      env: { ...env, PASS: 'open sesame' },
    })
    expect(stderr).toContain('::add-mask::first line\n')
    expect(stderr).toContain('::add-mask::second line\n')
    expect(stderr).toContain('::add-mask::open sesame\n')
  })

  test('what a step puts out gives the runner no command', async () => {
    await cli.write(
      'workflows/loud.yaml',
      'name: loud\nsteps: {a: {value: "x\\n::add-mask::e\\n##[group]y"}}\noutputs: {a: "${{ steps.a.output }}"}\n',
    )
    const { code, stdout } = await cli.run('run loud', { env })
    expect(code).toBe(0)
    expect(stdout).toContain('add-mask')
    expect(stdout).not.toMatch(/^\s*::/m)
    expect(stdout).not.toContain('##[')
  })

  test('a file of the runner that can not be written makes no run fail', async () => {
    await cli.write('ok.yaml', 'name: ok\nsteps: {a: {value: 1}}\n')
    const { code, stderr } = await cli.run('run ok.yaml --json', {
      env: { ...env, GITHUB_OUTPUT: join(cli.cwd, 'no/such/folder'), GITHUB_STEP_SUMMARY: cli.cwd },
    })
    expect(code).toBe(0)
    expect(stderr).toMatch(/^::warning::\$GITHUB_OUTPUT can't be written: /m)
    expect(stderr).toMatch(/^::warning::\$GITHUB_STEP_SUMMARY can't be written: /m)
  })

  test('nothing of this is seen anywhere else', async () => {
    await cli.write('workflows/mixed.yaml', mixed)
    const { stderr } = await cli.run('run mixed', { env: { ...env, GITHUB_ACTIONS: '' } })
    expect(stderr).not.toContain('::')
    expect(await written('GITHUB_OUTPUT')).toBe('before\n')
  })
})

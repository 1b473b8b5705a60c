import { cp, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseProgram } from '../src/doors/cli/program.ts'
import { styleFor } from '../src/doors/cli/output/style.ts'
import { type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts'
import { type CliRig, openCli } from './cli/rig.ts'

const root = resolve(import.meta.dirname, '..')
const silent = { style: styleFor({ write: () => {} }, {}), columns: 80, write: () => {} }

let page: string
let cli: CliRig
let sandbox: Sandbox
beforeAll(async () => {
  page = await readFile(join(root, 'docs/ci.md'), 'utf8')
  sandbox = await startSandbox({ latency: '0' })
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
  await cp(join(root, 'workflows'), join(cli.cwd, 'workflows'), { recursive: true })
})
afterAll(async () => {
  await cli.close()
  await sandbox.close()
})

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text as string)
}

interface Step {
  uses?: string
  run?: string
  with?: Record<string, string>
}

describe('docs/ci.md', () => {
  test('shows a run that leaves what it says, and that a second job finishes', async () => {
    const [run, resume] = blocks('sh').map((text) => text.trim().replace('replicate-agent ', ''))
    const [command, file] = (run as string).split(' > ')
    const first = await cli.run(command as string)
    expect(first.code, first.stderr).toBe(0)
    expect(file).toBe('results/photo.json')
    expect(await readFile(join(cli.cwd, 'results/photo.xml'), 'utf8')).toContain('<testsuites name="product_photo"')
    const second = await cli.run(resume as string)
    expect(second.json()).toMatchObject({ status: 'succeeded', run_id: first.json()['run_id'] })
  })

  test('keeps the versions of a pipeline as it says', async () => {
    const section = page.slice(page.indexOf('## The same versions'), page.indexOf('## GitHub Actions'))
    const commands = [...section.matchAll(/^replicate-agent (.*)$/gm)].map(([, command]) => command as string)
    const files = (await readdir(join(cli.cwd, 'workflows'))).filter((name) => name.endsWith('.yaml'))
    const glob = files.map((name) => `workflows/${name}`).join(' ')
    expect(commands.map((command) => command.split(' ').slice(0, 2).join(' '))).toEqual([
      'agents pin',
      'workflows validate',
      'run product_photo',
      'agents outdated',
    ])
    for (const command of commands) {
      const end = await cli.run(command.replace('workflows/*.yaml', glob))
      expect(end.code, `${command}\n${end.stderr}`).toBe(0)
    }
    expect((await readdir(cli.cwd)).toSorted()).toContain('replicate-agent.lock')
  })

  test('has only commands that there are', async () => {
    const jobs = blocks('yaml').flatMap((text) => Object.values(parse(text) as Record<string, object>))
    const lines = [...blocks('sh').join('').split('\n'), ...commandsIn(jobs)]
    const commands = lines
      .filter((line) => line.startsWith('replicate-agent '))
      .map((line) => line.split(' > ')[0] as string)
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands)
      expect(
        await parseProgram(
          command
            .replaceAll(/"[^"]*"/g, 'x')
            .split(' ')
            .slice(1),
          silent,
        ),
        command,
      ).toBeDefined()
  })

  test('names the inputs and outputs of the action, and no others', async () => {
    const action = parse(await readFile(join(root, 'action.yml'), 'utf8')) as Record<'inputs' | 'outputs', object>
    const table = page.split('| input | meaning |')[1]?.split('\n\n')[0] ?? ''
    const named = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)])
    expect(named.map(([, name]) => name).toSorted(byName)).toEqual(Object.keys(action.inputs).toSorted(byName))
    for (const output of Object.keys(action.outputs)) expect(page).toContain(`\`${output}\``)
    const used = stepsIn(blocks('yaml').map((text) => parse(text) as object)).find(({ uses = '' }) =>
      uses.includes('replicate-agent'),
    )
    for (const name of Object.keys(used?.with ?? {})) expect(Object.keys(action.inputs)).toContain(name)
    expect(Object.keys(used?.with ?? {})).toContain('workflow')
  })

  test('links to pages and headings that there are', async () => {
    for (const [, file, heading] of page.matchAll(/\]\((\w+\.md)(?:#([\w-]+))?\)/g)) {
      const linked = await readFile(join(root, 'docs', file as string), 'utf8')
      const headings = [...linked.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
        text.toLowerCase().replaceAll(' ', '-'),
      )
      if (heading !== undefined) expect(headings).toContain(heading)
    }
  })
})

function byName(a: string | undefined, b: string | undefined): number {
  return String(a) < String(b) ? -1 : 1
}

/** Steps of GitHub's jobs, wherever they stand. */
function stepsIn(value: unknown): Step[] {
  if (typeof value !== 'object' || value === null) return []
  const steps = (value as { steps?: Step[] }).steps
  return [...(steps ?? []), ...Object.values(value).flatMap(stepsIn)]
}

function commandsIn(jobs: readonly object[]): string[] {
  const scripts = jobs.flatMap((job) => (job as { script?: string[] }).script ?? [])
  return [...stepsIn(jobs).flatMap(({ run = '' }) => run.split('\n')), ...scripts]
}

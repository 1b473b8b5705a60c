import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadWorkflow } from '../load.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nested-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

async function linesOf(name: string): Promise<string[]> {
  const outcome = await loadWorkflow(join(folder, name))
  const problems = outcome.ok ? outcome.workflow.warnings : outcome.problems
  return problems.map(
    ({ file, line, column, code, message }) => `${file.slice(folder.length + 1)}:${line}:${column} ${code} ${message}`,
  )
}

const child =
  'name: child\ninputs: {topic: {}, count: {type: integer, default: 1}}\nsteps: {a: {value: "${{ inputs.topic }}"}}\noutputs: {text: "${{ steps.a.output }}"}\n'

describe('nested workflows', () => {
  it('are copied whole into the definition, by the reference that steps use', async () => {
    await write({
      'parts/child.yaml': child,
      'main.yaml':
        'steps:\n  a: {workflow: parts/child.yaml, input: {topic: x}}\n  b: {value: "${{ steps.a.output.text }}"}\n',
    })
    const outcome = await loadWorkflow(join(folder, 'main.yaml'))
    if (!outcome.ok) throw new Error(outcome.problems[0]?.message)
    const { definition, plan } = outcome.workflow
    expect(Object.keys(definition.workflows)).toEqual(['parts/child.yaml'])
    expect(definition.workflows['parts/child.yaml']?.name).toBe('child')
    const nested = plan.child('parts/child.yaml')
    expect([...nested.steps.keys()]).toEqual(['a'])
    expect(plan.child('parts/child.yaml')).toBe(nested)
  })

  it('change the hash of what holds them', async () => {
    await write({ 'child.yaml': child, 'main.yaml': 'steps: {a: {workflow: child.yaml, input: {topic: x}}}' })
    const before = await loadWorkflow(join(folder, 'main.yaml'))
    await write({ 'child.yaml': child.replace('default: 1', 'default: 2') })
    const after = await loadWorkflow(join(folder, 'main.yaml'))
    if (!before.ok || !after.ok) throw new Error('did not load')
    expect(after.workflow.hash).not.toBe(before.workflow.hash)
  })

  it('are found by name in the nearest folder workflows/', async () => {
    await write({
      'workflows/some.yaml': child,
      'workflows/main.yaml': 'steps: {a: {workflow: child, input: {topic: x}}}',
    })
    expect(await linesOf('workflows/main.yaml')).toEqual([])
  })

  it('are checked: their own problems, what they are handed, what is read of them', async () => {
    await write({
      'child.yaml': child,
      'bad.yaml': 'steps: {a: {valu: 1}}',
      'main.yaml': `steps:
  a: {workflow: ./child.yaml, input: {tpoic: x, count: many}}
  b: {workflow: ./bad.yaml}
  c: {workflow: ./nowhere.yaml}
  d: {workflow: ./child.yaml, input: {topic: "\${{ len('x') }}"}}
  e: {value: "\${{ steps.d.output.txt }}"}
`,
    })
    expect(await linesOf('main.yaml')).toEqual([
      'main.yaml:2:3 missing_input workflow "child" needs the input "topic"',
      'main.yaml:2:39 unknown_input workflow "child" has no input "tpoic"',
      'main.yaml:2:56 wrong_type input "count" of "child" must be a whole number, but is the string "many"',
      expect.stringMatching(/^main\.yaml:4:17 unknown_workflow there is no file .*nowhere\.yaml$/),
      'main.yaml:5:46 wrong_type input "topic" of "child" must be of type string, but is a number',
      'main.yaml:6:34 unknown_field there is no field `txt`',
      'bad.yaml:1:9 missing_field step "a" does nothing',
      'bad.yaml:1:13 unknown_field there is no field `valu` in steps.a',
    ])
  })

  it('may not run each other, by whatever path', async () => {
    await write({
      'a.yaml': 'name: first\nsteps: {x: {workflow: sub/b.yaml}}',
      'sub/b.yaml': 'name: second\nsteps: {x: {workflow: ../link.yaml}}',
      'self.yaml': 'name: self\nsteps: {x: {workflow: ./self.yaml}}',
    })
    await symlink(join(folder, 'a.yaml'), join(folder, 'link.yaml'))
    expect(await linesOf('a.yaml')).toEqual([
      'sub/b.yaml:2:23 recursive_workflow workflows run each other: first → second → first',
    ])
    expect(await linesOf('self.yaml')).toEqual([
      'self.yaml:2:23 recursive_workflow workflows run each other: self → self',
    ])
  })

  it('may be nested only so deep, and copied only so often', async () => {
    const files: Record<string, string> = {}
    for (let at = 0; at < 12; at += 1) files[`deep${at}.yaml`] = `steps: {x: {workflow: ./deep${at + 1}.yaml}}`
    for (let at = 0; at < 9; at += 1) {
      files[`wide${at}.yaml`] = `steps: {x: {workflow: ./wide${at + 1}.yaml}, y: {workflow: .//wide${at + 1}.yaml}}`
    }
    await write({ ...files, 'deep12.yaml': 'steps: {x: {value: 1}}', 'wide9.yaml': 'steps: {x: {value: 1}}' })
    expect((await linesOf('deep0.yaml')).join()).toContain('nested more than 10 deep')
    expect((await linesOf('wide0.yaml')).join()).toContain('more than 100 workflows are nested here')
  })

  it('may not bring an approval into finally', async () => {
    await write({
      'ask.yaml': 'steps: {a: {approval: hi}}',
      'middle.yaml': 'steps: {a: {workflow: ./ask.yaml}}',
      'main.yaml': 'steps: {a: {value: 1}}\nfinally: {b: {workflow: ./middle.yaml}}',
    })
    expect(await linesOf('main.yaml')).toEqual([
      'main.yaml:2:25 approval_in_finally a finally step can not ask for an approval, and this workflow does',
    ])
  })

  it('take a retry of failed children, and no other', async () => {
    await write({
      'child.yaml': child,
      'main.yaml':
        'steps:\n  a: {workflow: child.yaml, input: {topic: x}, retry: {attempts: 2}}\n  b: {workflow: child.yaml, input: {topic: x}, retry: {on: timeout}}\n',
    })
    expect(await linesOf('main.yaml')).toEqual([
      'main.yaml:3:56 contradiction a child run that failed counts as an `exception`, which is not among these',
    ])
  })
})

/** Plants one fault after another in a small tree, so that the import check can't have gone blind. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkImports } from '../scripts/check-imports.ts'

/** A tree that uses every freedom there is and breaks no rule. */
const sound: Record<string, string> = {
  'src/std/clock.ts': 'export const now = (): number => 0\n',
  'src/domain/run.ts': "export { now } from '../std/clock.ts'\nexport interface Run { id: string }\n",
  'src/targets/target.ts': "import type { Run } from '../domain/run.ts'\nexport type Target = Run\n",
  'src/targets/table.ts': "export const table = { mcp: () => import('./mcp/target.ts') }\n",
  'src/targets/mcp/target.ts': "import type { Target } from '../target.ts'\nexport const mcp: Target = { id: 'mcp' }\n",
  'src/targets/mesh/target.ts': "export const mesh = () => import('pg')\n",
  'src/state/store/contract.ts': 'export interface Store { url: string }\n',
  'src/state/store/sql/rows.ts': 'export const rows = 1\n',
  'src/state/store/sqlite/store.ts': "export { rows } from '../sql/rows.ts'\n",
  'src/state/store/postgres/store.ts': "export { rows } from '../sql/rows.ts'\n",
  'src/executor/contract.ts': "import type { Target } from '../targets/target.ts'\nexport type Executor = Target\n",
  'src/executor/routing/strategies/first.ts': 'export const first = 1\n',
  'src/workflow/run.ts': "import type { Store } from '../state/store/contract.ts'\nexport type Where = Store\n",
  'src/app/create-app.ts':
    "export { mcp } from '../targets/mcp/target.ts'\nexport { rows } from '../state/store/sqlite/store.ts'\n",
  'src/sandbox/sandbox.ts': "export { now } from '../std/clock.ts'\n",
  'src/doors/tui/tree.tsx': "import { Text } from 'ink'\nexport const tree = Text\n",
  'src/doors/cli/main.ts':
    "export const load = () => [import('../tui/tree.tsx'), import('../../sandbox/sandbox.ts')]\n",
  'src/testing/memory-store.ts':
    "import type { Store } from '../state/store/contract.ts'\nexport type Memory = Store\n",
  'src/workflow/run.test.ts': "import '../doors/cli/main.ts'\n",
  'src/index.ts': "export { mcp } from './app/create-app.ts'\n",
}

let root: string

function write(files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
}

function problemsWith(files: Record<string, string>): string[] {
  write(files)
  return checkImports(root).problems
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imports-'))
  execFileSync('git', ['init', '--quiet'], { cwd: root })
  write(sound)
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

test('A tree that keeps the rules has no problem, and every module of it was read.', () => {
  const { modules, imports, problems } = checkImports(root)
  expect(problems).toEqual([])
  // All but the test; a file's own exports are no imports.
  expect(modules).toBe(Object.keys(sound).length - 1)
  expect(imports).toBe(17)
})

describe('Rooms', () => {
  const faults: [string, string, string, string][] = [
    [
      'a value',
      'src/std/ids.ts',
      "import { now } from '../domain/run.ts'\nexport const x = now",
      'std may not import domain',
    ],
    [
      'a type',
      'src/expression/parse.ts',
      "import type { Where } from '../workflow/run.ts'\nexport type X = Where",
      'expression may not import workflow',
    ],
    [
      'a named type',
      'src/config/load.ts',
      "import { type Store } from '../state/store/contract.ts'\nexport type X = Store",
      'config may not import state',
    ],
    [
      'a type in place',
      'src/config/load.ts',
      "export type X = import('../state/store/contract.ts').Store",
      'config may not import state',
    ],
    [
      'an import()',
      'src/workflow/run.ts',
      "export const x = () => import('../app/create-app.ts')",
      'workflow may not import app',
    ],
    ['a re-export', 'src/domain/run.ts', "export { mcp } from '../app/create-app.ts'", 'domain may not import app'],
    ['a re-export of all', 'src/domain/run.ts', "export * from '../app/create-app.ts'", 'domain may not import app'],
    ['a bare import', 'src/domain/run.ts', "import '../app/create-app.ts'", 'domain may not import app'],
    [
      'more than a contract',
      'src/executor/call.ts',
      "export { mcp } from '../targets/mcp/target.ts'",
      'executor may import only the contract of targets',
    ],
    [
      'more than a store’s contract',
      'src/workflow/run.ts',
      "export { rows } from '../state/store/sqlite/store.ts'",
      'workflow may import only the contract of state',
    ],
    [
      'a door’s neighbour',
      'src/doors/tui/tree.tsx',
      "export { load } from '../cli/main.ts'",
      'doors/tui may not import doors/cli',
    ],
    [
      'a door by value',
      'src/doors/cli/main.ts',
      "export { tree } from '../tui/tree.tsx'",
      'doors/cli may load doors/tui only by import()',
    ],
    [
      'the sandbox by type',
      'src/doors/cli/main.ts',
      "export type { now } from '../../sandbox/sandbox.ts'",
      'doors/cli may load sandbox only by import()',
    ],
    [
      'a room behind the app',
      'src/doors/cli/main.ts',
      "export type { Where } from '../../workflow/run.ts'",
      'doors/cli may not import workflow',
    ],
    [
      'the sandbox from the app',
      'src/app/create-app.ts',
      "export const x = () => import('../sandbox/sandbox.ts')",
      'app may not import sandbox',
    ],
    ['an unknown room', 'src/garage/car.ts', "export { now } from '../std/clock.ts'", '"garage" is no room'],
    ['a door from the SDK', 'src/index.ts', "export { load } from './doors/cli/main.ts'", '. may not import doors/cli'],
  ]

  test.each(faults)('The check finds %s that goes where it may not.', (_what, file, text, problem) => {
    const problems = problemsWith({ [file]: `${text}\n` })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(new RegExp(`^${file}:1:\\d+: `))
    expect(problems[0]).toContain(problem)
  })
})

describe('Siblings', () => {
  const faults: [string, string, string][] = [
    ['src/targets/mcp/target.ts', '../mesh/target.ts', 'targets/mcp may not import its sibling mesh'],
    [
      'src/state/store/postgres/store.ts',
      '../sqlite/store.ts',
      'state/store/postgres may not import its sibling sqlite',
    ],
    [
      'src/executor/routing/strategies/second.ts',
      './first.ts',
      'strategies/second.ts may not import its sibling first.ts',
    ],
  ]

  test.each(faults)('%s may not import %s.', (file, specifier, problem) => {
    const problems = problemsWith({ [file]: `export * from '${specifier}'\n` })
    expect(problems).toEqual([expect.stringContaining(problem)])
  })
})

describe('Packages', () => {
  test.each(['ink', 'react/jsx-runtime', '@modelcontextprotocol/server', 'pg', 'bullmq', '@opentelemetry/api'])(
    'A static import of %s is found.',
    (name) => {
      const problems = problemsWith({
        'src/targets/mesh/target.ts': `import * as it from '${name}'\nexport const x = it\n`,
      })
      expect(problems).toEqual([expect.stringContaining(`"${name}" is heavy`)])
    },
  )

  test('Its types, import() and packages that only begin alike are fine.', () => {
    const text =
      "import type { Pool } from 'pg'\nimport 'pg-connection-string'\nexport const x = (): Promise<Pool> => import('pg')\n"
    expect(problemsWith({ 'src/targets/mesh/target.ts': text })).toEqual([])
  })

  test('An import() of something computed is a problem, since nobody can check it.', () => {
    const problems = problemsWith({
      'src/targets/mesh/target.ts': 'export const x = (a: string) => import(`../${a}.ts`)\n',
    })
    expect(problems).toEqual([expect.stringContaining('computed')])
  })
})

describe('Cycles', () => {
  test('A cycle of values is found once, with its way.', () => {
    const problems = problemsWith({
      'src/workflow/a.ts': "import './b.ts'\n",
      'src/workflow/b.ts': "import './c.ts'\n",
      'src/workflow/c.ts': "import './a.ts'\n",
    })
    expect(problems).toEqual([
      'src/workflow/a.ts: a cycle of imports: workflow/a.ts → workflow/b.ts → workflow/c.ts → workflow/a.ts',
    ])
  })

  test('A module that imports itself is a cycle.', () => {
    expect(problemsWith({ 'src/workflow/a.ts': "import './a.ts'\n" })).toEqual([expect.stringContaining('cycle')])
  })

  test('A cycle through a type or an import() is none.', () => {
    const problems = problemsWith({
      'src/workflow/a.ts': "import type { B } from './b.ts'\nexport type A = B\n",
      'src/workflow/b.ts':
        "import type { A } from './a.ts'\nexport type B = { a: A }\nexport const x = () => import('./a.ts')\n",
    })
    expect(problems).toEqual([])
  })
})

describe('Names and sizes', () => {
  test.each([
    'src/std/string-utils.ts',
    'src/app/run-manager.ts',
    'src/domain/types.ts',
    'src/helpers/x.ts',
    'test/lib/x.ts',
  ])('%s has a word that says nothing.', (file) => {
    expect(problemsWith({ [file]: '' })).toEqual([expect.stringMatching(/says nothing/)])
  })

  test.each(['src/std/myClock.ts', 'src/app/RunView.tsx', 'src/domain/run_state.ts'])(
    '%s is not kebab-case.',
    (file) => {
      expect(problemsWith({ [file]: '' })).toEqual([expect.stringMatching(/not kebab-case/)])
    },
  )

  test('A word that only contains one of those is a name like any other.', () => {
    expect(
      problemsWith({ 'src/std/base64.ts': '', 'src/std/library.ts': '', 'src/domain/value-type.test.ts': '' }),
    ).toEqual([])
  })

  test('400 lines are a file; 401 are two.', () => {
    expect(problemsWith({ 'src/std/long.ts': '\n'.repeat(400) })).toEqual([])
    expect(problemsWith({ 'src/std/long.ts': '\n'.repeat(401) })).toEqual([expect.stringContaining('401 lines')])
  })
})

describe('Reading', () => {
  test('An empty tree is a problem, not a clean bill.', () => {
    rmSync(join(root, 'src'), { recursive: true })
    mkdirSync(join(root, 'src'))
    expect(checkImports(root).problems).toEqual(['read no module at all'])
  })

  test('A module that git lists and the reader missed is a problem.', () => {
    // The reader does not follow links; git lists them.
    execFileSync('ln', ['-s', resolve(root, 'src/std/clock.ts'), join(root, 'src/std/.hidden.ts')])
    expect(checkImports(root).problems).toContainEqual(expect.stringMatching(/^read 19 modules, and git lists 1 more/))
  })

  test('A relative import that leads nowhere is a problem.', () => {
    const problems = problemsWith({ 'src/std/clock.ts': "import './gone.ts'\nimport '../../package.json'\n" })
    expect(problems).toEqual([
      expect.stringContaining('"./gone.ts" is no module of src'),
      expect.stringContaining('"../../package.json" leaves src'),
    ])
  })

  test('A file that can not be parsed stops the check.', () => {
    write({ 'src/std/clock.ts': 'import {' })
    expect(() => checkImports(root)).toThrow('src/std/clock.ts')
  })
})

/** Plants one wrong error after another in a small tree, so that the check of errors can't have gone blind. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkErrors } from '../scripts/check-errors.ts'

let root: string
const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'errors-'))
  execFileSync('git', ['init', '--quiet'], { cwd: root })
  write('src/domain/errors.ts', 'export class OurError extends Error {}\n')
  write(
    'src/app/good.ts',
    "import { OurError } from '../domain/errors.ts'\nclass More extends OurError {}\nexport const f = (e: unknown) => {\n  if (e instanceof Error) throw e\n  throw new More('x')\n}\n",
  )
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('A tree whose errors are ours has no problem, and every throw of it was seen.', () => {
  expect(checkErrors(root, {})).toEqual({ modules: 2, throws: 2, problems: [] })
})

test.each([
  ["throw new Error('x')", /Error\(\) is none of ours/],
  ["throw TypeError('x')", /TypeError\(\) is none of ours/],
  ["const late = new DOMException('x')\nthrow late", /DOMException/],
  ["Promise.reject(new RangeError('x'))", /RangeError/],
  ['class Own extends Error {}', /extends Error/],
  ['const own = class extends SyntaxError {}', /extends SyntaxError/],
  ["throw 'x'", /no error/],
  ['throw `x`', /no error/],
  ["throw { code: 'x' }", /no error/],
])('The fault "%s" is found, with its place.', (fault, message) => {
  write('src/app/bad.ts', `// a line before it\n${fault}\n`)
  const { problems } = checkErrors(root, {})
  expect(problems).toEqual([expect.stringMatching(message)])
  expect(problems[0]).toMatch(/^src\/app\/bad\.ts:2: /)
  expect(checkErrors(root, { 'app/bad.ts': 'because' }).problems).toEqual([])
})

test('An exception that is not needed any more is a problem, and so is a module that was not read.', () => {
  expect(checkErrors(root, { 'app/good.ts': 'because' }).problems).toEqual([expect.stringContaining('app/good.ts')])
  rmSync(join(root, 'src'), { recursive: true })
  expect(checkErrors(root, {}).problems).toEqual(['read no module at all'])
})

test('The errors of this project are its own.', () => {
  const { modules, throws, problems } = checkErrors(resolve(import.meta.dirname, '..'))
  expect(problems).toEqual([])
  expect(modules).toBeGreaterThan(700)
  expect(throws).toBeGreaterThan(600)
})

/**
 * Checks that `src/` raises no errors but those of `src/domain/errors.ts`: no `new Error()`, `TypeError()` and the like, no
 * class of errors beside them, nothing thrown that is no error. Exceptions have a reason below; one that is not needed any
 * more is a problem, too. Fails when it read fewer modules than git lists, so that it can't go blind.
 *
 *   node scripts/check-errors.ts [ROOT]
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'
import { readModules, unread } from './source-modules.ts'

export interface ErrorsReport {
  modules: number
  throws: number
  problems: string[]
}

const nativeErrors: ReadonlySet<string> = new Set(
  'Error TypeError RangeError SyntaxError ReferenceError EvalError URIError AggregateError DOMException'.split(' '),
)

/** Where errors of the language may be made, and why. */
export const allowed: Readonly<Record<string, string>> = {
  'std/as-error.ts': 'std knows nothing of the product; it makes an error of what somebody threw that was none',
  'std/file-lock.ts': 'std knows nothing of the product; whoever takes the lock translates its one class',
  'std/redaction.ts':
    'std knows nothing of the product; the schema of the configuration tells what is wrong, and where',
  'expression/fault.ts': 'the fault of an expression never leaves its room: it becomes a problem or an ExpressionError',
  'std/clock.ts': 'the reason of a signal that only ends a timer; nobody sees it',
  'sandbox/predictions/changes.ts': 'the reason of a signal that only ends a wait; nobody sees it',
  'targets/replicate/recording/replayer.ts': 'plays an error of the network back as the network library raises it',
  'testing/store-drives.ts': 'plants an error that is not ours',
  'testing/store-removes.ts': 'plants an error that is not ours',
}

export function checkErrors(root: string, exceptions: Readonly<Record<string, string>> = allowed): ErrorsReport {
  const modules = readModules(root)
  const missed = unread(root, modules)
  const problems: string[] = []
  if (modules.length === 0) problems.push('read no module at all')
  if (missed.length > 0)
    problems.push(`read ${modules.length} modules, and git lists more: ${missed.slice(0, 3).join(', ')}`)
  const used = new Set<string>()
  let throws = 0
  for (const { file } of modules) {
    if (file === 'domain/errors.ts') continue
    const read = readErrors(readFileSync(join(root, 'src', file), 'utf8'), file)
    throws += read.throws
    if (read.found.length > 0 && Object.hasOwn(exceptions, file)) used.add(file)
    else problems.push(...read.found.map(({ line, what }) => `src/${file}:${line}: ${what}`))
  }
  for (const file of Object.keys(exceptions)) {
    if (!used.has(file)) problems.push(`scripts/check-errors.ts: "${file}" needs no exception any more`)
  }
  return { modules: modules.length, throws, problems }
}

interface Found {
  line: number
  what: string
}

function readErrors(source: string, file: string): { throws: number; found: Found[] } {
  const found: Found[] = []
  let throws = 0
  const add = (offset: number, what: string) => found.push({ line: source.slice(0, offset).split('\n').length, what })
  const made = ({ callee, start }: { callee: Node; start: number }) => {
    if (callee.type === 'Identifier' && nativeErrors.has(callee.name ?? ''))
      add(start, `${callee.name}() is none of ours: take a class of src/domain/errors.ts`)
  }
  const extended = ({ superClass, start }: { superClass: Node | null; start: number }) => {
    if (superClass?.type === 'Identifier' && nativeErrors.has(superClass.name ?? ''))
      add(start, `a class of errors extends ${superClass.name}: extend one of src/domain/errors.ts`)
  }
  new Visitor({
    NewExpression: (node) => made(node as never),
    CallExpression: (node) => made(node as never),
    ClassDeclaration: (node) => extended(node as never),
    ClassExpression: (node) => extended(node as never),
    ThrowStatement: ({ argument, start }) => {
      throws += 1
      if (noErrors.has(argument.type)) add(start, 'what is thrown is no error')
    },
  }).visit(parseSync(file, source).program)
  return { throws, found }
}

interface Node {
  type: string
  name?: string
}

const noErrors: ReadonlySet<string> = new Set([
  'Literal',
  'TemplateLiteral',
  'ObjectExpression',
  'ArrayExpression',
  'BinaryExpression',
])

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { modules, throws, problems } = checkErrors(resolve(process.argv[2] ?? '.'))
  for (const problem of problems) console.log(problem)
  console.log(`modules ${modules}, throws ${throws}, problems ${problems.length}`)
  process.exitCode = problems.length > 0 ? 1 : 0
}

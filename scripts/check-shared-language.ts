/**
 * Runs the expression language over gathered cases of other languages and over hostile input, when the folder with
 * them is there. Prints counts; exits 1 on anything that is neither expected nor decided otherwise below.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { evaluateExpression, ExpressionError } from '../src/expression/evaluate.ts'
import { parseExpression } from '../src/expression/parse.ts'
import type { Json } from '../src/std/json.ts'

const folder = join(
  resolve(import.meta.dirname, '..', process.env['REPLICATE_AGENT_SHARED'] ?? '../shared'),
  'data',
  'language',
)
const slowest = 100

interface Outcome {
  value?: Json
  /** Code of the problem. */
  problem?: string
  hint?: string | undefined
  milliseconds: number
}

interface Decision {
  reason: string
  /** The values that we give instead, by expression; or the problem that we report. */
  lines: Record<string, { value: Json } | { problem: string }>
}

const yields = (value: Json) => ({ value })
const refuses = (problem: string) => ({ problem })
const all = (problem: string, lines: string[]) => Object.fromEntries(lines.map((line) => [line, refuses(problem)]))

/** Lines of valid.jsonl where this language decided otherwise. */
const decisions: Decision[] = [
  {
    reason: '`and` and `or` give booleans, not one of their operands',
    lines: {
      'True and ""': yields(false),
      '1 - 1 or 21': yields(true),
      '1 - 1 and 11': yields(false),
      'False or 42': yields(true),
      '0 and 1': yields(false),
      '1 and 0': yields(false),
      '0 or 1': yields(true),
      '1 or 0': yields(true),
      '1 or 1': yields(true),
      '0 and 1 or 1': yields(true),
      'notes and order and band': yields(true),
      'Truey and Falsey': yields(true),
      'a and not b or c': yields(true),
    },
  },
  { reason: 'numbers and booleans are never equal', lines: { '1 == True': yields(false) } },
  {
    reason: '`<` and its kin compare two numbers or two strings, not booleans',
    lines: all('wrong_type', [
      'False < True',
      'false < true',
      'false > true',
      'true > true',
      'false <= false',
      'true >= false',
      'true >= true',
    ]),
  },
  {
    reason: 'tuples are refused; a list is written [1, 2]',
    lines: all('refused_tuple', ['3 not in (1, 2, 3, 4)', 'foo not in ("aa", "bb")']),
  },
  {
    reason: 'unary + is refused',
    lines: all('refused_unary_plus', [
      '10*+x',
      '10+ +1',
      '+1',
      '+(-1)',
      '+false',
      '+true',
      '4*+2',
      '4-+2',
      '4 + +2',
      '+-+2',
      '-+-+2',
    ]),
  },
  { reason: 'arithmetic is for numbers, not booleans', lines: { '-false': refuses('wrong_type') } },
]

/** Why a line of ambiguous.jsonl may be refused: the problem, and what the line must look like. */
const refusals: { problem: string; line: RegExp; reason: string }[] = [
  { problem: 'refused_tuple', line: /\(.*\)|\[\d,\d\]/, reason: 'tuples and double indexes are refused' },
  { problem: 'refused_unary_plus', line: /\+/, reason: 'unary + is refused' },
  { problem: 'not_needs_parentheses', line: /[-+*] *not/, reason: '`not` after an operator needs parentheses' },
  { problem: 'division_by_zero', line: /0\.0\/0\.0/, reason: 'numbers are finite' },
  { problem: 'bad_number', line: /^003/, reason: 'leading zeros mean octal to some' },
  { problem: 'unexpected', line: /^("""|''')/, reason: 'strings have one quote at each end' },
  {
    problem: 'unexpected',
    line: /^(\[4,5\]!|\(not 4\)!|true\?0::3|\["a", \*x)/,
    reason: 'no factorial, no empty branch, no spread',
  },
  { problem: 'unexpected', line: /^(5 \* in|and \* or)/, reason: 'words of the language are no names' },
  { problem: 'wrong_type', line: /^-("123"|'1'|null)$/, reason: 'nothing is converted to a number by itself' },
  { problem: 'wrong_type', line: /^a\[0\.1\]$/, reason: 'an index is a whole number' },
  { problem: 'wrong_type', line: /\.length$/, reason: 'lists have no fields; len(x)' },
  { problem: 'wrong_type', line: / in 1$/, reason: 'a number holds nothing' },
  { problem: 'wrong_type', line: /^(min|max)\(.*\[/, reason: 'min and max take one list, or values' },
  { problem: 'out_of_range', line: /^obj\.foo\[/, reason: 'indexes count from 0' },
]

/** Lines of escape.txt, expected to be refused or to fail, that are harmless data here. */
const harmless: Record<string, string> = {
  '{toString: 2}': 'an object literal with a key of that name: plain data, and no method is ever looked up',
  '"use strict"': 'a string',
  'a ?? b': 'an operator of this language',
  'a[1:2]': 'a slice',
}

/** Names that occur in hostile lines, with what an attacker would like them to be. */
const hostileScope = JSON.parse(
  '{"a":"__pro","b":"to__","c":"constructor","prop":"constructor","key1":"constr","key2":"uctor","x":{"__proto__":{"y":1}},' +
    '"obj":{"constructor":"data"},"output":"text","foo":{"bar":{}},"config":{},"o":{"f":1},"wrap":{},"len":1,"Number":1}',
) as Record<string, Json>

let unexpectedLines = 0

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function unexpected(file: string, line: string, why: string): void {
  unexpectedLines += 1
  print(`UNEXPECTED ${file}: ${line.slice(0, 120)}\n           ${why}`)
}

function run(source: string, scope: Record<string, Json>): Outcome {
  const began = performance.now()
  const outcome = settle(source, scope)
  return { ...outcome, milliseconds: performance.now() - began }
}

function settle(source: string, scope: Record<string, Json>): Omit<Outcome, 'milliseconds'> {
  const parsed = parseExpression(source)
  if (!parsed.ok) return { problem: parsed.problems[0]?.code ?? 'none', hint: parsed.problems[0]?.hint }
  try {
    return { value: evaluateExpression(parsed.expression, scope, { now: 0 }) }
  } catch (error) {
    if (error instanceof ExpressionError) return { problem: error.problem.code, hint: error.hint }
    throw error
  }
}

function same(actual: Json | undefined, expected: unknown): boolean {
  if (typeof actual === 'number' && typeof expected === 'number') {
    return Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected))
  }
  return JSON.stringify(actual) === JSON.stringify(expected)
}

function show(outcome: Outcome): string {
  return outcome.problem === undefined ? JSON.stringify(outcome.value) : `problem ${outcome.problem}`
}

function readLines(name: string): string[] {
  return readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)
}

function checkTime(file: string, line: string, outcome: Outcome): void {
  if (outcome.milliseconds >= slowest) unexpected(file, line, `took ${outcome.milliseconds.toFixed(0)} ms`)
}

function checkValid(): void {
  const decided = new Map(decisions.flatMap(({ lines }) => Object.entries(lines)))
  const counts = { asExpected: 0, decidedOtherwise: 0 }
  for (const line of readLines('valid.jsonl')) {
    const { expr, vars, expected } = JSON.parse(line) as { expr: string; vars: Record<string, Json>; expected: Json }
    const outcome = run(expr, vars)
    const decision = decided.get(expr)
    checkTime('valid.jsonl', expr, outcome)
    if (outcome.problem === undefined && same(outcome.value, expected)) counts.asExpected += 1
    else if (
      decision &&
      ('problem' in decision ? outcome.problem === decision.problem : same(outcome.value, decision.value))
    ) {
      counts.decidedOtherwise += 1
    } else unexpected('valid.jsonl', expr, `gives ${show(outcome)}, expected ${JSON.stringify(expected)}`)
  }
  print(`valid.jsonl            ${counts.asExpected} as expected, ${counts.decidedOtherwise} decided otherwise`)
  for (const { reason, lines } of decisions)
    print(`  ${String(Object.keys(lines).length).padStart(3)} lines: ${reason}`)
}

function checkAmbiguous(): void {
  const counts = { js: 0, python: 0, onlyUpstream: 0, refused: 0 }
  for (const line of readLines('ambiguous.jsonl')) {
    const { expr, vars, upstream, js, python } = JSON.parse(line) as {
      expr: string
      vars: Record<string, Json>
    } & Record<string, unknown>
    const outcome = run(expr, vars)
    checkTime('ambiguous.jsonl', expr, outcome)
    const agrees = (other: unknown) => outcome.problem === undefined && same(outcome.value, other)
    if (agrees(js)) counts.js += 1
    if (agrees(python)) counts.python += 1
    if (agrees(upstream) && !agrees(js) && !agrees(python)) counts.onlyUpstream += 1
    if (agrees(js) || agrees(python) || agrees(upstream)) continue
    const reason = refusals.find((refusal) => refusal.problem === outcome.problem && refusal.line.test(expr))
    if (reason) counts.refused += 1
    else unexpected('ambiguous.jsonl', expr, `gives ${show(outcome)}, like none of the others`)
  }
  print(
    `ambiguous.jsonl        ${counts.js} as JavaScript, ${counts.python} as Python, ${counts.onlyUpstream} as only a third language, ` +
      `${counts.refused} refused for a listed reason`,
  )
}

function checkHostile(): void {
  let category = ''
  const counts = new Map<string, { refused: number; values: number }>()
  for (const line of readLines('escape.txt')) {
    if (line.startsWith('# ')) {
      category = /category: (\w+)/.exec(line)?.[1] ?? category
      continue
    }
    const count = counts.get(category) ?? { refused: 0, values: 0 }
    counts.set(category, count)
    for (const scope of [{}, hostileScope]) {
      const outcome = run(line, scope)
      checkTime('escape.txt', line, outcome)
      if (outcome.problem !== undefined) count.refused += 1
      else {
        count.values += 1
        const foreign = foreignPart(outcome.value)
        if (foreign) unexpected('escape.txt', line, `gives ${foreign}`)
        if (category !== 'bomb' && !Object.hasOwn(harmless, line))
          unexpected('escape.txt', line, `gives ${show(outcome)}`)
      }
    }
  }
  for (const [name, { refused, values }] of counts) {
    print(`escape.txt ${name.padEnd(11)} ${refused} refused or failed, ${values} plain values (two scopes each)`)
  }
}

/** What in a value is not plain JSON, in words. */
function foreignPart(value: unknown): string | undefined {
  if (value === null || ['string', 'boolean'].includes(typeof value)) return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype) return 'an object with a foreign prototype'
  if (value === Object.prototype || value === Array.prototype) return 'a prototype'
  return Object.values(value)
    .map(foreignPart)
    .find((part) => part !== undefined)
}

/** Conditions of other workflow runners: not ours to accept, but each refusal should help its writer. */
function checkReal(): void {
  const counts = { parsed: 0, refused: 0, withHint: 0 }
  for (const line of readLines('real_conditions.txt')) {
    if (line.startsWith('# ')) continue
    const bare = line
      .replace(/\s+#.*$/, '')
      .replace(/^["']|["']$/g, '')
      .replace(/^\{\{=?\s*([^{}]*?)\s*\}\}$/, '$1')
    const outcome = run(bare, {})
    checkTime('real_conditions.txt', line, outcome)
    if (parseExpression(bare).ok) counts.parsed += 1
    else {
      counts.refused += 1
      if (outcome.hint !== undefined) counts.withHint += 1
    }
  }
  print(
    `real_conditions.txt    ${counts.parsed} parse as they are, ${counts.refused} are refused, ${counts.withHint} of them with a hint`,
  )
}

if (existsSync(folder)) {
  checkValid()
  checkAmbiguous()
  checkHostile()
  checkReal()
  print(unexpectedLines === 0 ? 'nothing unexpected' : `${unexpectedLines} unexpected`)
  process.exitCode = unexpectedLines === 0 ? 0 : 1
} else {
  print(`the gathered cases are not here (${folder}): nothing was checked`)
}

/** `matches()`: patterns by re2js, in time linear in the text, with their size limited and paid for. */
import { compileLinear, type LinearRegex } from '../../std/linear-regex.ts'
import { type Budget, spend } from '../budget.ts'
import { Fault } from '../fault.ts'

/** The counts of `{3}`, `{2,}` and `{2,5}`, wherever braces stand (also where they are plain text: no harm). */
const counts = /\{(\d+)(?:,(\d*))?\}/g

/** Steps for compiling, by instruction; and instructions times characters that make one step. */
const compileSteps = 100
const workPerStep = 5

const compiled = new Map<string, LinearRegex>()
const cacheEntries = 200

export function matchesPattern(text: string, pattern: string, budget: Budget): boolean {
  checkSize(pattern, budget)
  const program = compile(pattern)
  const size = program.programSize()
  spend(budget, size * compileSteps + (size * text.length) / workPerStep)
  return program.test(text)
}

function checkSize(pattern: string, budget: Budget): void {
  const { patternLength, patternCounts } = budget.limits
  if (pattern.length > patternLength) {
    throw new Fault('pattern_too_large', `the pattern is longer than ${patternLength} characters`)
  }
  let total = 0
  for (const found of pattern.matchAll(counts)) total += Math.max(Number(found[1]), Number(found[2] || 0))
  if (total > patternCounts) {
    throw new Fault(
      'pattern_too_large',
      `the counts in the pattern add up to more than ${patternCounts}`,
      'write * or + instead',
    )
  }
}

function compile(pattern: string): LinearRegex {
  const known = compiled.get(pattern)
  if (known) return known
  let program: LinearRegex
  try {
    program = compileLinear(pattern)
  } catch (error) {
    const reason = (error as Error).message.replace('error parsing regexp: ', '')
    throw new Fault(
      'invalid_pattern',
      `this is no pattern: ${reason}`,
      'patterns have RE2 syntax: no look-around, no back-references',
    )
  }
  if (compiled.size >= cacheEntries) compiled.delete(compiled.keys().next().value as string)
  compiled.set(pattern, program)
  return program
}

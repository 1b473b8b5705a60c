import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../../domain/run.ts'
import type { Json } from '../../../std/json.ts'
import { outputLines } from './run-summary.ts'
import { styleFor } from './style.ts'

function linesOf(value: Json): string[] {
  const run = { outputs: { it: value }, steps: {} } as unknown as RunResult
  return outputLines(run, { style: styleFor({ isTTY: false, write: () => {} }, {}), cwd: '/', columns: 60 }).slice(2)
}

describe('outputs for people', () => {
  const long = 'a sentence that takes up most of the line that there is'

  it('stand on one line as JSON where they fit, strings as they are', () => {
    expect(linesOf([1, 'two', { three: null }])).toEqual(['  it  [1,"two",{"three":null}]'])
    expect(linesOf(long)).toEqual([`  it  ${long}`])
    expect(linesOf(null)).toEqual(['  it  null'])
    expect(linesOf([])).toEqual(['  it  []'])
  })

  it('stand one a line where they do not', () => {
    expect(linesOf([long, { file: 'a.png', said: long }, ''])).toEqual([
      `  it  - ${long}`,
      `      - {"file":"a.png","said":"${long}"}`,
      '      - ""',
    ])
    expect(linesOf({ text: `${long}\n\nand more`, left: 2 })).toEqual([`  it  text: ${long} and more`, '      left: 2'])
  })

  it('stay on one line when they are words', () => {
    const words = Array.from({ length: 20 }, (_, at) => `word${at}`)
    expect(linesOf(words)).toEqual([`  it  ${JSON.stringify(words)}`])
  })

  it('are cut after a dozen lines, and say how to see the rest', () => {
    const lines = linesOf(Array.from({ length: 15 }, () => long))
    expect(lines).toHaveLength(13)
    expect(lines.at(-1)).toContain('3 more lines; --output outputs.it prints it all')
  })

  it('hold no control characters, however deep', () => {
    expect(linesOf([`${long}\u001b[31m`, { a: `\u001b]0;x\u0007${long}` }]).join('')).not.toMatch(/[\u001b\u0007]/)
  })
})

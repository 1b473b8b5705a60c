/** Where two JSON values differ, in a few lines for people. */
import { isObject, type Json, jsonEqual } from '../../std/json.ts'

const mostLines = 8
const longest = 120

/** One line for each place that differs, the first few; empty when they are equal. */
export function differenceLines(expected: Json, actual: Json): string[] {
  const lines: string[] = []
  compare(expected, actual, '', lines)
  if (lines.length <= mostLines) return lines
  return [...lines.slice(0, mostLines), `… and ${lines.length - mostLines} more places`]
}

function compare(expected: Json | undefined, actual: Json | undefined, at: string, lines: string[]): void {
  if (expected === undefined) return void lines.push(`+ ${at}: ${shown(actual)}`)
  if (actual === undefined) return void lines.push(`- ${at}: ${shown(expected)}`)
  if (jsonEqual(expected, actual)) return
  if (Array.isArray(expected) && Array.isArray(actual)) {
    for (let index = 0; index < Math.max(expected.length, actual.length); index += 1)
      compare(expected[index], actual[index], `${at}[${index}]`, lines)
  } else if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)]))
      compare(expected[key], actual[key], at === '' ? key : `${at}.${key}`, lines)
  } else {
    const where = at === '' ? '' : `${at}: `
    lines.push(`- ${where}${shown(expected)}`, `+ ${where}${shown(actual)}`)
  }
}

/** A value as JSON, on one line that is not too long. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}

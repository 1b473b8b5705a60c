/** Problems and errors in one style: what, where, the source line with a caret, help. */
import { relative } from 'node:path'
import { printable } from './printable.ts'
import type { Style } from './style.ts'

export interface Place {
  /** Absent for an expression given on the command line. */
  file?: string
  line: number
  column: number
  source?: string | undefined
}

export interface Complaint {
  severity: 'error' | 'warning'
  message: string
  place?: Place
  hint?: string | undefined
}

/** A problem in a file, as the loader or an action's output has it. */
export interface ShownProblem {
  file: string
  line: number
  column: number
  severity: 'error' | 'warning'
  message: string
  hint?: string | undefined
  source?: string | undefined
}

export function complaintOf(problem: ShownProblem): Complaint {
  const { file, line, column, source, severity, message, hint } = problem
  return { severity, message, hint, place: { file, line, column, source } }
}

export function complaintLines(complaint: Complaint, style: Style, cwd: string): string[] {
  const { severity, message, place, hint } = complaint
  const head = severity === 'error' ? style.red.bold('error') : style.yellow.bold('warning')
  const lines = [`${head}${style.bold(`: ${printable(message)}`)}`]
  if (place) lines.push(...placeLines(place, style, cwd))
  if (hint !== undefined) lines.push(`${style.cyan('help')}: ${printable(hint)}`)
  return lines
}

function placeLines(place: Place, style: Style, cwd: string): string[] {
  const { file, line, column, source } = place
  const gutter = ' '.repeat(String(line).length)
  const lines = [
    `${gutter}${style.blue('-->')} ${file === undefined ? '' : `${shortPath(file, cwd)}:`}${line}:${column}`,
  ]
  if (source === undefined) return lines
  const shown = excerpt(source, column)
  const bar = style.blue('|')
  return [
    ...lines,
    `${gutter} ${bar}`,
    `${style.blue(String(line))} ${bar} ${shown.text}`,
    `${gutter} ${bar} ${' '.repeat(shown.caret)}${style.red('^')}`,
  ]
}

const excerptWidth = 120

/** The part of a long line around the column, on one line of single-width characters where possible. */
function excerpt(source: string, column: number): { text: string; caret: number } {
  const characters = [...printable(source.replaceAll('\t', ' ').replaceAll('\n', ' '))]
  const at = column - 1
  const from =
    characters.length <= excerptWidth
      ? 0
      : Math.max(0, Math.min(at - excerptWidth / 2, characters.length - excerptWidth))
  const to = from + excerptWidth
  const text = `${from > 0 ? '…' : ''}${characters.slice(from, to).join('')}${to < characters.length ? '…' : ''}`
  return { text, caret: at - from + (from > 0 ? 1 : 0) }
}

/** The path as seen from the working folder, for what lies in it. */
export function shortPath(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return near !== '' && !near.startsWith('..') ? near : path
}

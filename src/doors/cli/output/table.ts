/** Aligned columns of text; colour codes do not count. */
import { stripVTControlCharacters } from 'node:util'

export interface Column {
  header?: string
  align?: 'left' | 'right'
  /** Where the terminal is narrow, it may be cut to this width, */
  least?: number
  /** at its beginning, because what differs is at the end: names of models. */
  keepsEnd?: boolean
  /** Where the terminal is narrow, it is left out; of several, the one with the greatest number first. */
  spare?: number
}

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

/**
 * Lines with two spaces between columns and none at their end. Columns that are empty throughout are left out. `room`: of
 * a terminal; columns that may be are left out or cut for it.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  header: (text: string) => string,
  room = Infinity,
): string[] {
  const used = columns.map((_, at) => rows.some((row) => (row[at] ?? '') !== ''))
  const withHeader = columns.some((column) => column.header !== undefined)
  const all = withHeader ? [columns.map((column) => header(column.header ?? '')), ...rows] : rows
  const natural = columns.map((_, at) => (used[at] ? Math.max(0, ...all.map((row) => widthOf(row[at] ?? ''))) : 0))
  const widths = widthsWithin(natural, columns, room)
  return all.map((row) =>
    columns
      .flatMap((column, at) => {
        const width = widths[at] ?? 0
        return width === 0 ? [] : [pad(cut(row[at] ?? '', width, column), width, column.align)]
      })
      .join('  ')
      .trimEnd(),
  )
}

/** 0: the column is left out. */
function widthsWithin(natural: readonly number[], columns: readonly Column[], room: number): number[] {
  const widths = [...natural]
  const over = () => widths.reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), -2) - room
  const spare = [...columns.keys()].filter((at) => columns[at]?.spare !== undefined)
  for (const at of spare.toSorted((a, b) => (columns[b]?.spare ?? 0) - (columns[a]?.spare ?? 0)))
    if (over() > 0) widths[at] = 0
  for (const [at, { least }] of columns.entries()) {
    const width = widths[at] ?? 0
    if (least !== undefined && over() > 0) widths[at] = Math.min(width, Math.max(least, width - over()))
  }
  return widths
}

function cut(text: string, width: number, { keepsEnd }: Column): string {
  if (widthOf(text) <= width) return text
  const plain = stripVTControlCharacters(text)
  const letters = [...plain]
  const shorter = keepsEnd
    ? `…${letters.slice(letters.length - width + 1).join('')}`
    : `${letters.slice(0, width - 1).join('')}…`
  return text.includes(plain) ? text.replace(plain, () => shorter) : shorter
}

/** The columns of a terminal; what goes elsewhere has all the room it needs. */
export function roomOn({ isTTY, columns }: { isTTY?: boolean | undefined; columns?: number | undefined }): number {
  return (isTTY && columns) || Infinity
}

/** What is left of the terminal's width for the column at `at`, the last one; never too little to read. */
export function roomFor(rows: readonly (readonly string[])[], at: number, columns: number): number {
  const widths = Array.from({ length: at }, (_, column) =>
    Math.max(0, ...rows.map((row) => widthOf(row[column] ?? ''))),
  )
  return Math.max(leastRoom, columns - widths.reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), 0))
}

const leastRoom = 16

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'left' ? text + space : space + text
}

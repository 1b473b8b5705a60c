/** Aligned columns of text; colour codes do not count. */
import { stripVTControlCharacters } from 'node:util'

export interface Column {
  header?: string
  align?: 'left' | 'right'
}

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

/** Lines with two spaces between columns and none at their end. Columns that are empty throughout are left out. */
export function tableLines(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  header: (text: string) => string,
): string[] {
  const used = columns.map((_, at) => rows.some((row) => (row[at] ?? '') !== ''))
  const withHeader = columns.some((column) => column.header !== undefined)
  const all = withHeader ? [columns.map((column) => header(column.header ?? '')), ...rows] : rows
  const widths = columns.map((_, at) => Math.max(0, ...all.map((row) => widthOf(row[at] ?? ''))))
  return all.map((row) =>
    columns
      .flatMap((column, at) => (used[at] ? [pad(row[at] ?? '', widths[at] as number, column.align)] : []))
      .join('  ')
      .trimEnd(),
  )
}

/** What is left of the terminal's width for the column at `at`, the last one; never too little to read. */
export function roomFor(rows: readonly (readonly string[])[], at: number, columns: number): number {
  const widths = Array.from({ length: at }, (_, column) =>
    Math.max(0, ...rows.map((row) => widthOf(row[column] ?? ''))),
  )
  return Math.max(leastRoom, columns - widths.reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), 0))
}

const leastRoom = 24

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'left' ? text + space : space + text
}

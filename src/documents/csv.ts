/** Reads CSV as RFC 4180 has it: rows of cells, quoted ones too, each with its place. */
import { type Problem, ProblemsError } from '../domain/problem.ts'

export interface CsvRow {
  /** From 1. */
  line: number
  cells: CsvCell[]
}

export interface CsvCell {
  text: string
  line: number
  /** From 1, in characters. */
  column: number
}

/**
 * Row by row; lines end with LF or CRLF, empty ones are left out, a byte order mark is no part of the first cell. Throws
 * ProblemsError `invalid_input` at a quote that is not closed, or is not where a cell begins or ends.
 */
export function* csvRows(text: string, file: string): Generator<CsvRow> {
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  let lineStart = at
  while (at < text.length) {
    const row: CsvRow = { line, cells: [] }
    for (;;) {
      row.cells.push(text[at] === '"' ? quoted() : plain())
      if (text[at] !== ',') break
      at += 1
    }
    endLine()
    if (row.cells.length > 1 || row.cells[0]?.text !== '') yield row
  }

  function plain(): CsvCell {
    const begin = at
    while (at < text.length && text[at] !== ',' && text[at] !== '\n') {
      if (text[at] === '"')
        throw wrong(at, 'a quote within a cell', 'quote the whole cell, and write "" for a quote in it')
      at += 1
    }
    const end = text[at - 1] === '\r' && text[at] !== ',' && at > begin ? at - 1 : at
    return { text: text.slice(begin, end), line, column: begin - lineStart + 1 }
  }

  function quoted(): CsvCell {
    const [begin, cell] = [at, { text: '', line, column: at - lineStart + 1 }]
    const [firstLine, firstStart] = [line, lineStart]
    at += 1
    for (;;) {
      const end = text.indexOf('"', at)
      if (end < 0) {
        ;[line, lineStart] = [firstLine, firstStart]
        throw wrong(begin, 'this quote is never closed', 'close the cell with "')
      }
      const part = text.slice(at, end)
      for (let newline = part.indexOf('\n'); newline >= 0; newline = part.indexOf('\n', newline + 1)) {
        line += 1
        lineStart = at + newline + 1
      }
      cell.text += part
      at = end + 1
      if (text[at] !== '"') break
      cell.text += '"'
      at += 1
    }
    if (text[at] === '\r' && (text[at + 1] === '\n' || at + 1 === text.length)) at += 1
    if (at < text.length && text[at] !== ',' && text[at] !== '\n')
      throw wrong(at, 'text after the closing quote', 'write "" for a quote within a quoted cell')
    return cell
  }

  function endLine(): void {
    at += 1
    line += 1
    lineStart = at
  }

  function wrong(where: number, message: string, hint: string): ProblemsError {
    const place = { line, column: where - lineStart + 1 }
    const problem: Problem = { file, ...place, code: 'bad_csv', severity: 'error', message, hint }
    return new ProblemsError('invalid_input', [problem])
  }
}

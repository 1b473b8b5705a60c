/** Reads records of outcomes: a table with the quality of each model's answer to each prompt, and the models' prices. */
import { resolve } from 'node:path'
import { type CsvCell, type CsvRow, csvRows } from '../documents/csv.ts'
import { decodeSource, readSource } from '../documents/source-text.ts'
import { NonRetryableError } from '../domain/errors.ts'
import { type Problem, ProblemsError } from '../domain/problem.ts'
import type { OutcomeModel, OutcomeTable } from '../executor/routing/outcome-table.ts'
import { suggest } from '../std/suggest.ts'

/** So much is read as a whole, and simulated in memory. */
const maxBytes = 100_000_000
/** More problems than these help nobody. */
const mostProblems = 20

/** Columns of the table that are no models. */
const described = ['prompt_id', 'split', 'task', 'prompt_tokens_est'] as const
type Described = (typeof described)[number]

/**
 * `split`: only the rows with this text in the column `split`. Throws ProblemsError `invalid_input` with the place of
 * each bad cell, and what `readSource` throws.
 */
export async function readOutcomes(
  files: { table: string; models: string; split: string | undefined },
  cwd: string,
): Promise<OutcomeTable> {
  const prices = await readPrices(files.models, cwd)
  const sheet = await openSheet(files.table, cwd)
  const columns = columnsOf(sheet, prices, files.models)
  const [tokens, tasks, quality]: [number[], string[], number[]] = [[], [], []]
  const splits = new Set<string>()
  for (const row of sheet.rows) {
    if (!sheet.fits(row)) continue
    const textOf = (name: Described) => row.cells[columns.described[name] ?? -1]?.text
    if (files.split !== undefined) {
      const split = textOf('split') ?? ''
      splits.add(split)
      if (split !== files.split) continue
    }
    tokens.push(sheet.number(row, columns.described.prompt_tokens_est as number, 0, Infinity))
    tasks.push(textOf('task') ?? '')
    for (const { at } of columns.models) quality.push(sheet.number(row, at, 0, 1))
  }
  sheet.end()
  if (tokens.length === 0) throw noRows(files.table, files.split, splits)
  const models = columns.models.map(({ model }) => model)
  const hasTasks = columns.described.task !== undefined
  return { models, tokens, quality: Float64Array.from(quality), ...(hasTasks && { tasks }) }
}

/** By name. */
async function readPrices(path: string, cwd: string): Promise<Map<string, OutcomeModel>> {
  const sheet = await openSheet(path, cwd)
  const column = (...names: string[]) => names.map((name) => sheet.column(name)).find((at) => at >= 0)
  const name = column('model')
  const input = column('input_usd_per_mtok', 'usd_per_mtok')
  const output = column('output_usd_per_mtok', 'usd_per_mtok', 'input_usd_per_mtok')
  if (name === undefined)
    sheet.refuse(sheet.header.cells[0], 'no column is called "model"', 'name the columns in the first line')
  if (input === undefined)
    sheet.refuse(
      sheet.header.cells[0],
      'no column is called "input_usd_per_mtok" or "usd_per_mtok"',
      'give dollars per million tokens',
    )
  sheet.end()
  const prices = new Map<string, OutcomeModel>()
  for (const row of sheet.rows) {
    if (!sheet.fits(row)) continue
    const cell = row.cells[name as number] as CsvCell
    if (prices.has(cell.text)) sheet.refuse(cell, `the model "${cell.text}" is listed twice`, 'keep one of the lines')
    prices.set(cell.text, {
      name: cell.text,
      input_usd_per_mtok: sheet.number(row, input as number, 0, Infinity),
      output_usd_per_mtok: sheet.number(row, output as number, 0, Infinity),
    })
  }
  sheet.end()
  return prices
}

interface Columns {
  described: Partial<Record<Described, number>>
  models: { at: number; model: OutcomeModel }[]
}

function columnsOf(sheet: Sheet, prices: ReadonlyMap<string, OutcomeModel>, priceFile: string): Columns {
  const columns: Columns = { described: {}, models: [] }
  const seen = new Set<string>()
  for (const [at, cell] of sheet.header.cells.entries()) {
    const { text } = cell
    const known = described.find((name) => name === text)
    const model = prices.get(text)
    if (seen.has(text)) sheet.refuse(cell, `two columns are called "${text}"`, 'keep one of them')
    else if (known) columns.described[known] = at
    else if (model) columns.models.push({ at, model })
    else {
      const near = suggest(text, [...described, ...prices.keys()])
      const hint =
        near === undefined ? `add a line for it to ${priceFile}, or take the column out` : `did you mean "${near}"?`
      sheet.refuse(cell, `the model "${text}" has no price in ${priceFile}`, hint)
    }
    seen.add(text)
  }
  const [first] = sheet.header.cells
  if (columns.described.prompt_tokens_est === undefined)
    sheet.refuse(
      first,
      'no column is called "prompt_tokens_est"',
      'give the tokens of each prompt: costs are made of them',
    )
  if (columns.models.length === 0)
    sheet.refuse(
      first,
      'no column is a model',
      `give each model of ${priceFile} a column with the quality of its answers`,
    )
  sheet.end()
  return columns
}

function noRows(table: string, split: string | undefined, splits: ReadonlySet<string>): NonRetryableError {
  if (split === undefined) return new NonRetryableError('invalid_input', `${table} has no prompts`)
  const known = [...splits].filter((each) => each !== '').slice(0, 10)
  const hint =
    known.length === 0
      ? 'the table has no column "split"'
      : `the table has ${known.map((each) => `"${each}"`).join(', ')}`
  return new NonRetryableError('invalid_input', `${table} has no prompts of the split "${split}"`, { hint })
}

interface Sheet {
  header: CsvRow
  /** The rows after the header; read once. */
  rows: Iterable<CsvRow>
  /** Position of the column; -1: there is none. */
  column(name: string): number
  /** Whether the row has as many cells as the header. */
  fits(row: CsvRow): boolean
  /** What is no number between both is refused. */
  number(row: CsvRow, at: number, least: number, most: number): number
  refuse(cell: CsvCell | undefined, message: string, hint: string): void
  /** Throws what was refused. */
  end(): void
}

async function openSheet(path: string, cwd: string): Promise<Sheet> {
  const decoded = decodeSource(await readSource(resolve(cwd, path), maxBytes, 'table'))
  if (!decoded.ok) throw new NonRetryableError('invalid_input', `${path} is no UTF-8 text (byte ${decoded.offset})`)
  const rows = csvRows(decoded.text, path)
  const first = rows.next()
  if (first.done)
    throw new NonRetryableError('invalid_input', `${path} is empty`, { hint: 'name the columns in the first line' })
  const header = first.value
  const problems: Problem[] = []
  const sheet: Sheet = {
    header,
    rows,
    column: (name) => header.cells.findIndex(({ text }) => text === name),
    fits(row) {
      const [has, wants] = [row.cells.length, header.cells.length]
      if (has === wants) return true
      sheet.refuse(row.cells[0], `the line has ${has} cells, the first has ${wants}`, 'give each column a cell')
      return false
    },
    number(row, at, least, most) {
      const cell = row.cells[at] as CsvCell
      const value = cell.text.trim() === '' ? Number.NaN : Number(cell.text)
      if (value >= least && value <= most && value < Infinity) return value
      const what = most === Infinity ? `a number of at least ${least}` : `a number from ${least} to ${most}`
      const found = cell.text.trim() === '' ? 'an empty cell' : `"${cell.text.slice(0, 40)}"`
      sheet.refuse(
        cell,
        `"${header.cells[at]?.text}" wants ${what}, not ${found}`,
        'every row needs a value in each column',
      )
      return 0
    },
    refuse(cell, message, hint) {
      const { line, column } = cell ?? { line: 1, column: 1 }
      problems.push({ file: path, line, column, code: 'bad_table', severity: 'error', message, hint })
      if (problems.length >= mostProblems) sheet.end()
    },
    end() {
      if (problems.length > 0) throw new ProblemsError('invalid_input', problems)
    },
  }
  return sheet
}

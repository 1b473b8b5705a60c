/**
 * Says how many lines of `src/` the tests ran, those that only child processes ran included, by room; exits 1 below 90 %.
 *
 *   node scripts/report-coverage.ts FOLDER
 *
 * FOLDER holds vitest's `coverage-final.json` (Istanbul's format) and, in `processes/`, what Node wrote for each child
 * process under NODE_V8_COVERAGE. Node strips types by blanking them, so V8's offsets are those of the source.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Percent of lines. */
const least = 90
const shownFiles = 5

interface FileReport {
  statementMap: Record<string, { start: { line: number } }>
  s: Record<string, number>
}
interface Range {
  startOffset: number
  endOffset: number
  count: number
}
interface ProcessReport {
  result: { url: string; functions: { ranges: Range[] }[] }[]
}
interface Share {
  name: string
  lines: number
  run: number
}

const root = resolve(import.meta.dirname, '..')
const folder = process.argv[2]
if (folder === undefined) throw new Error('name the folder of the reports')
process.exitCode = report(folder)

function report(reports: string): number {
  const file = join(reports, 'coverage-final.json')
  if (!existsSync(file)) {
    process.stdout.write(`There is no ${file}: nothing was measured.\n`)
    return 1
  }
  const measured = JSON.parse(readFileSync(file, 'utf8')) as Record<string, FileReport>
  const children = childRanges(join(reports, 'processes'))
  const files = Object.entries(measured).map(([path, each]) => shareOf(path, each, children.get(path) ?? []))
  const rooms = [...Map.groupBy(files, ({ name }) => roomOf(name))].map(([name, own]) => sum(name, own))
  const all = sum('all', files)
  process.stdout.write('\nLines that the tests ran, child processes included:\n')
  for (const share of [...rooms.sort((a, b) => (a.name < b.name ? -1 : 1)), all]) process.stdout.write(line(share))
  const poorest = files.toSorted((a, b) => b.lines - b.run - (a.lines - a.run)).slice(0, shownFiles)
  process.stdout.write('Most lines not run:\n')
  for (const { name, lines, run } of poorest) process.stdout.write(`  ${String(lines - run).padStart(5)}  ${name}\n`)
  if (percent(all) >= least) return 0
  process.stdout.write(`error: ${percent(all).toFixed(1)} % of the lines were run, ${least} % have to be\n`)
  return 1
}

/** A line counts as run when a statement that begins on it was. */
function shareOf(path: string, { statementMap, s }: FileReport, children: readonly (readonly Range[])[]): Share {
  const lines = new Map<number, boolean>()
  for (const [key, { start }] of Object.entries(statementMap))
    lines.set(start.line, (lines.get(start.line) ?? false) || (s[key] ?? 0) > 0)
  const offsets = children.length === 0 ? [] : firstCharacters(readFileSync(path, 'utf8'))
  const run = [...lines].filter(
    ([line, here]) => here || children.some((ranges) => wasRun(ranges, offsets[line - 1] ?? -1)),
  )
  return { name: relative(root, path), lines: lines.size, run: run.length }
}

/** V8's ranges for each file, a list for each child process that loaded it. */
function childRanges(reports: string): Map<string, Range[][]> {
  const found = new Map<string, Range[][]>()
  const source = `${pathToFileURL(root).href}/src/`
  for (const name of existsSync(reports) ? readdirSync(reports) : []) {
    for (const { url, functions } of readProcess(join(reports, name))) {
      if (!url.startsWith(source)) continue
      const path = fileURLToPath(url)
      const ranges = functions.flatMap((each) => each.ranges)
      found.set(path, [...(found.get(path) ?? []), ranges])
    }
  }
  return found
}

/** What a process ran; nothing of one that was killed while it wrote that down. */
function readProcess(file: string): ProcessReport['result'] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as ProcessReport).result
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

/** Ranges are nested: the smallest one around a character says whether it was run. */
function wasRun(ranges: readonly Range[], offset: number): boolean {
  let inner: Range | undefined
  for (const range of ranges) {
    if (range.startOffset > offset || range.endOffset <= offset) continue
    if (!inner || range.endOffset - range.startOffset <= inner.endOffset - inner.startOffset) inner = range
  }
  return (inner?.count ?? 0) > 0
}

/** Where each line's first character that is no space stands. */
function firstCharacters(text: string): number[] {
  let begin = 0
  return text.split('\n').map((line) => {
    const first = begin + line.length - line.trimStart().length
    begin += line.length + 1
    return first
  })
}

function roomOf(file: string): string {
  const [, room = '', door = ''] = file.split('/')
  if (room.includes('.')) return 'index'
  return room === 'doors' ? `doors/${door}` : room
}

function sum(name: string, files: readonly Share[]): Share {
  const total = (of: (share: Share) => number) => files.reduce((amount, share) => amount + of(share), 0)
  return { name, lines: total(({ lines }) => lines), run: total(({ run }) => run) }
}

function percent({ lines, run }: Share): number {
  return lines === 0 ? 100 : (100 * run) / lines
}

function line(share: Share): string {
  return `  ${share.name.padEnd(12)} ${percent(share).toFixed(1).padStart(5)} %  of ${share.lines}\n`
}

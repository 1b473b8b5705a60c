/** What was measured last, part by part, as results.json, and the page that people read, RESULTS.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { figuresText, type Part, tableText } from './figures.ts'

/** A part, and when, how and where it was measured. */
export interface Recorded extends Part {
  date: string
  command: string
  machine: string
}

export type Results = Record<string, Recorded>

/** Puts `fresh` parts in the place of older ones; `order` is that of the page. */
export function recordResults(folder: string, fresh: Results, order: readonly string[]): void {
  const file = join(folder, 'results.json')
  const old = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {}
  const known = { ...old, ...fresh }
  const all = Object.fromEntries(order.flatMap((name) => (known[name] ? [[name, known[name]]] : [])))
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`)
  writeFileSync(join(folder, 'RESULTS.md'), resultsPage(Object.values(all)))
}

export function partText({ title, figures, tables, notes }: Part): string {
  const blocks = [...tables.map(tableText), notes.map((note) => `- ${note}`).join('\n')]
  return [`## ${title}`, figuresText(figures), ...blocks].join('\n\n')
}

function resultsPage(parts: readonly Recorded[]): string {
  const sections = parts.map(({ date, command, machine, ...part }) => {
    return `${partText({ ...part, notes: [`${date}, by \`${command}\`: ${machine}.`, ...part.notes] })}\n`
  })
  const figures = parts.flatMap((part) => part.figures)
  const missed = figures.filter(({ met }) => !met)
  const verdict =
    missed.length === 0
      ? `All ${figures.length} bars are met.`
      : `${missed.length} of ${figures.length} bars are missed.`
  return `# Benchmark results

Written by \`npm run bench -- --write\`. ${verdict}
On a machine that is busy, a disk that flushes now in 0.2 and now in 3 ms, or a core that is shared, change every absolute
figure; ratios to what was measured in the same minute less so.

${sections.join('\n')}`
}

/** Changes of values as people read them: the place, then what went in red and what came in green. */
import type { Json } from '../../../std/json.ts'
import { printable } from './printable.ts'
import { shortPath } from './problem.ts'
import { count } from './quantity.ts'
import type { Style } from './style.ts'

/** As actions put it out. */
interface Change {
  path: readonly (string | number)[]
  before?: Json | undefined
  after?: Json | undefined
}

interface ChangeShow {
  style: Style
  cwd: string
}

/** Of one part of the comparison. */
const mostChanges = 40
/** Lines of one side of a change. */
const mostLines = 30
/** Lines around what changed in a long text. */
const around = 2
const shortJson = 100

export async function changeLines(changes: readonly Change[], show: ChangeShow): Promise<string[]> {
  const lines: string[] = []
  for (const change of changes.slice(0, mostChanges)) {
    lines.push(`  ${placeOf(change.path)}`)
    lines.push(...(await bodyOf(change, show)).map((line) => `    ${line}`))
  }
  const more = changes.length - mostChanges
  if (more > 0) lines.push(`  … ${count(more, 'more change')}; --json has them all`)
  return lines
}

/** `steps.draw.input["a b"][2]` */
function placeOf(path: readonly (string | number)[]): string {
  let place = ''
  for (const part of path) {
    if (typeof part === 'number') place += `[${part}]`
    else if (/^[A-Za-z_][\w-]*$/.test(part)) place += place === '' ? part : `.${part}`
    else place += `[${JSON.stringify(part)}]`
  }
  return printable(place === '' ? '(all of it)' : place)
}

async function bodyOf({ before, after }: Change, show: ChangeShow): Promise<string[]> {
  if (typeof before === 'string' && typeof after === 'string' && (before + after).includes('\n'))
    return textLines(before, after, show.style)
  // `1` and `"1"` must not look the same.
  const isQuoted = before !== undefined && after !== undefined && typeof before !== typeof after
  const sides: string[] = []
  if (before !== undefined) sides.push(...(await sideLines('-', before, isQuoted, show)))
  if (after !== undefined) sides.push(...(await sideLines('+', after, isQuoted, show)))
  return sides
}

async function sideLines(sign: '-' | '+', value: Json, isQuoted: boolean, show: ChangeShow): Promise<string[]> {
  const lines = (await textOf(value, isQuoted, show.cwd)).split('\n')
  return cut(lines.map((line) => signed(sign, line, show.style)))
}

async function textOf(value: Json, isQuoted: boolean, cwd: string): Promise<string> {
  if (typeof value === 'string' && !isQuoted) return value.startsWith('/') ? shortPath(value, cwd) : value
  const json = JSON.stringify(value)
  if (json.length <= shortJson || typeof value !== 'object') return json
  const { stringify } = await import('yaml')
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()
}

/** What changed in a text, with the lines around it. */
async function textLines(before: string, after: string, style: Style): Promise<string[]> {
  const { structuredPatch } = await import('diff')
  // A text of another kind altogether takes quadratic time to compare, and the comparison says nothing.
  const patch = structuredPatch('', '', before, after, '', '', { context: around, maxEditLength: 2_000 })
  if (!patch) return [style.dim('the texts have little in common')]
  return cut(
    patch.hunks.flatMap(({ oldStart, lines }) => [
      style.dim(`@ line ${oldStart}`),
      ...lines
        .filter((line) => !line.startsWith('\\'))
        .map((line) => signed(line[0] as '-' | '+' | ' ', line.slice(1), style)),
    ]),
  )
}

function signed(sign: '-' | '+' | ' ', text: string, style: Style): string {
  const line = `${sign} ${printable(text)}`.trimEnd()
  if (sign === ' ') return style.dim(line)
  return sign === '-' ? style.red(line) : style.green(line)
}

function cut(lines: string[]): string[] {
  if (lines.length <= mostLines) return lines
  return [...lines.slice(0, mostLines), `… ${count(lines.length - mostLines, 'more line')}; --json has it all`]
}

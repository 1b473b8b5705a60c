/** What an input takes, as a table: name, type, whether it must be given, what it may be, what it is for. */
import { isObject } from '../../../std/json.ts'
import { oneLine } from './printable.ts'
import type { Style } from './style.ts'
import { roomFor, tableLines } from './table.ts'

type Schema = Readonly<Record<string, unknown>>

const longestRange = 36

/** With a heading; empty when the schema names no fields. */
export function schemaLines(schema: Schema | undefined, style: Style, columns: number): string[] {
  const properties = schema?.['properties']
  if (!isObject(properties)) return []
  const needed = Array.isArray(schema?.['required']) ? schema['required'] : []
  const fields = Object.entries(properties).map(
    ([name, property]) => [name, isObject(property) ? property : {}] as const,
  )
  const rows = fields
    .toSorted(([, a], [, b]) => orderOf(a) - orderOf(b))
    .map(([name, field]) => [
      `  ${oneLine(name, 40)}`,
      typeOf(field),
      needed.includes(name) ? style.yellow('required') : presetOf(field, style),
      rangeOf(field),
      typeof field['description'] === 'string' ? field['description'] : '',
    ])
  const room = roomFor(rows, 4, columns)
  const told = rows.map(([name = '', type = '', preset = '', range = '', text = '']) => [
    ...[name, type, preset, range],
    style.dim(oneLine(text, room)),
  ])
  return ['', style.bold('inputs'), ...tableLines(told, [{}, {}, {}, {}, {}], style.dim)]
}

function orderOf({ 'x-order': order }: Schema): number {
  return typeof order === 'number' ? order : Number.MAX_SAFE_INTEGER
}

function typeOf(field: Schema): string {
  const { type, format, items, enum: values } = field
  if (format === 'uri') return 'file'
  if (type === 'array' && isObject(items)) return `list of ${typeOf(items)}`
  if (Array.isArray(type)) return oneLine(type.filter((each) => each !== 'null').join(' or '), 24)
  if (typeof type === 'string') return oneLine(type, 24)
  const either = field['anyOf'] ?? field['oneOf']
  if (Array.isArray(either)) {
    const types = either.filter(isObject).map((each) => typeOf(each))
    return oneLine(types.filter((each) => each !== 'null').join(' or '), 24)
  }
  return Array.isArray(values) && values.length > 0 ? typeof values[0] : ''
}

function presetOf({ default: preset }: Schema, style: Style): string {
  return preset === undefined || preset === null ? '' : style.dim(`= ${oneLine(JSON.stringify(preset), 20)}`)
}

function rangeOf({ enum: values, minimum, maximum, minLength, maxLength }: Schema): string {
  if (Array.isArray(values)) return oneLine(values.map(String).join(' '), longestRange)
  const [least, most] = [minimum ?? minLength, maximum ?? maxLength]
  if (typeof least !== 'number' && typeof most !== 'number') return ''
  const unit = minimum === undefined && maximum === undefined ? ' characters' : ''
  if (typeof most !== 'number') return `≥ ${String(least)}${unit}`
  return typeof least === 'number' ? `${least} to ${most}${unit}` : `≤ ${most}${unit}`
}

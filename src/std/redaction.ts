/** What is taken out of inputs, outputs and messages before they are kept: parts by their path, texts by a pattern. */
import { isObject, type Json } from './json.ts'
import { compileLinear } from './linear-regex.ts'

export interface Redaction {
  value(from: 'input' | 'output', value: Json): Json
  text(text: string): string
}

const redacted = '[redacted]'
const patternRule = /^\/(.+)\/$/s
const pathRule = /^(input|output)((?:\.(?:[^.[\]]+)|\[(?:\d+|\*)\])*)$/

/** Rules are `/pattern/` (RE2), or a path such as `input.customer.email`, `output.items[*].name`. Throws an Error that says what is wrong with one. */
export function redactionOf(rules: readonly string[]): Redaction {
  const texts: ((text: string) => string)[] = []
  const paths = { input: [] as string[][], output: [] as string[][] }
  for (const rule of rules) {
    const pattern = patternRule.exec(rule)?.[1]
    const path = pathRule.exec(rule)
    if (pattern !== undefined) texts.push(replacer(pattern))
    else if (path) paths[path[1] as 'input' | 'output'].push(partsOf(path[2] as string))
    else throw new Error('must be /a pattern/, or a path that begins with input or output')
  }
  const text = (written: string) => texts.reduce((whole, replace) => replace(whole), written)
  const everywhere = (value: Json): Json => (texts.length === 0 ? value : mapTexts(value, text))
  return {
    text,
    value: (from, value) => everywhere(paths[from].reduce((whole, path) => without(whole, path), value)),
  }
}

/** What is wrong with a rule; undefined: nothing. */
export function redactionFault(rule: string): string | undefined {
  try {
    redactionOf([rule])
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function replacer(pattern: string): (text: string) => string {
  const regex = compileLinear(pattern)
  return (text) => regex.matcher(text).replaceAll(redacted)
}

function partsOf(path: string): string[] {
  return [...path.matchAll(/\.([^.[\]]+)|\[(\d+|\*)\]/g)].map(([, key, index]) => (key ?? index) as string)
}

function without(value: Json, [part, ...rest]: readonly string[]): Json {
  if (part === undefined) return redacted
  const isMeant = (key: string) => part === '*' || part === key
  if (Array.isArray(value)) return value.map((item, at) => (isMeant(String(at)) ? without(item, rest) : item))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isMeant(key) ? without(inner, rest) : inner]),
  )
}

function mapTexts(value: Json, map: (text: string) => string): Json {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [map(key), mapTexts(inner, map)]))
}

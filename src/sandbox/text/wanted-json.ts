/** Which JSON a prompt asks for: its keys, and what is said about each. */

export interface WantedKey {
  name: string
  /** Values that it may take, where they are given. */
  options: string[]
  /** A list of things rather than one. */
  isList: boolean
  /** Numbers: from and to, where they are given. */
  range: { from: number; to: number } | undefined
  kind: 'number' | 'boolean' | 'text' | undefined
  /** Keys of each object of a list, where it is one of objects. */
  inside?: WantedKey[]
}

/** Undefined when no JSON is asked for; an empty list when it is, but without keys. */
export function wantedJson(instruction: string): WantedKey[] | undefined {
  const template = balanced(instruction)
  if (template) {
    const keys = keysOfTemplate(template, instruction)
    if (keys.length > 0) return keys
  }
  if (!/\bjson\b/i.test(instruction)) return undefined
  return keysInWords(instruction).map((name) => keyOf(name, hintFor(name, instruction)))
}

/** The first balanced braces that hold something like a key. */
function balanced(text: string): string | undefined {
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    let depth = 0
    for (let at = start; at < text.length; at += 1) {
      if (text[at] === '{') depth += 1
      else if (text[at] === '}') depth -= 1
      if (depth > 0) continue
      const found = text.slice(start, at + 1)
      if (/[{,]\s*["']?[\w-]+["']?\s*[:,}]/.test(found)) return found
      break
    }
  }
  return undefined
}

function keysOfTemplate(template: string, instruction: string): WantedKey[] {
  const inside = template.slice(1, -1)
  const keys: WantedKey[] = []
  for (const part of splitTop(inside)) {
    const match = /^\s*["']?([\w-]+)["']?\s*(?::\s*([\s\S]*))?$/.exec(part)
    if (!match?.[1]) continue
    const hint = (match[2] ?? '').trim()
    const key = keyOf(match[1], `${hint}\n${hintFor(match[1], instruction.replace(template, ''))}`, hint)
    const objects = /^\[\s*(\{[\s\S]*?\})\s*(?:,[\s\S]*)?\]$/.exec(hint)?.[1]
    keys.push(objects === undefined ? key : { ...key, inside: keysOfTemplate(objects, '') })
  }
  return keys
}

/** At commas outside of brackets and quotes. */
function splitTop(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let from = 0
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] as string
    if (sign === '"') quoted = !quoted
    else if (quoted) continue
    else if ('[{('.includes(sign)) depth += 1
    else if (']})'.includes(sign)) depth -= 1
    else if (sign === ',' && depth === 0) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...parts, text.slice(from)]
}

/** `with the keys sentiment, urgency and topic`; `keys: "a", "b"`; `- sentiment: …` lines. */
function keysInWords(instruction: string): string[] {
  const name = '["\'`]?[a-z]\\w*["\'`]?(?:\\s*\\([^)]*\\))?'
  const several = `(${name}(?:(?:\\s*,\\s*(?:and\\s+)?|\\s+and\\s+|\\s*&\\s*)${name})*)`
  const listed =
    new RegExp(`\\b(?:keys?|fields?|properties|attributes)\\s*:?\\s+${several}`, 'i').exec(instruction) ??
    new RegExp(`\\bjson\\b[^.\\n]{0,30}?\\b(?:with|containing|of)\\s*:?\\s+(?:the\\s+)?${several}`, 'i').exec(
      instruction,
    )
  const names = listed?.[1]
    ?.replace(/\([^)]*\)/g, '')
    .split(/\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*/)
    .map((name) => name.replace(/["'`]/g, '').trim())
    .filter((name) => /^[a-z]\w*$/i.test(name) && !/^(json|keys?|fields?|only|the|a|an|object)$/i.test(name))
  if (names && names.length > 0) return names
  return [...instruction.matchAll(/^\s*[-*]\s*["'`]?([a-z]\w*)["'`]?\s*[:(–-]/gim)].map((match) => match[1] ?? '')
}

/** What follows a key's name in the running text. */
function hintFor(name: string, instruction: string): string {
  const match = new RegExp(
    `["'\`]?\\b${name}\\b["'\`]?\\s*(?:\\(([^)]*)\\)|(?:is|must be|should be|:|–|-|=)\\s*([^\\n;.]*))`,
    'i',
  ).exec(instruction)
  return (match?.[1] ?? match?.[2] ?? '').trim()
}

function keyOf(name: string, hint: string, written = ''): WantedKey {
  const range = /(-?\d+(?:\.\d+)?)\s*(?:-|–|to|\.\.\.?|…|and|through)\s*(-?\d+(?:\.\d+)?)/.exec(hint)
  return {
    name,
    options: optionsIn(hint),
    isList: /^\[|\b(list|array)\b/i.test(written || hint),
    range: range ? { from: Number(range[1]), to: Number(range[2]) } : undefined,
    kind: kindOf(hint, written),
  }
}

function kindOf(hint: string, written: string): WantedKey['kind'] {
  if (/^[[{]/.test(written)) return undefined
  if (/\b(true|false|boolean|bool|yes\/no)\b/i.test(hint)) return 'boolean'
  if (/\b(number|integer|int|float|n)\b|^\s*-?\d+(\.\d+)?\s*$|<n>/i.test(written || hint)) return 'number'
  if (/\b(string|text|sentence)\b/i.test(hint)) return 'text'
  return /\d\s*(?:-|–|to)\s*\d/.test(hint) ? 'number' : undefined
}

/** `a|b|c`, `"a" or "b"`, `one of a, b, c`, `a, b or c`. */
export function optionsIn(hint: string): string[] {
  const bars = /["'<]?([\w -]+(?:\s*(?:\||\/)\s*["'<]?[\w -]+["'>]?)+)/.exec(hint.replace(/["']\s*\|\s*["']/g, '|'))
  const clean = (list: string[]): string[] =>
    list.map((each) => each.replace(/["'`<>]/g, '').trim()).filter((each) => each !== '' && !/^\d+$/.test(each))
  if (bars?.[1]) {
    const options = clean(bars[1].split(/\s*[|/]\s*/))
    if (options.length > 1 && !/^(true|false|yes|no|string|number|null|int)$/i.test(options[0] ?? '')) return options
  }
  const oneOf =
    /\b(?:one of|either|among|from|choose|as|labels?|categories)\s*:?\s+([\w"'`, -]+?)(?:$|\.|\n|;)/i.exec(hint)?.[1] ??
    (/,|\bor\b/.test(hint) ? hint : '')
  const options = clean(oneOf.split(/\s*,\s*(?:or\s+|and\s+)?|\s+or\s+|\s+and\s+/))
  return options.length > 1 && options.every((each) => each.split(' ').length <= 3) ? options : []
}

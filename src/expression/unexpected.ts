/** Messages for what stands where something else should: what was expected, what was found, what to write. */
import { Fault } from './fault.ts'
import type { Tokens } from './tokens.ts'

/** Words that other languages have between two values. */
const infixHints: ReadonlyMap<string, string> = new Map([
  ['contains', 'write contains(list, x), or x in list'],
  ['equals', 'write =='],
  ['eq', 'write =='],
  ['ne', 'write !='],
  ['gt', 'write >'],
  ['lt', 'write <'],
  ['startswith', 'write startswith(text, start)'],
  ['startsWith', 'write startswith(text, start)'],
  ['endswith', 'write endswith(text, end)'],
  ['endsWith', 'write endswith(text, end)'],
  ['matches', 'write matches(text, "pattern")'],
  ['isIn', 'write x in list'],
  ['AND', 'write and'],
  ['OR', 'write or'],
  ['NOT', 'write not'],
  ['then', 'write x if c else y, or c ? x : y'],
])

/** Methods of other languages, and what does the same here. */
const methodHints: ReadonlyMap<string, string> = new Map([
  ['length', 'write len(x)'],
  ['size', 'write len(x)'],
  ['includes', 'write contains(x, y), or y in x'],
  ['indexOf', 'write y in x'],
  ['toLowerCase', 'write lower(x)'],
  ['toUpperCase', 'write upper(x)'],
  ['startsWith', 'write startswith(x, start)'],
  ['endsWith', 'write endswith(x, end)'],
  ['strip', 'write trim(x)'],
  ['toString', 'write str(x)'],
  ['toFixed', 'write round(x, 2), or format("{:.2f}", x)'],
  ['append', 'write list + [x]'],
  ['push', 'write list + [x]'],
  ['concat', 'write x + y'],
  ['format', 'write format("{} of {}", a, b)'],
  ['join', 'write join(list, ", ")'],
  ['map', 'write map(list, "field")'],
  ['filter', 'write filter(list, "field", value)'],
  ['replaceAll', 'write replace(text, old, new)'],
  ['test', 'write matches(text, "pattern")'],
])

export function methodHint(method: string): string {
  return methodHints.get(method) ?? `functions stand before their values: ${method}(x), if there is such a function`
}

/** What the current token looks like, for messages. */
function found(tokens: Tokens): string {
  if (tokens.kind === 'end') return 'the expression ends'
  const written = tokens.input.slice(tokens.start, tokens.end)
  return `\`${written.length > 40 ? `${written.slice(0, 40)}…` : written}\` stands here`
}

function hintFor(tokens: Tokens): string | undefined {
  if (tokens.kind === 'name') return infixHints.get(tokens.value as string)
  if (tokens.kind === 'string' && /[fFrRbBuU]$/.test(tokens.input.slice(0, tokens.start))) {
    return 'strings have no prefix letters; to fill in values write format("{} of {}", a, b)'
  }
  if (tokens.kind === '<' || tokens.kind === '>') return 'unequal is written !='
  return undefined
}

export function unexpected(tokens: Tokens, expected: string, hint?: string): Fault {
  const code = tokens.kind === 'end' ? 'unexpected_end' : 'unexpected'
  return new Fault(code, `expected ${expected}, but ${found(tokens)}`, hintFor(tokens) ?? hint, tokens)
}

/** A bracket that is not closed where it should be; `separated`: a comma could stand here too. */
export function unclosed(tokens: Tokens, open: '(' | '[' | '{', separated: boolean): Fault {
  const close = { '(': ')', '[': ']', '{': '}' }[open]
  return unexpected(tokens, `an operator${separated ? ', a `,`' : ''} or the \`${close}\` for the \`${open}\` before`)
}

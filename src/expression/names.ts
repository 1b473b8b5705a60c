/** Which words and field names the language knows, and which it refuses. */

/** Words that are operators or values of the language. */
export const wordKinds: ReadonlyMap<string, string> = new Map([
  ['and', 'and'],
  ['or', 'or'],
  ['not', 'not'],
  ['in', 'in'],
  ['if', 'if'],
  ['else', 'else'],
  ['true', 'true'],
  ['false', 'false'],
  ['null', 'null'],
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
])

const statement = { code: 'refused_statement', what: 'statements are no part of expressions' }
const functionWord = { code: 'refused_function', what: 'functions can not be written in expressions, only called' }
const loop = {
  code: 'refused_comprehension',
  what: 'loops and comprehensions are no part of expressions',
  hint: 'use map(list, "field") and filter(list, "field", value), or a step with foreach',
}

/** Words of Python and JavaScript that an expression can not have as names, with the reason. */
export const refusedWords: ReadonlyMap<string, { code: string; what: string; hint?: string }> = new Map([
  ['import', { code: 'refused_import', what: 'nothing can be imported into an expression' }],
  ['lambda', functionWord],
  ['function', functionWord],
  ['async', functionWord],
  ['await', statement],
  ['yield', statement],
  ['def', statement],
  ['class', statement],
  ['let', statement],
  ['const', statement],
  ['var', statement],
  ['return', statement],
  ['throw', statement],
  ['try', statement],
  ['do', statement],
  ['while', loop],
  ['for', loop],
  ['switch', statement],
  ['with', statement],
  ['elif', { ...statement, hint: 'nest them: x if a else (y if b else z)' }],
  ['del', statement],
  ['delete', statement],
  ['debugger', statement],
  ['new', { code: 'refused_new', what: 'nothing can be constructed in an expression' }],
  ['this', { code: 'refused_this', what: 'it has no meaning in expressions' }],
  ['super', { code: 'refused_this', what: 'it has no meaning in expressions' }],
  [
    'typeof',
    {
      code: 'refused_operator',
      what: 'this is no operator here',
      hint: 'use defined(x.y) to ask whether something is there',
    },
  ],
  ['void', { code: 'refused_operator', what: 'this is no operator here' }],
  ['instanceof', { code: 'refused_operator', what: 'this is no operator here' }],
  [
    'is',
    { code: 'refused_operator', what: 'this is no operator here', hint: 'use ==, as in x == null; or defined(x.y)' },
  ],
])

/** Whether a word can not be used as a name (of a `foreach.as`, say). */
export function isReservedWord(word: string): boolean {
  return wordKinds.has(word) || refusedWords.has(word) || isForbiddenKey(word) || word.startsWith('__')
}

/** Field names that are never read, whichever way they are written or computed. */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

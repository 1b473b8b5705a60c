/** Regular expressions whose time is linear in the text, whatever the pattern: re2js, loaded with the first one. */
import type * as Re2 from 're2js'

export type LinearRegex = Re2.RE2JS

let loaded: typeof Re2 | undefined

/** RE2 syntax. Throws an Error that says what is wrong with the pattern. */
export function compileLinear(pattern: string): LinearRegex {
  // By require(), since whoever evaluates an expression does not wait; few expressions have a pattern.
  loaded ??= process.getBuiltinModule('node:module').createRequire(import.meta.url)('re2js') as typeof Re2
  return loaded.RE2JS.compile(pattern)
}

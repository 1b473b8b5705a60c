/** `${NAME}` and `${NAME:-default}` in texts of files that users write; `$${` writes `${`, and `${{` belongs to expressions. */
import { isObject, type Json } from '../std/json.ts'

export interface Variable {
  name: string
  /** What stands for it when it is unset or empty. */
  otherwise?: string
}

export interface VariableFault {
  message: string
  hint: string
  /** In characters of the text. */
  offset: number
}

export type Lookup = (name: string) => string | undefined

/** Escapes, expressions (which are left alone), and variables with a name and a default. */
const marks = /\$\$\{(?!\{)|\$?\$\{\{|\$\{([^}:]*)(?::-([^}]*))?(\}?)/g
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The variables of a text, or what is wrong with how the first bad one is written. */
export function variablesIn(text: string): { variables: Variable[]; fault?: VariableFault } {
  const variables: Variable[] = []
  for (const mark of text.matchAll(marks)) {
    const [, name, otherwise, closed] = mark
    if (name === undefined) continue
    const { index: offset } = mark
    if (namePattern.test(name) && closed === '}') {
      variables.push(otherwise === undefined ? { name } : { name, otherwise })
    } else return { variables, fault: { offset, ...faultOf(text, offset) } }
  }
  return { variables }
}

function faultOf(text: string, offset: number): Omit<VariableFault, 'offset'> {
  const end = text.indexOf('}', offset)
  const hint = 'write ${NAME} or ${NAME:-default}; a plain ${ is written $${'
  if (end === -1) return { message: '`${` is never closed', hint }
  const written = text.slice(offset, end + 1)
  return { message: `\`${written.length > 60 ? `${written.slice(0, 60)}…` : written}\` names no variable`, hint }
}

/** The text with its variables' values; undefined when one without a default is unset. */
export function withVariables(text: string, lookup: Lookup): string | undefined {
  let isWhole = true
  const filled = text.replaceAll(marks, (mark: string, name: string | undefined, otherwise: string | undefined) => {
    if (name === undefined) return mark === '$${' ? '${' : mark
    const value = lookup(name)
    if (otherwise !== undefined) return value || otherwise
    if (value === undefined) isWhole = false
    return value ?? ''
  })
  return isWhole ? filled : undefined
}

/** As `withVariables`, in every string of a value. Calls `unset` with the name of what is missing, and leaves that text. */
export function fillVariables(value: Json, lookup: Lookup, unset: (text: string) => void): Json {
  if (typeof value === 'string') {
    const filled = withVariables(value, lookup)
    if (filled === undefined) unset(value)
    return filled ?? value
  }
  if (Array.isArray(value)) return value.map((item) => fillVariables(item, lookup, unset))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillVariables(inner, lookup, unset)]))
}

/** The input of one call, checked against what is known of it before anything is journaled or paid for. */
import { NonRetryableError } from '../domain/errors.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { validateJson } from '../std/json-schema.ts'
import { suggest } from '../std/suggest.ts'
import { isFile, isFileList, propertyOf } from './one-step.ts'

/** A schema of more fields was cut off there: nobody knows what else it takes. */
const mostKnown = 200

export interface InputFault {
  message: string
  hint?: string
}

/** Everything that keeps the input from fitting; `schema` is one that `checkJsonSchema` found good. */
export function faultsOfInput(schema: JsonObject, input: JsonObject): InputFault[] {
  const { additionalProperties: others, ...plain } = schema
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const known = Object.keys(properties)
  const isClosed = (others === undefined && known.length > 0 && known.length < mostKnown) || others === false
  const unknown = isClosed ? Object.keys(input).filter((name) => !known.includes(name)) : []
  return [
    ...unknown.map((name) => unknownInput(name, known)),
    ...validateJson(isClosed ? plain : schema, asSent(schema, input)).map((message) => ({ message })),
  ]
}

/** Throws `invalid_input` that names all of them. */
export function assertFits(name: string, faults: readonly InputFault[]): void {
  if (faults.length === 0) return
  const said = faults.map(({ message }) => message).join('; ')
  const hint = faults.find((fault) => fault.hint !== undefined)?.hint
  throw new NonRetryableError('invalid_input', `the input does not fit "${name}": ${said}`, {
    hint: hint ?? `\`agents show ${name}\` lists what it takes`,
    details: { problems: faults.map(({ message }) => message) },
  })
}

function unknownInput(name: string, known: readonly string[]): InputFault {
  const near = suggest(name, known)
  const hint = near === undefined ? `it takes ${known.slice(0, 20).join(', ')}` : `did you mean "${near}"?`
  return { message: `it takes no "${name}"`, hint }
}

const anyFile = 'file:///'

/** A path stands for the URL of the file there. */
function asSent(schema: JsonObject, input: JsonObject): JsonObject {
  const sent = ([name, value]: [string, Json]): [string, Json] => {
    const property = propertyOf(schema, name)
    if (isFileList(value, property)) return [name, value.map((each) => (each === '' ? each : anyFile))]
    return typeof value === 'string' && value !== '' && isFile(property) ? [name, anyFile] : [name, value]
  }
  return Object.fromEntries(Object.entries(input).map(sent))
}

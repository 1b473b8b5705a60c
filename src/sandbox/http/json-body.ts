/** Reads a JSON body, checked against a list of fields. */
import { isObject, type JsonObject } from '../../std/json.ts'
import { invalidFields } from '../catalogue/check-input.ts'
import type { Fields } from '../catalogue/fields.ts'
import { type Answer, invalid, problem } from './answer.ts'
import type { SandboxRequest } from './request.ts'

export const notAnObject = (): Answer => problem(400, 'The request body must be a JSON object.')

/** Undefined when the body is none. */
export function readJsonObject(request: SandboxRequest): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(request.body.toString('utf8'))
    return isObject(body) ? (body as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** Those of the fields that were sent, or the answer that says what is wrong with them. Others are ignored. */
export function readFields(request: SandboxRequest, fields: Fields): { sent: JsonObject } | Answer {
  const body = readJsonObject(request)
  if (!body) return notAnObject()
  const wrong = invalidFields(fields, body, '')
  if (wrong.length > 0) return invalid(wrong)
  const sent: JsonObject = {}
  for (const name of Object.keys(fields)) {
    const value = body[name]
    if (value !== undefined && value !== null) sent[name] = value
  }
  return { sent }
}

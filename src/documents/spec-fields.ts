/** The kinds of fields that users' files are made of, each with its words for people and editors. */
import { z } from 'zod'
import { parseBytes } from '../std/byte-size.ts'
import type { Json } from '../std/json.ts'
import { checkJsonSchema } from '../std/json-schema.ts'

export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
export const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Of ids and names, in characters. */
export const longestId = 100
const durationPattern = /^\d+(\.\d+)?\s*(ms|s|m|h)?$/

export const mustBe = {
  duration: 'must be a duration: 500ms, 30s, 5m, 1h, or a number of seconds',
  stepId: 'must be lower-case letters, digits and _, beginning with a letter',
  variable: 'must be letters, digits and _, not beginning with a digit',
  model: 'must be a model: owner/name or owner/name:version',
  object: 'must be a mapping',
  text: 'must be text',
}

/** As `.describe()`, but in place: that would make a copy of each schema, at every start. */
export const words = (description: string) => [z.globalRegistry, { description }] as const

export const text = (description: string) => z.string({ error: mustBe.text }).register(...words(description))
export const flag = (description: string) =>
  z.boolean({ error: 'must be true or false' }).register(...words(description))
export const number = (description: string) => z.number({ error: 'must be a number' }).register(...words(description))
export const dollars = (description: string) =>
  z
    .number({ error: 'must be a number of dollars' })
    .min(0, { error: 'must be 0 or more dollars' })
    .register(...words(description))
export const between = (min: number, max: number, description: string) => {
  const error = `must be a number from ${min} to ${max}`
  return z
    .number({ error })
    .min(min, { error })
    .max(max, { error })
    .register(...words(description))
}
export const share = (description: string) => between(0, 1, description)
export const atLeast = (min: number, description: string) => {
  const error = `must be a number of ${min} or more`
  return z
    .number({ error })
    .min(min, { error })
    .register(...words(description))
}
export const whole = (min: number, max: number, description: string) => {
  const error = `must be a whole number from ${min} to ${max}`
  return z
    .int({ error })
    .min(min, { error })
    .max(max, { error })
    .register(...words(description))
}
export const duration = (description: string) =>
  z
    .union(
      [z.string().regex(durationPattern, { error: mustBe.duration }), z.number().min(0, { error: mustBe.duration })],
      { error: mustBe.duration },
    )
    .register(...words(description))
export const byteSize = (description: string) => {
  const error = 'must be a size: 500MB, 2GiB, or a number of bytes'
  return z
    .union([z.string(), z.number()], { error })
    .refine((written) => parseBytes(written) !== undefined, { error })
    .register(...words(description))
}
export const fields = (description: string) =>
  z.record(z.string(), z.unknown(), { error: 'must be a mapping of names to values' }).register(...words(description))
export const oneOrMore = (item: z.ZodString, error: string, description: string) =>
  z.union([item, z.array(item, { error })], { error }).register(...words(description))
/** A mapping with these fields and no others; `id` names it in the JSON Schema. */
export const strict = <T extends z.ZodRawShape>(
  id: string | undefined,
  shape: T,
  description: string,
  error: string = mustBe.object,
) =>
  z
    .strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? error : undefined) })
    .meta(id === undefined ? { description } : { id, description })
export const anything = (description: string) => z.unknown().register(...words(description))

/** A keyword that would be silently ignored is a mistake that nobody sees. */
export const schemaField = (description: string) =>
  fields(description).superRefine((schema, context) => {
    for (const message of checkJsonSchema(schema as Json)) context.addIssue({ code: 'custom', message })
  })

/** Secrets of a run: kept as keyed hashes, asked for again at resume, replaced in everything that is journaled (ruling 27). */
import { createHmac } from 'node:crypto'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { ConfigurationError } from '../../domain/errors.ts'
import { leastMaskedLength, textMask } from '../../std/text-mask.ts'
import { canonicalJson, isObject, type Json, type JsonObject } from '../../std/json.ts'

const maskText = '***'

export type Mask = <T extends Json>(value: T) => T

/**
 * Replaces every secret text inside strings and keys, also as programs write it there. Texts shorter than 4 characters
 * only as whole strings, and numbers shorter than 4 digits not at all.
 */
export function createMask(secrets: readonly Json[]): Mask {
  const texts = secretTexts(secrets)
  if (texts.length === 0) return (value) => value
  const isShort = (text: string) => text.length < leastMaskedLength
  const whole = new Set(texts.filter(isShort))
  const numbers = new Set(texts.filter((text) => !isShort(text)).map(Number))
  const maskParts = textMask(texts, maskText)
  const maskString = (text: string): string => (whole.has(text) ? maskText : maskParts(text))
  const maskValue = (value: Json): Json => {
    if (typeof value === 'string') return maskString(value)
    if (typeof value === 'number') return numbers.has(value) ? maskText : value
    if (Array.isArray(value)) return value.map(maskValue)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [maskString(key), maskValue(field)]))
  }
  return maskValue as Mask
}

/** Every text that the secrets hold. */
export function secretTexts(secrets: readonly Json[]): string[] {
  const texts = new Set<string>()
  for (const secret of secrets) collectTexts(secret, texts)
  return [...texts]
}

function collectTexts(value: Json, into: Set<string>): void {
  if (typeof value === 'string') {
    if (value !== '') into.add(value)
  } else if (typeof value === 'number') into.add(String(value))
  else if (Array.isArray(value)) for (const item of value) collectTexts(item, into)
  else if (isObject(value)) for (const field of Object.values(value)) collectTexts(field, into)
}

export function hashSecret(key: Uint8Array, value: Json): string {
  return createHmac('sha256', key).update(canonicalJson(value)).digest('hex')
}

/** What is secret in a run: inputs that say so, declared environment values, and `more`. */
export function secretsOf(
  definition: WorkflowDefinition,
  inputs: JsonObject,
  env: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Json[] {
  const own = Object.entries(inputs).filter(([name, value]) => definition.inputs[name]?.secret && value !== null)
  return [...own.map(([, value]) => value), ...Object.values(env), ...more]
}

/** Inputs as they are journaled: secret ones, and others that hold a secret, stand as `{"$secret": <keyed hash>}`. */
export function placeholders(
  definition: WorkflowDefinition,
  inputs: JsonObject,
  key: Uint8Array,
  mask: Mask,
): JsonObject {
  const isSecret = (name: string, value: Json) =>
    value !== null && (definition.inputs[name]?.secret || canonicalJson(mask(value)) !== canonicalJson(value))
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      isSecret(name, value) ? { $secret: hashSecret(key, value) } : value,
    ]),
  )
}

/**
 * Puts the given secret inputs (or their defaults) where the journal has placeholders. Throws when one is missing, or
 * is not what the run was started with.
 */
export function fillSecrets(
  definition: WorkflowDefinition,
  kept: JsonObject,
  given: JsonObject,
  key: Uint8Array,
): JsonObject {
  return Object.fromEntries(
    Object.entries(kept).map(([name, value]) => {
      if (!isObject(value) || typeof value.$secret !== 'string') return [name, value]
      const secret = given[name] ?? definition.inputs[name]?.default
      if (secret === undefined) {
        throw new ConfigurationError(
          'missing_secret',
          `the secret input "${name}" is needed again to go on with this run`,
          {
            hint: `secrets are not kept in the journal; pass it again with -i ${name}=…`,
          },
        )
      }
      if (hashSecret(key, secret) !== value.$secret) throw notTheSame(`the secret input "${name}"`)
      return [name, secret]
    }),
  )
}

/** The declared environment values; those that the run was started with must be there again and the same. */
export function readEnv(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  kept: Record<string, string> | undefined,
  key: Uint8Array,
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const name of names) {
    const value = env[name]
    const hash = kept?.[name]
    if (value === undefined) {
      if (hash === undefined) continue
      throw new ConfigurationError(
        'missing_secret',
        `the environment variable ${name} is needed again to go on with this run`,
        {
          hint: `set ${name} as it was when the run was started`,
        },
      )
    }
    if (hash !== undefined && hashSecret(key, value) !== hash) throw notTheSame(`the environment variable ${name}`)
    values[name] = value
  }
  return values
}

function notTheSame(what: string): ConfigurationError {
  return new ConfigurationError('missing_secret', `${what} is not what this run was started with`, {
    hint: 'give the same value, or start a new run; of a run that was imported from another store nobody can tell, so it needs a new one',
  })
}

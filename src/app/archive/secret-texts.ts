/** Texts that must not leave this machine: tokens, and the values of environment names that a workflow declares. */
import { createReadStream } from 'node:fs'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import type { App } from '../app.ts'
import { createMask } from '../../workflow/running/secrets.ts'
import { isObject, type Json } from '../../std/json.ts'

/** As Replicate's tokens look, whosever they are. */
const token = /r8_[A-Za-z0-9]{30,60}/

/** Shorter ones are words. */
const shortest = 6

export interface SecretTexts {
  mask(value: Json): Json
  /** Whether one of them stands in a file. */
  isIn(path: string): Promise<boolean>
}

/** What may not stand in an export of a run of this definition. */
export function exportSecrets(env: App['env']): (definition: WorkflowDefinition) => SecretTexts {
  return (definition) => secretTexts([env['REPLICATE_API_TOKEN'], ...definition.env.map((name) => env[name])])
}

function secretTexts(values: readonly (string | undefined)[]): SecretTexts {
  const texts = values.filter((text): text is string => text !== undefined && text.trim().length >= shortest)
  const maskGiven = createMask(texts)
  const anyToken = new RegExp(token, 'g')
  const maskTokens = (value: Json): Json => {
    if (typeof value === 'string') return value.replaceAll(anyToken, '***')
    if (Array.isArray(value)) return value.map(maskTokens)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [key.replaceAll(anyToken, '***'), maskTokens(field)]),
    )
  }
  const longest = Math.max(64, ...texts.map((text) => Buffer.byteLength(text)))
  // As bytes: the file may be of any kind.
  const needles = texts.map((text) => Buffer.from(text).toString('latin1'))
  return {
    mask: (value) => maskTokens(maskGiven(value)),
    async isIn(path) {
      let before = ''
      for await (const piece of createReadStream(path, { highWaterMark: 1 << 20, encoding: 'latin1' })) {
        const text = before + String(piece)
        if (token.test(text) || needles.some((needle) => text.includes(needle))) return true
        before = text.slice(-longest)
      }
      return false
    },
  }
}

/** Takes secrets out of what is recorded: the token, a run's secret values, and what signs a link. */
import { isObject, type Json } from '../../../std/json.ts'

export type Mask = <T extends Json>(value: T) => T

export interface Concealer {
  text(text: string): string
  json(value: Json): Json
  /** Server-sent events, whose text comes in pieces, too. */
  events(text: string): string
}

/** In a link, too, it is found again as it is. */
export const removed = '-removed-'

/** Parameters that let whoever has the link in. */
const signing =
  'signature|sig|token|access_token|api_key|awsaccesskeyid|x-(?:amz|goog)-(?:signature|credential|security-token)'
/** And those that only go with a signature: they differ each time. */
const signingName = new RegExp(`^(?:${signing}|expiry|expires|x-(?:amz|goog)-(?:date|expires))$`, 'i')
const signingInText = new RegExp(`([?&](?:${signing})=)[^&\\s"'<>\\\\)]+`, 'gi')
/** Replicate's tokens, whoever's they are. */
const tokens = /\br8_[A-Za-z0-9]{20,}\b/g

/** `mask` replaces the secrets of the run that asks. */
export function createConcealer(token: string, mask: Mask | undefined): Concealer {
  const text = (written: string): string => {
    const known = token === '' ? written : written.replaceAll(token, removed)
    const open = known.replace(tokens, removed).replace(signingInText, `$1${removed}`)
    return mask ? mask(open) : open
  }
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return list(value)
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [text(key), json(each)]))
    // A secret may be a number.
    return mask ? mask(value) : value
  }
  /** A text that comes in pieces may have a secret in several of them. */
  const list = (values: Json[]): Json => {
    const each = values.map(json)
    if (!values.every((value) => typeof value === 'string')) return each
    const whole = text(values.join(''))
    return whole === each.join('') ? each : [whole]
  }
  const events = (written: string): string => {
    const pieces = [...written.matchAll(outputEvent)]
    const spoken = pieces.map(([, lines = '']) => lines.replaceAll(/^data: ?/gm, '').replace(/\n$/, '')).join('')
    if (text(spoken) === spoken) return text(written)
    const lines = text(spoken)
      .split('\n')
      .map((line) => `data: ${line}\n`)
    return `event: output\n${lines.join('')}\n${text(written.replaceAll(outputEvent, ''))}`
  }
  return { text, json, events }
}

/** Its lines of data. */
const outputEvent = /^event: output\n(?:id: .*\n)?((?:data:.*\n)+)\n/gm

/** Whether a parameter of a link signs it. */
export function signs(parameter: string): boolean {
  return signingName.test(parameter)
}

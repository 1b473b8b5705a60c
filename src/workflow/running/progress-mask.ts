/** Masks what is shown of calls while they go on: text comes in pieces, and a secret may be cut by them. */
import type { WorkRef } from '../../domain/events.ts'
import type { Json } from '../../std/json.ts'
import { type Mask, secretTexts } from './secrets.ts'

export interface CallNews {
  call: number
  text?: string
  status?: string
  fraction?: number
}

/** What may be the beginning of a secret waits for the next piece; of a call's end the settled output tells. */
export function progressMask(mask: Mask, secrets: readonly Json[]): (ref: WorkRef, news: CallNews) => CallNews {
  const longest = Math.max(0, ...secretTexts(secrets).map(({ length }) => length))
  if (longest === 0) return (_ref, news) => news
  // In URLs and base64 a character takes up to three.
  const held = longest * 3
  const waiting = new Map<string, string>()
  return (ref, news) => {
    const masked = { ...news, ...(news.status !== undefined && { status: mask(news.status) }) }
    if (news.text === undefined) return masked
    const key = JSON.stringify([ref.step, ref.index, ref.round, news.call])
    const text = mask((waiting.get(key) ?? '') + news.text)
    const cut = Math.max(0, text.length - held)
    waiting.set(key, text.slice(cut))
    return { ...masked, text: text.slice(0, cut) }
  }
}

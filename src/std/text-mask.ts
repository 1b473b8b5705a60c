/** Replaces secret texts inside others, in whatever case, and as programs write them there: JSON, URLs, HTML, base64. */

/** Texts shorter than this would be found everywhere. */
export const leastMaskedLength = 4

/** Gives the text unchanged when there is nothing to look for. */
export function textMask(secrets: readonly string[], replacement: string): (text: string) => string {
  const forms = new Set(secrets.filter((secret) => secret.length >= leastMaskedLength).flatMap(formsOf))
  if (forms.size === 0) return (text) => text
  // Longest first, so that a secret inside another one leaves no rest of it.
  const sorted = [...forms].sort((a, b) => b.length - a.length)
  const any = new RegExp(sorted.map(literally).join('|'), 'giu')
  return (text) => text.replaceAll(any, () => replacement)
}

/** A pattern that finds just this text. */
function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

const leastEncodedBytes = 8

function formsOf(text: string): string[] {
  const url = encodeURIComponent(text.toWellFormed())
  const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  const forms = [text, JSON.stringify(text).slice(1, -1), url, url.replaceAll('%20', '+'), html]
  return [...forms, ...base64Forms(Buffer.from(text))]
}

/**
 * Alone, and within other bytes: there it may begin at any of three places of a group, and the characters that it
 * shares with its neighbours, for up to two of its bytes at each end, are not its own.
 */
function base64Forms(bytes: Buffer): string[] {
  if (bytes.length < leastEncodedBytes) return []
  const whole = [0, 1, 2].map((from) => bytes.subarray(from, bytes.length - ((bytes.length - from) % 3)))
  return [bytes, ...whole].flatMap((part) => {
    const url = part.toString('base64url')
    return [part.toString('base64'), url, url.replaceAll('-', '+').replaceAll('_', '/')]
  })
}

/** Seconds, dollars and others' texts as the terminal shows them. */

/** `0.4 s`, `12.3 s`, `3m 05s`, `2h 07m`. */
export function shownDuration(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100))
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.floor(tenths / 10)
  const two = (value: number) => String(value).padStart(2, '0')
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`
  return `${Math.floor(seconds / 3_600)}h ${two(Math.floor((seconds % 3_600) / 60))}m`
}

/** `$0.0031`, `$1.25`; nothing for nothing, `?` for an unknown price. */
export function shownDollars(usd: number | null): string {
  if (usd === null) return '?'
  if (usd === 0) return ''
  if (usd < 0.0001) return '<$0.0001'
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`
}

/** `owner/name`, with the first digits of a version: nobody reads all 64. */
export function shownModel(model: string): string {
  return plainLine(model).replace(/:([0-9a-f]{8})[0-9a-f]{56}$/, ':$1')
}

/** Others' text as one line without control characters: they would move the cursor. */
export function plainLine(text: string): string {
  const visible = text.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
  return visible.replaceAll(/\s+/g, ' ').trim()
}

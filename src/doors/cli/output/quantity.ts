/** Money, sizes, counts and moments as people read them. */

/** `$0.0031`, `$1.25`, `?` for an unknown price. */
export function formatUsd(usd: number | null): string {
  if (usd === null) return '?'
  if (usd === 0) return '$0'
  if (usd < 0.0001) return '<$0.0001'
  return `$${usd < 1 ? usd.toFixed(4) : usd.toFixed(2)}`
}

/** Two digits of what is less than a cent, where models are compared by it: `$0.0000051`, not `<$0.0001`. */
export function formatSmallUsd(usd: number | null): string {
  if (usd === null || usd <= 0 || usd >= 0.01) return formatUsd(usd)
  return `$${usd.toFixed(Math.min(12, 1 - Math.floor(Math.log10(usd))))}`
}

/** In place of the cost of a step whose answer was kept: `cached, saved $0.0031`. */
export function cachedText(saved_usd: number | null | undefined): string {
  return saved_usd ? `cached, saved ${formatUsd(saved_usd)}` : 'cached'
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let size = bytes / 1_000
  let unit = 0
  while (size >= 1_000 && unit < units.length - 1) {
    size /= 1_000
    unit += 1
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}

/** `owner/name:25a09be1`: a version's first 8 digits are enough to tell it by. */
export function shortModel(model: string): string {
  return model.replace(/(:[0-9a-f]{8})[0-9a-f]+$/, '$1')
}

/** `1 step`, `3 steps`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** `just now`, `5 min ago`, `3 h ago`, `2 days ago`, then the date. */
export function formatAge(then: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - then) / 1_000))
  if (seconds < 60) return 'just now'
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`
  if (seconds < 14 * 86_400) return count(Math.floor(seconds / 86_400), 'day').concat(' ago')
  return new Date(then).toISOString().slice(0, 10)
}

/** `950`, `12k`, `6.5M`, `1.2B`: how often, roughly. */
export function formatCount(count: number): string {
  for (const [size, unit] of [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (count < size) continue
    const scaled = count / size
    return `${scaled < 10 ? scaled.toFixed(1).replace(/\.0$/, '') : Math.floor(scaled)}${unit}`
  }
  return String(count)
}

/** Sizes as people write them: `500MB`, `5GB`, `2GiB`; a bare number is bytes. */

const unitBytes: Readonly<Record<string, number>> = {
  ...{ '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 },
  ...{ ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 },
}

/** Whole bytes, or undefined when it is no size. */
export function parseBytes(written: string | number): number | undefined {
  if (typeof written === 'number') return Number.isSafeInteger(written) && written >= 0 ? written : undefined
  const match = /^(\d{1,15}(?:\.\d+)?)\s*((?:[kmgt]i?)?)b?$/i.exec(written.trim())
  return match ? Math.floor(Number(match[1]) * (unitBytes[(match[2] as string).toLowerCase()] as number)) : undefined
}

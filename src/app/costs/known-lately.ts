/** Remembers what was looked up last, so much and no more. */

/** `load` is asked for a key that is not remembered. */
export function knownLately<T>(most: number, load: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, T>()
  return async (key) => {
    if (known.has(key)) return known.get(key) as T
    const value = await load(key)
    const [oldest] = known.keys()
    if (known.size >= most && oldest !== undefined) known.delete(oldest)
    known.set(key, value)
    return value
  }
}

/** Entries of plain objects that are used as tables, whatever their names are: `constructor` is a name like any other. */

export function ownValue<V>(table: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** The entry of that name; made when there is none. `__proto__` can't be one. */
export function ownEntry<V>(table: Record<string, V>, name: string, make: () => V): V {
  const found = ownValue(table, name)
  if (found !== undefined) return found
  const made = make()
  table[name] = made
  return made
}

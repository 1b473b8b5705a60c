/** Small JSON values under names, each of them changed whole; processes may share them. */
import type { Json } from './json.ts'

export interface Cells {
  /** As it was committed last, by whatever process; undefined: nothing is there. Quick enough to be asked for each call. */
  get(name: string): Json | undefined
  /** What is under names that begin with `prefix`, in the order of names. */
  list(prefix: string): Map<string, Json>
  /**
   * Changes values together, while nobody else does, in this process or another. `change` is given what is there, in the
   * order of `names`, and gives what is to be there (undefined: nothing; a list that is shorter leaves the rest as it is).
   * It must be quick, wait for nothing, and not change what it was given. Rejects with what it throws, with nothing changed.
   */
  change<T>(names: readonly string[], change: (before: readonly (Json | undefined)[]) => Changed<T>): Promise<T>
}

export interface Changed<T> {
  after: readonly (Json | undefined)[]
  result: T
}

/** Of this process alone. */
export function createMemoryCells(): Cells {
  const values = new Map<string, Json>()
  return {
    get: (name) => values.get(name),
    list: (prefix) => new Map([...values].filter(([name]) => name.startsWith(prefix)).toSorted(byName)),
    async change(names, change) {
      const { after, result } = change(names.map((name) => values.get(name)))
      for (const [at, value] of after.entries()) {
        if (value === undefined) values.delete(names[at] as string)
        else values.set(names[at] as string, value)
      }
      return result
    },
  }
}

/** Those whose names begin with `prefix`, under the rest of their names. */
export function cellsUnder(cells: Cells, prefix: string): Cells {
  return {
    get: (name) => cells.get(prefix + name),
    list: (rest) => new Map([...cells.list(prefix + rest)].map(([name, value]) => [name.slice(prefix.length), value])),
    change: (names, change) =>
      cells.change(
        names.map((name) => prefix + name),
        change,
      ),
  }
}

function byName([a]: [string, Json], [b]: [string, Json]): number {
  return a < b ? -1 : Number(a > b)
}

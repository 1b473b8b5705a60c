/** Facts about a graph of needs, over numbered nodes: levels, ranks, the shortest cycle of each knot. Nothing here recurses. */

/** `needs[node]` lists the nodes that come before it. */
export type NeedsGraph = readonly (readonly number[])[]

export interface Layers {
  /** Every node after its needs; those in or behind a cycle are left out. */
  order: number[]
  /** 0: no needs. -1: in or behind a cycle. */
  level: number[]
}

export function layersOf(needs: NeedsGraph): Layers {
  const dependents = dependentsOf(needs)
  const open = needs.map((list) => list.length)
  const level: number[] = needs.map((list) => (list.length === 0 ? 0 : -1))
  const order: number[] = []
  for (const [node, count] of open.entries()) if (count === 0) order.push(node)
  for (let at = 0; at < order.length; at += 1) {
    const node = order[at] as number
    for (const next of dependents[node] as number[]) {
      const left = (open[next] as number) - 1
      open[next] = left
      if (left > 0) continue
      level[next] = (level[node] as number) + 1
      order.push(next)
    }
  }
  return { order, level }
}

/** Longest path from each node to one that nothing needs, the node itself included: in hops, or in the sum of weights. */
export function ranksOf(
  needs: NeedsGraph,
  order: readonly number[],
  weight: (node: number) => number = () => 1,
): number[] {
  const rank = needs.map((_, node) => weight(node))
  for (let at = order.length - 1; at >= 0; at -= 1) {
    const node = order[at] as number
    for (const need of needs[node] as number[]) {
      const through = (rank[node] as number) + weight(need)
      if ((rank[need] as number) < through) rank[need] = through
    }
  }
  return rank
}

function dependentsOf(needs: NeedsGraph): number[][] {
  const dependents: number[][] = needs.map(() => [])
  for (const [node, list] of needs.entries()) for (const need of list) (dependents[need] as number[]).push(node)
  return dependents
}

/** How many nodes of one knot are tried as the start of its shortest cycle. */
const startsTried = 64

/**
 * One cycle for each knot (strongly connected component): its shortest, as far as `startsTried` starts show.
 * A cycle `[a, b]` says that a needs b and b needs a.
 */
export function cyclesOf(needs: NeedsGraph): number[][] {
  return knotsOf(needs).map((knot) => shortestCycle(needs, knot))
}

/** Strongly connected components with a cycle in them (Tarjan, with a stack of our own). */
function knotsOf(needs: NeedsGraph): number[][] {
  const knots: number[][] = []
  const found = needs.map(() => -1)
  const low = needs.map(() => 0)
  const onPath = needs.map(() => false)
  const path: number[] = []
  let count = 0
  for (const root of needs.keys()) {
    if (found[root] !== -1) continue
    const frames = [enter(root)]
    while (frames.length > 0) {
      const frame = frames.at(-1) as { node: number; next: number }
      const need = (needs[frame.node] as number[])[frame.next]
      if (need !== undefined) {
        frame.next += 1
        if (found[need] === -1) frames.push(enter(need))
        else if (onPath[need]) low[frame.node] = Math.min(low[frame.node] as number, found[need] as number)
        continue
      }
      frames.pop()
      const above = frames.at(-1)
      if (above) low[above.node] = Math.min(low[above.node] as number, low[frame.node] as number)
      if (low[frame.node] === found[frame.node]) leave(frame.node)
    }
  }
  return knots

  function enter(node: number): { node: number; next: number } {
    found[node] = count
    low[node] = count
    count += 1
    path.push(node)
    onPath[node] = true
    return { node, next: 0 }
  }

  function leave(node: number): void {
    const knot = path.splice(path.lastIndexOf(node))
    for (const member of knot) onPath[member] = false
    if (knot.length > 1 || needs[node]?.includes(node)) knots.push(knot.sort((a, b) => a - b))
  }
}

function shortestCycle(needs: NeedsGraph, knot: readonly number[]): number[] {
  const members = new Set(knot)
  const self = knot.find((node) => needs[node]?.includes(node))
  if (self !== undefined) return [self]
  let best: number[] = []
  for (const start of knot.slice(0, startsTried)) {
    const cycle = cycleThrough(needs, members, start, best.length)
    if (cycle) best = cycle
    if (best.length === 2) break
  }
  return best
}

/** The shortest way from `start` back to itself within `members`, if it is shorter than `below` (0: any length). */
function cycleThrough(
  needs: NeedsGraph,
  members: ReadonlySet<number>,
  start: number,
  below: number,
): number[] | undefined {
  const cameFrom = new Map<number, number>()
  let front = [start]
  for (let length = 1; front.length > 0 && (below === 0 || length < below); length += 1) {
    const next: number[] = []
    for (const node of front) {
      for (const need of needs[node] as number[]) {
        if (need === start) return wayTo(node)
        if (!members.has(need) || cameFrom.has(need)) continue
        cameFrom.set(need, node)
        next.push(need)
      }
    }
    front = next
  }
  return undefined

  function wayTo(last: number): number[] {
    const way = [last]
    for (let node = last; node !== start;) {
      node = cameFrom.get(node) as number
      way.push(node)
    }
    return way.reverse()
  }
}

/** A decision of the router as a table: candidates, what was known of each, and who was chosen. */
import type { RoutingDecision } from '../../../domain/routing.ts'
import { formatDuration } from '../../../std/duration.ts'
import { count, formatSmallUsd, shortModel } from './quantity.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

export interface ShownCandidate {
  model: string
  chosen: boolean
  removed_by?: string | undefined
  exploring?: boolean | undefined
  observations: number
  quality: number | null
  score?: number | undefined
  cost_usd: number | null
  latency_ms: number | null
  pending: number
  propensity?: number | undefined
}

const right = { align: 'right' } as const
const columns = [
  {},
  { header: 'model', least: 16, keepsEnd: true },
  { header: 'quality', ...right },
  { header: 'seen', ...right },
  { header: 'cost', ...right },
  { header: 'latency', ...right },
  { header: 'running', ...right },
  { header: 'score', ...right },
  { header: 'chance', ...right },
  {},
]

/** `room`: columns of a terminal. */
export function candidateLines(candidates: readonly ShownCandidate[], style: Style, room = Infinity): string[] {
  const rows = candidates.map((one) => {
    const cells = [
      one.chosen ? '→' : ' ',
      shortModel(one.model),
      one.quality === null ? '?' : one.quality.toFixed(2),
      seen(one.observations),
      formatSmallUsd(one.cost_usd),
      one.latency_ms === null ? '?' : formatDuration(Math.round(one.latency_ms)),
      one.pending === 0 ? '' : String(one.pending),
      one.score === undefined ? '' : rounded(one.score),
      one.propensity === undefined ? '' : percent(one.propensity),
      one.removed_by ?? (one.exploring ? 'let in to be known' : ''),
    ]
    if (one.chosen) return cells.map((cell, at) => (at < 2 ? style.green(cell) : cell))
    return one.removed_by === undefined ? cells : cells.map((cell) => (cell === '' ? cell : style.dim(cell)))
  })
  return tableLines(rows, columns, style.dim, room - 2).map((line) => `  ${line}`.trimEnd())
}

/** `writer by learned, calls like task=… step=…` */
export function decisionHead(
  { agent, strategy, context }: { agent: string; strategy: string; context: string },
  style: Style,
): string {
  return `${style.bold(agent)} by ${strategy}${context === '' ? '' : style.dim(`  calls like ${context}`)}`
}

/** Whole, or what is left of it where older ones count less. */
function seen(observations: number): string {
  return String(Number(observations.toFixed(1)))
}

function rounded(score: number): string {
  if (Math.abs(score) >= 100) return String(Math.round(score))
  // Of strategies that go by dollars.
  return score !== 0 && Math.abs(score) < 0.0005 ? score.toPrecision(1) : score.toFixed(3)
}

/** `<1%` is not never. */
function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%'
  return `${Math.round(share * 100)}%`
}

export function callText({
  status,
  model,
  latency_ms,
  cost_usd,
  quality,
  error,
}: {
  status: string
  model: string
  latency_ms?: number | undefined
  cost_usd?: number | null | undefined
  quality?: { score: number | null; by: string } | undefined
  error?: { message: string } | undefined
}): string {
  const facts = [`${status}: ${shortModel(model)}`]
  if (latency_ms !== undefined) facts.push(formatDuration(latency_ms))
  if (cost_usd !== undefined) facts.push(formatSmallUsd(cost_usd))
  if (quality) facts.push(`quality ${quality.score === null ? 'unknown' : quality.score.toFixed(2)} (${quality.by})`)
  if (error) facts.push(error.message)
  return facts.join('  ')
}

export function decisionsText(decisions: number, calls: number): string {
  if (calls === 0) return 'nothing was called'
  if (decisions === 0) return `${count(calls, 'call')}, and nothing to decide: there was one candidate`
  return `${count(decisions, 'decision')} for ${count(calls, 'call')}`
}

/** `chose a/b of 3 candidates by learned (c/d: latency_cap_ms 2000 < 3120)` */
export function decisionText({ candidates, chosen, strategy }: RoutingDecision): string {
  const model = candidates.find(({ candidate }) => candidate === chosen)?.model ?? ''
  const out = candidates.flatMap((one) =>
    one.removed_by === undefined ? [] : [`${shortModel(one.model)}: ${one.removed_by}`],
  )
  const without = out.length === 0 ? '' : ` (${out.join('; ')})`
  return `chose ${shortModel(model)} of ${count(candidates.length, 'candidate')} by ${strategy}${without}`
}

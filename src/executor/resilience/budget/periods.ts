/** Days and months of UTC, and the names of the cells that their budgets are kept in. */

export interface Period {
  /** `2026-11-21`, `2026-11` */
  name: string
  /** Epoch milliseconds: its first moment, and the first after it. */
  since: number
  until: number
}

export const periodKinds = ['day', 'month'] as const
export type PeriodKind = (typeof periodKinds)[number]

export function periodOf(kind: PeriodKind, now: number): Period {
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const text = date.toISOString()
  return kind === 'day'
    ? { name: text.slice(0, 10), since: Date.UTC(year, month, day), until: Date.UTC(year, month, day + 1) }
    : { name: text.slice(0, 7), since: Date.UTC(year, month), until: Date.UTC(year, month + 1) }
}

/** What an account is of: all calls, or an agent's, in a period; or an agent's in a run. */
export type AccountOf = { agent?: string } & ({ kind: PeriodKind } | { kind: 'run'; run: string })

export const prefix = 'budget/'

/** `budget/day/2026-11-21`, `budget/month/2026-11/agent/writer`, `budget/run/r1/agent/writer` */
export function cellName(of: AccountOf, period: Period | undefined): string {
  const when = of.kind === 'run' ? of.run : (period?.name ?? '')
  return `${prefix}${of.kind}/${when}${of.agent === undefined ? '' : `/agent/${of.agent}`}`
}

/** How people read it: `day`, `agent writer, month`. */
export function budgetName({ agent, kind }: AccountOf): string {
  return agent === undefined ? kind : `agent ${agent}, ${kind}`
}

const dayMs = 24 * 60 * 60 * 1_000
const keptDays = { day: 60, month: 400, run: 60 }

/** Whether the cell of an account that was made then is of no use any more. */
export function isOver(cell: string, made: number, now: number): boolean {
  const kind = cell.slice(prefix.length).split('/')[0] as AccountOf['kind']
  return made + (keptDays[kind] ?? 0) * dayMs < now
}

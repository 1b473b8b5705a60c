/** Which records of the audit log are wanted. */
import { z } from 'zod'
import {
  type Logged,
  type LoggedLine,
  type ReadOptions,
  readSegment,
  segmentsBetween,
} from '../../observe/audit/read.ts'
import { type CallRecord, callShape, callStatuses } from '../../observe/audit/record.ts'
import type { ActionContext } from '../action.ts'
import type { App } from '../app.ts'
import { momentOf } from '../moment-of.ts'
import { auditFolder } from './folder-of.ts'

export const worldField = z.boolean().default(false).describe('calls in the sandbox, in place of real ones')

export const filterFields = {
  since: z.string().default('30d').describe('an age such as 7d or 12h, or a date such as 2026-11-01'),
  until: z.string().optional().describe('the first moment that counts no more, written in the same way'),
  agent: z.string().optional(),
  model: z.string().optional().describe('owner/name, of any candidate that was called'),
  run: z.string().optional(),
  status: z.enum(callStatuses).optional(),
  sandbox: worldField,
}

const filterShape = z.object(filterFields)
export type Filter = z.output<typeof filterShape>

export const loggedCallShape = callShape.extend({ seq: z.number().describe('its place in the log') })
export type LoggedCall = CallRecord & { seq: number }

export interface CallLogReader {
  since: number
  until: number
  /**
   * In the order of the log; with `newestFirst` the latest segments first, each of them still in order, and an empty list at
   * the end of each. Of those with `containing` in their line, which is quick to find out.
   */
  calls(how?: { newestFirst?: boolean; containing?: string }): AsyncGenerator<LoggedCall[]>
  /** Everything of that time, in order, with its line. */
  lines(): AsyncGenerator<LoggedLine[]>
  /** Lines that are no record, as `file:line`; the first few. */
  unreadable: string[]
}

const mostTold = 20

export function openCallLog(app: App, filter: Filter, { signal, warn }: ActionContext): CallLogReader {
  const now = app.clock.now()
  const since = momentOf(filter.since, now)
  const until = filter.until === undefined ? now + 1 : momentOf(filter.until, now)
  const folder = auditFolder(app.home, filter.sandbox)
  const unreadable: string[] = []
  const hint = filter.run === undefined ? undefined : `"run":${JSON.stringify(filter.run)}`
  const options: ReadOptions = {
    ...{ since, until, signal },
    unreadable(file, line) {
      if (unreadable.length === 0) warn(`${file}:${line} is no record: \`replicate-agent audit verify\` says more`)
      if (unreadable.length < mostTold) unreadable.push(`${file}:${line}`)
    },
  }
  return {
    ...{ since, until, unreadable },
    async *calls({ newestFirst = false, containing: text = hint } = {}) {
      const wanted = { ...options, ...(text !== undefined && { containing: text }) }
      const segments = segmentsBetween(folder, options)
      for (const segment of newestFirst ? segments.toReversed() : segments) {
        for await (const lines of readSegment(folder, segment, wanted)) {
          const calls = lines.flatMap(({ entry }) => (isCall(entry) && isWanted(entry, filter) ? entry : []))
          if (calls.length > 0) yield calls
        }
        if (newestFirst) yield []
      }
    },
    async *lines() {
      for (const segment of segmentsBetween(folder, options)) yield* readSegment(folder, segment, options)
    },
  }
}

export function isCall(entry: Logged): entry is LoggedCall {
  return entry.kind === 'call'
}

/** Whether a call passes the filter; its time is seen to by the reader. */
export function isWanted(record: CallRecord, { agent, model, run, status }: Filter): boolean {
  if (status !== undefined && record.status !== status) return false
  if (run !== undefined && record.run !== run) return false
  if (agent !== undefined && record.agent !== agent && !record.attempts.some((one) => one.agent === agent)) return false
  return model === undefined || modelsOf(record).includes(model)
}

/** Those that were called, without versions; of a call that was answered from the cache, the one that had answered. */
function modelsOf({ model, attempts }: CallRecord): string[] {
  return [...(model === undefined ? [] : [model]), ...attempts.map((one) => bare(one.model))].map(bare)
}

export function bare(model: string): string {
  return model.split(':')[0] as string
}

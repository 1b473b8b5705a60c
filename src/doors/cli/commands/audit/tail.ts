/** `audit tail`: the latest calls, and with -f those to come. */
import { tailAudit } from '../../../../app/actions/audit/tail.ts'
import type { LoggedCall } from '../../../../app/audit/filter.ts'
import { defined } from '../../../../std/defined.ts'
import { auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, wholeNumber } from '../../option.ts'
import { auditRow } from '../../output/audit-lines.ts'
import { type StopSignal, stopCodes } from '../../surroundings.ts'

/** Milliseconds between two looks. */
const everyMs = 500

export const tail = defineCommand({
  description:
    'Shows the latest calls, the last one at the end. With -f it goes on with those of all processes as they end.',
  args: {},
  options: {
    follow: flag('-f, --follow', 'go on until Ctrl-C'),
    limit: wholeNumber('-n, --limit <n>', 'at most so many of those that are there (default: 10)', 0),
    json: flag('--json', 'print {records, end}'),
    jsonl: flag('--jsonl', 'print a JSON line for every call'),
    ...auditOptions,
  },
  examples: [
    { command: 'replicate-agent audit tail', what: 'the latest ten' },
    { command: 'replicate-agent audit tail -f --jsonl', what: 'feed them to another program' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { sandbox, follow, jsonl, limit } = given
    const print = (records: readonly unknown[]): void => {
      for (const record of records as LoggedCall[])
        context.print(jsonl ? JSON.stringify(record) : auditRow(record, context.style).join('  ').trimEnd())
    }
    let { records, end } = await context.call(app, tailAudit, { sandbox, ...defined({ limit }) })
    if (context.json && !follow) return context.printJson({ records, end })
    print(records)
    if (!follow) {
      if (records.length === 0) context.note(`no calls${sandbox ? ' in the sandbox' : ''} yet`)
      return undefined
    }
    let arrived: StopSignal | undefined
    const stopped = new AbortController()
    const stop = context.onStop((signal) => {
      arrived ??= signal
      stopped.abort()
    })
    try {
      while (arrived === undefined) {
        await context.clock.sleep(everyMs, stopped.signal).catch(() => {})
        if (stopped.signal.aborted) break
        ;({ records, end } = await context.call(app, tailAudit, { sandbox, after: end ?? 'none' }))
        print(records)
      }
    } finally {
      stop()
    }
    return arrived && stopCodes[arrived]
  },
})

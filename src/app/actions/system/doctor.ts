/** Looks over everything that a run depends on: runtime, token, state folder, store, sandbox. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { checks } from '../../doctor-checks.ts'
import type { Finding } from '../../doctor-finding.ts'

export const doctorShape = z.object({
  ok: z.boolean().describe('no faults; warnings are allowed'),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['ok', 'warning', 'fault']),
      message: z.string(),
      hint: z.string().optional(),
    }),
  ),
})

export const doctor = defineAction({
  noun: 'system',
  verb: 'doctor',
  summary: 'find out what would keep runs from working',
  input: z.object({
    terminal: z.object({ is_tty: z.boolean(), columns: z.number(), colour: z.boolean() }).optional(),
  }),
  output: doctorShape,
  async run(app, { terminal }, context) {
    const found: Finding[] = []
    for (const check of checks) found.push(...(await check(app, context)))
    if (terminal) found.push(terminalFinding(terminal))
    return { ok: found.every(({ status }) => status !== 'fault'), checks: found }
  },
})

function terminalFinding({ is_tty, columns, colour }: { is_tty: boolean; columns: number; colour: boolean }): Finding {
  const name = 'terminal'
  if (!is_tty) return { name, status: 'ok', message: 'not a terminal: runs print plain lines' }
  const message = `${columns} columns, ${colour ? 'with' : 'without'} colour`
  if (columns >= 60) return { name, status: 'ok', message }
  return {
    name,
    status: 'warning',
    message,
    hint: 'the live tree wants 60 columns or more; --no-tui prints plain lines',
  }
}

/** The statuses of runs and steps with their colour and mark. */
import type { RunStatus, StepStatus } from '../../../domain/run.ts'
import type { Style } from './style.ts'

type AnyStatus = RunStatus | StepStatus

const colours = {
  running: 'cyan',
  waiting: 'yellow',
  succeeded: 'green',
  failed: 'red',
  skipped: 'dim',
  cancelled: 'magenta',
} as const satisfies Record<AnyStatus, string>

export const marks: Record<AnyStatus, string> = {
  running: '…',
  waiting: '?',
  succeeded: '✓',
  failed: '✗',
  skipped: '–',
  cancelled: '×',
}

export function coloured(status: AnyStatus, text: string, style: Style): string {
  return style[colours[status]](text)
}

export function shownStatus(run: {
  status: RunStatus
  waiting_for?: 'approval' | 'resume' | undefined
  interrupted?: boolean | undefined
}): string {
  if (run.interrupted) return 'interrupted'
  if (run.status === 'waiting') return run.waiting_for === 'resume' ? 'paused' : 'waiting'
  return run.status
}

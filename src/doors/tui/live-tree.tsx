/** The tree of a run at one moment: a head line, a line a step, and what did not fit. */
import { Box, Text } from 'ink'
import { plainLine, shownDollars, shownDuration } from './figures.ts'
import { type LiveState, type StepPhase, totalCost } from './live-state.ts'
import { type Paint, phaseMarks, type Tone } from './palette.ts'
import { indentation, StepRow } from './step-row.tsx'
import { visibleSteps } from './visible-steps.ts'

export interface LiveTreeProps {
  state: LiveState
  /** Epoch milliseconds. */
  now: number
  columns: number
  rows: number
  paint: Paint
}

/** Wider than this, figures would be far from what they belong to. */
const widest = 120

export function LiveTree({ state, now, columns, rows, paint }: LiveTreeProps) {
  const width = Math.max(20, Math.min(columns - 1, widest))
  const { shown, hidden } = visibleSteps([...state.steps.values()], Math.max(3, rows - 3))
  const longest = Math.max(4, ...shown.map((step) => indentation(step).length + step.id.length))
  const nameWidth = Math.min(longest, Math.floor(width * 0.35))
  return (
    <Box flexDirection="column" width={width}>
      <RunHead state={state} now={now} width={width} paint={paint} />
      {shown.map((step) => (
        <StepRow key={step.id} step={step} width={width} nameWidth={nameWidth} now={now} paint={paint} />
      ))}
      {hidden.length > 0 && <Text wrap="truncate-end">{paint('quiet', `  … ${hidden.map(counted).join(', ')}`)}</Text>}
    </Box>
  )
}

const statusTones: Record<LiveState['status'], Tone> = {
  running: 'busy',
  waiting: 'warn',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'warn',
}

function RunHead({ state, now, width, paint }: { state: LiveState; now: number; width: number; paint: Paint }) {
  const { started_at, ended_at } = state
  const figures = [
    started_at === undefined ? '' : shownDuration((ended_at ?? now) - started_at),
    shownDollars(totalCost(state)),
  ].filter((part) => part !== '')
  return (
    <Box width={width}>
      <Box flexGrow={1} flexShrink={1} height={1} overflow="hidden">
        <Text wrap="truncate-end">
          {paint('strong', plainLine(state.title))} {paint('quiet', state.run_id)}{' '}
          {paint(statusTones[state.status], statusOf(state))}
        </Text>
      </Box>
      <Box flexShrink={0} marginLeft={2}>
        <Text>{figures.join('  ')}</Text>
      </Box>
    </Box>
  )
}

function statusOf(state: LiveState): string {
  if (state.status === 'waiting') return state.waiting_for === 'resume' ? 'paused' : 'waiting for approval'
  return state.status === 'running' && state.cancelling ? 'cancelling' : state.status
}

const words: Record<StepPhase, string> = {
  pending: 'to come',
  running: 'running',
  waiting: 'waiting',
  succeeded: 'done',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
}

function counted({ phase, count }: { phase: StepPhase; count: number }): string {
  return `${phaseMarks[phase].mark} ${count} ${words[phase]}`
}

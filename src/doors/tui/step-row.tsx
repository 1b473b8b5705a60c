/** One line of the tree: mark, name, what it is doing, seconds, dollars. */
import { Box, Text } from 'ink'
import { plainLine, shownDollars, shownDuration, shownModel } from './figures.ts'
import { ItemBar } from './item-bar.tsx'
import type { StepView } from './live-state.ts'
import { type Paint, phaseMarks } from './palette.ts'

export interface StepRowProps {
  step: StepView
  /** Columns of the whole row, and of its name with indentation. */
  width: number
  nameWidth: number
  now: number
  paint: Paint
}

const timeWidth = 8
const costWidth = 10

export function StepRow({ step, width, nameWidth, now, paint }: StepRowProps) {
  const { mark, tone } = phaseMarks[step.phase]
  const quiet = step.phase === 'pending' || step.phase === 'skipped'
  const barWidth = Math.min(24, Math.max(6, Math.floor(width / 7)))
  return (
    <Box width={width}>
      <Box width={2} flexShrink={0}>
        <Text>{paint(tone, mark)}</Text>
      </Box>
      <Box width={nameWidth} flexShrink={0}>
        <Text wrap="truncate-end">{paint(quiet ? 'quiet' : 'plain', `${indentation(step)}${step.id}`)}</Text>
      </Box>
      <Box flexGrow={1} flexShrink={1} marginLeft={2} height={1} overflow="hidden">
        {step.items && (
          <Box flexShrink={0} marginRight={2}>
            <ItemBar items={step.items} width={barWidth} paint={paint} />
          </Box>
        )}
        <Text wrap="truncate-end">{detailOf(step, now, paint)}</Text>
      </Box>
      <Box width={timeWidth} flexShrink={0} justifyContent="flex-end">
        <Text>{timeOf(step, now)}</Text>
      </Box>
      <Box width={costWidth} flexShrink={0} justifyContent="flex-end">
        <Text>{paint('plain', shownDollars(step.cost_usd))}</Text>
      </Box>
    </Box>
  )
}

/** Two columns a level, so that what needs what can be seen; deep chains stop moving to the right. */
export function indentation(step: StepView): string {
  return '  '.repeat(Math.min(step.level, 4))
}

function timeOf(step: StepView, now: number): string {
  if (step.started_at === undefined || step.phase === 'skipped') return ''
  if (step.latency_ms !== undefined) return shownDuration(step.latency_ms)
  return step.phase === 'waiting' ? '' : shownDuration(now - step.started_at)
}

/** What went wrong, or is asked, comes first: the end of the line may be cut. */
function detailOf(step: StepView, now: number, paint: Paint): string {
  const note = noteOf(step)
  const parts: string[] = []
  if (note !== undefined) parts.push(paint(toneOfNote(step), note))
  if (step.model !== undefined) parts.push(paint('quiet', shownModel(step.model)))
  if (step.cached)
    parts.push(paint('quiet', `from the cache${step.saved_usd ? `, saved ${shownDollars(step.saved_usd)}` : ''}`))
  if (step.attempts > Math.max(1, step.items?.total ?? 1)) parts.push(paint('warn', attemptsOf(step)))
  if (step.retry_at !== undefined) parts.push(paint('warn', `again in ${shownDuration(step.retry_at - now)}`))
  return parts.join('  ')
}

function attemptsOf(step: StepView): string {
  return step.phase === 'running' ? `attempt ${step.attempts}` : `${step.attempts} attempts`
}

function noteOf(step: StepView): string | undefined {
  if (step.note === undefined || step.phase === 'succeeded') return undefined
  return step.asks ? `asks: ${plainLine(step.note)}` : plainLine(step.note)
}

function toneOfNote(step: StepView) {
  if (step.phase === 'failed') return 'bad'
  return step.asks || step.retry_at !== undefined ? 'warn' : 'quiet'
}

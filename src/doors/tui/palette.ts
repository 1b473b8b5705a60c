/** Marks and colours of the terminal pages. */
import { Chalk } from 'chalk'
import type { StepPhase } from './live-state.ts'

export type Tone = 'busy' | 'good' | 'bad' | 'warn' | 'quiet' | 'strong' | 'plain'
export type Paint = (tone: Tone, text: string) => string

/** Ink's own colours follow the process's stdout; the tree may stand on another stream, so it is told. */
export function createPaint(colour: boolean): Paint {
  const chalk = new Chalk({ level: colour ? 1 : 0 })
  const tones: Record<Tone, (text: string) => string> = {
    busy: chalk.cyan,
    good: chalk.green,
    bad: chalk.red,
    warn: chalk.yellow,
    quiet: chalk.dim,
    strong: chalk.bold,
    plain: (text) => text,
  }
  return (tone, text) => (text === '' ? '' : tones[tone](text))
}

export const phaseMarks: Record<StepPhase, { mark: string; tone: Tone }> = {
  pending: { mark: '·', tone: 'quiet' },
  running: { mark: '●', tone: 'busy' },
  waiting: { mark: '?', tone: 'warn' },
  succeeded: { mark: '✓', tone: 'good' },
  failed: { mark: '✗', tone: 'bad' },
  skipped: { mark: '–', tone: 'quiet' },
  cancelled: { mark: '×', tone: 'warn' },
}

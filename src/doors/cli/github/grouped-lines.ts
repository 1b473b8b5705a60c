/** The lines of a run by step, for a log that folds: what a step said is kept until it is over, and is one group then. */
import type { RunNews } from '../../../domain/events.ts'

export interface GroupedLines {
  /** `line`: what there is to say about the event, if anything. */
  add(news: RunNews, line: string | undefined): void
  /** What steps have said that are not over. */
  flush(): void
}

export interface GroupOutput {
  print(line: string): void
  /** With what was said before; none of it is a command. */
  group(title: string, lines: readonly string[]): void
}

/** Nested runs and items belong to that of the `steps` of the run with this id that they are in. */
export function groupedLines(runId: string, steps: readonly string[], output: GroupOutput): GroupedLines {
  // Longest first: the id of a step may begin with that of another one.
  const ids = steps.toSorted((a, b) => b.length - a.length)
  const kept = new Map<string, string[]>()

  function settle(step: string, line: string): void {
    const lines = kept.get(step) ?? []
    kept.delete(step)
    if (lines.length === 0) output.print(line)
    else output.group(line, lines)
  }

  return {
    add(news, line) {
      const step = topStep(runId, ids, news)
      if (line === undefined) return
      if (step === undefined) return output.print(line)
      if (isOver(runId, news)) return settle(step, line)
      // Something is seen of a step while it runs.
      if (isBegun(runId, news) || news.event.type === 'approval.requested') return output.print(line)
      const lines = kept.get(step) ?? []
      kept.set(step, lines)
      lines.push(line)
    },
    flush() {
      for (const [step, lines] of kept) output.group(step, lines)
      kept.clear()
    },
  }
}

/** Ids of nested runs are `PARENT.STEP`, with item, round and attempt behind a `.` or `-`. */
function topStep(root: string, ids: readonly string[], { run_id, event }: RunNews): string | undefined {
  if (run_id === root) return 'step' in event ? event.step : undefined
  const below = run_id.slice(root.length + 1)
  return ids.find((id) => below === id || below.startsWith(`${id}.`) || below.startsWith(`${id}-`))
}

function isOver(root: string, { run_id, event }: RunNews): boolean {
  return run_id === root && event.type === 'step.settled' && event.index === undefined
}

function isBegun(root: string, { run_id, event }: RunNews): boolean {
  return run_id === root && event.type === 'step.started' && event.index === undefined
}

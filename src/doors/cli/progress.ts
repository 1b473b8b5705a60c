/** Shows a run while it goes on: a live tree on a terminal, plain lines elsewhere, JSON lines when asked for. */
import type { RunHandle } from '../../app/action.ts'
import type { App } from '../../app/app.ts'
import { eventObject } from '../../app/event-object.ts'
import type { RunNews } from '../../domain/events.ts'
import type { JsonObject } from '../../std/json.ts'
import type { CommandContext } from './context.ts'
import type { GithubLog } from './github/github-log.ts'
import { eventLines } from './output/event-lines.ts'

export type ProgressKind = 'tree' | 'lines' | 'groups' | 'jsonl' | 'none'

export interface Progress {
  /** The run is known: its events can be named. */
  begin(run: RunHandle): void
  /** Something to say beside it. */
  say(text: string): void
  /** Nothing is shown after this; gives the last JSON line's event, for the closing one. */
  end(): Promise<JsonObject | undefined>
}

/** Ink takes its time to load: a run that is over by then is shown by its summary alone. */
const treeAfterMs = 300

export function showProgress(context: CommandContext, app: App, kind: ProgressKind): Progress {
  if (kind === 'jsonl') return jsonLines(context, app)
  if (kind === 'tree') return liveTree(context, app)
  if (kind === 'lines') return plainLines(context, app)
  if (kind === 'groups' && context.github) return groups(context, app, context.github)
  return { begin: () => {}, say: (text) => context.note(text), end: async () => undefined }
}

export function progressKind(
  context: CommandContext,
  options: { jsonl: boolean; tui: boolean; quiet: boolean },
): ProgressKind {
  if (options.jsonl) return 'jsonl'
  if (options.quiet) return 'none'
  if (context.stderr.isTTY && options.tui && context.env['TERM'] !== 'dumb') return 'tree'
  return context.github ? 'groups' : 'lines'
}

function plainLines(context: CommandContext, app: App): Progress {
  const early = collect(app)
  return {
    begin: (run) => void early.hand(lineByLine(context, run)),
    say: (text) => context.note(text),
    async end() {
      early.stop()
      return undefined
    },
  }
}

/** Prints a line an event, after one that names the run. */
function lineByLine(context: CommandContext, { run_id, outline }: RunHandle): (news: RunNews) => void {
  const style = context.errorStyle
  const line = eventLines(run_id, outline, style)
  context.note(`${style.bold(outline.workflow)}  ${style.dim(`run ${run_id}`)}`)
  return (news) => {
    const text = line(news)
    if (text !== undefined) context.note(text)
  }
}

/** The log of a job folds: what a step says is one group, and not among what others say. */
function groups(context: CommandContext, app: App, github: GithubLog): Progress {
  const early = collect(app)
  let flush = () => {}
  const begin = async ({ run_id, outline }: RunHandle) => {
    const { groupedLines } = await import('./github/grouped-lines.ts')
    const line = eventLines(run_id, outline, context.errorStyle)
    const ids = outline.steps.map(({ id }) => id)
    const grouped = groupedLines(run_id, ids, {
      print: (text) => context.note(text),
      group(title, lines) {
        github.command('group', title.trim())
        for (const text of lines) context.note(text)
        github.command('endgroup')
      },
    })
    flush = () => grouped.flush()
    context.note(`${outline.workflow}  run ${run_id}`)
    early.hand((news) => grouped.add(news, line(news)))
  }
  let begun: Promise<void> | undefined
  return {
    begin: (run) => void (begun = begin(run)),
    say: (text) => context.note(text),
    async end() {
      await begun
      early.stop()
      flush()
      return undefined
    },
  }
}

function jsonLines(context: CommandContext, app: App): Progress {
  let root: string | undefined
  let last: JsonObject | undefined
  const seqs = new Map<string, number>()
  const early = collect(app)
  const show = (news: RunNews) => {
    if ('seq' in news.event) seqs.set(news.run_id, news.event.seq)
    const line = eventObject(news, seqs.get(news.run_id))
    if (news.run_id === root) last = line
    // The closing line says it, with the whole result.
    if (news.run_id === root && news.event.type === 'run.settled') return
    context.stdout.write(`${JSON.stringify(line)}\n`)
  }
  return {
    begin(run) {
      root = run.run_id
      const [created, ...more] = run.earlier
      // Of a run that goes on, only what is new.
      if (created && more.length === 0) show({ run_id: root, event: created })
      early.hand(show)
    },
    say: (text) => context.note(text),
    async end() {
      early.stop()
      return last
    },
  }
}

function liveTree(context: CommandContext, app: App): Progress {
  const early = collect(app)
  const over = new AbortController()
  let release = () => {}
  let view: Promise<{ stop(): Promise<void> } | undefined> | undefined
  const start = async (run: RunHandle) => {
    try {
      await context.clock.sleep(treeAfterMs, over.signal)
    } catch {
      return undefined
    }
    const showLive = await loadTree(context)
    if (over.signal.aborted) return undefined
    if (!showLive) {
      early.hand(lineByLine(context, run))
      return undefined
    }
    release = context.holdWarnings()
    return showLive({
      plan: { run_id: run.run_id, title: run.outline.workflow, steps: run.outline.steps },
      subscribe(listener) {
        for (const event of run.earlier) listener({ run_id: run.run_id, event })
        return early.hand(listener)
      },
      stream: context.stderr as NodeJS.WriteStream,
      colour: context.errorStyle.level > 0,
      now: () => context.clock.now(),
    })
  }
  return {
    begin(run) {
      view = start(run)
    },
    // The tree shows that a run is being cancelled; a line of text would tear it.
    say: () => {},
    async end() {
      over.abort()
      await (await view)?.stop()
      release()
      early.stop()
      return undefined
    },
  }
}

/** A run must not fail because it can't be drawn. */
async function loadTree(context: CommandContext) {
  try {
    return (await import('../tui/live-run.tsx')).showLive
  } catch (error) {
    context.warn(`the live tree can't be shown: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** Keeps what happens until somebody listens. */
function collect(app: App): { hand(listener: (news: RunNews) => void): () => void; stop(): void } {
  const kept: RunNews[] = []
  let listener: ((news: RunNews) => void) | undefined
  const stop = app.subscribe((news) => {
    if (listener) listener(news)
    else kept.push(news)
  })
  return {
    hand(next) {
      for (const news of kept.splice(0)) next(news)
      listener = next
      return stop
    },
    stop,
  }
}

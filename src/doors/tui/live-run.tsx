/** Shows a run in the terminal while it runs, and leaves its last picture there. */
import { render } from 'ink'
import type { RunNews } from '../../domain/events.ts'
import { foldNews, type LivePlan, startLiveState } from './live-state.ts'
import { LiveTree } from './live-tree.tsx'
import { createPaint } from './palette.ts'

export interface LiveOptions {
  plan: LivePlan
  /** May call the listener at once with what has happened so far. Gives the function that ends it. */
  subscribe(listener: (news: RunNews) => void): () => void
  /** A terminal. */
  stream: NodeJS.WriteStream
  colour: boolean
  /** Epoch milliseconds, as events have them. */
  now(): number
}

export interface LiveView {
  /** Draws the last picture and resolves once it is written; what is printed next stands below it. */
  stop(): Promise<void>
}

/** Pictures a second, at most: news come in thousands, eyes take ten. */
const framesPerSecond = 10

export function showLive(options: LiveOptions): LiveView {
  const { stream } = options
  const paint = createPaint(options.colour)
  let state = startLiveState(options.plan)
  const unsubscribe = options.subscribe((news) => {
    state = foldNews(state, news)
  })
  const picture = () => (
    <LiveTree state={state} now={options.now()} columns={stream.columns ?? 80} rows={stream.rows ?? 24} paint={paint} />
  )
  const ink = render(picture(), {
    stdout: stream,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    incrementalRendering: true,
    maxFps: framesPerSecond,
  })
  const timer = setInterval(() => ink.rerender(picture()), 1_000 / framesPerSecond)
  let stopped: Promise<void> | undefined
  return {
    stop() {
      stopped ??= (async () => {
        clearInterval(timer)
        unsubscribe()
        ink.rerender(picture())
        ink.unmount()
        await ink.waitUntilExit()
      })()
      return stopped
    },
  }
}

/** The live tree on a stream that says it is a terminal. */
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { RunNews } from '../../domain/events.ts'
import { showLive } from './live-run.tsx'
import { photoNews, photoPlan } from './photo-run.fixture.ts'

class Terminal extends Writable {
  readonly isTTY = true
  readonly columns: number
  readonly rows = 30
  text = ''

  constructor(columns: number) {
    super()
    this.columns = columns
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

async function shown(columns: number): Promise<{ text: string; unsubscribed: boolean }> {
  const terminal = new Terminal(columns)
  let unsubscribed = false
  let tell: (news: RunNews) => void = () => {}
  const view = showLive({
    plan: photoPlan,
    subscribe(listener) {
      // what happened before the tree was there, then what happens
      for (const news of photoNews.slice(0, 5)) listener(news)
      tell = listener
      return () => {
        unsubscribed = true
      }
    },
    stream: terminal as unknown as NodeJS.WriteStream,
    colour: false,
    now: () => 20_000,
  })
  for (const news of photoNews.slice(5)) tell(news)
  await Promise.all([view.stop(), view.stop()])
  return { text: terminal.text, unsubscribed }
}

test.each([60, 200])(
  'the last picture stays on a screen of %i columns, and the cursor is given back',
  async (columns) => {
    const { text, unsubscribed } = await shown(columns)
    const last = text.slice(text.lastIndexOf('product_photo'))
    expect(last).toContain('failed')
    expect(last).toMatch(/✓ brief .*0\.6 s/)
    expect(last).toMatch(/–\s+upscale\s+"judge" was skipped/)
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'))
    expect(text).not.toContain('\u001b[?1049')
    expect(unsubscribed).toBe(true)
  },
)

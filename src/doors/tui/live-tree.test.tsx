/** The tree as it stands on a terminal. */
import { render } from 'ink-testing-library'
import { expect, test } from 'vitest'
import { foldNews, startLiveState } from './live-state.ts'
import { LiveTree } from './live-tree.tsx'
import { createPaint } from './palette.ts'
import { photoNews, photoPlan } from './photo-run.fixture.ts'

const plain = createPaint(false)

function pictureOf(news: number, columns: number, options: { rows?: number; colour?: boolean } = {}): string[] {
  const state = photoNews.slice(0, news).reduce(foldNews, startLiveState(photoPlan))
  const paint = options.colour ? createPaint(true) : plain
  const view = render(<LiveTree state={state} now={12_000} columns={columns} rows={options.rows ?? 24} paint={paint} />)
  const lines = view.lastFrame()?.split('\n') ?? []
  view.unmount()
  return lines
}

test('a run in the middle shows every step with its state, model, bar, seconds and dollars', () => {
  expect(pictureOf(13, 100)).toMatchInlineSnapshot(`
    [
      "product_photo run1 running                                                           6.5 s  $0.0032",
      "✓ brief          meta/meta-llama-3-70b-instruct                                     0.6 s   $0.0002",
      "●   draw         ████▒▒▒▒▒▒▒░░░ 1/4  black-forest-labs/flux-schnell                 4.5 s   $0.0030",
      "·     judge",
      "·       upscale",
    ]
  `)
})

test('a run that failed says what went wrong, and what was skipped for it', () => {
  expect(pictureOf(photoNews.length, 100)).toMatchInlineSnapshot(`
    [
      "product_photo run1 failed                                                            9.0 s  $0.0092",
      "✓ brief          meta/meta-llama-3-70b-instruct                                     0.6 s   $0.0002",
      "✗   draw         ██████████████ 4/4, 1 failed  1 of 4 items failed; item 3: the …   2.4 s   $0.0090",
      "–     judge      "draw" failed",
      "–       upscale  "judge" was skipped",
    ]
  `)
})

test('at 60 columns names, figures and marks stay whole, and no line is too long', () => {
  const lines = pictureOf(13, 60)
  expect(lines).toMatchInlineSnapshot(`
    [
      "product_photo run1 running                   6.5 s  $0.0032",
      "✓ brief          meta/meta-llama-3-70b-i…   0.6 s   $0.0002",
      "●   draw         ██▒▒▒▒░░ 1/4  black-for…   4.5 s   $0.0030",
      "·     judge",
      "·       upscale",
    ]
  `)
  for (const line of lines) expect(line.length).toBeLessThan(60)
})

test('figures stand under each other', () => {
  const seconds = pictureOf(13, 100)
    .slice(1)
    .map((line) => line.search(/ s(?= |$)/))
    .filter((column) => column >= 0)
  expect(new Set(seconds).size).toBe(1)
  expect(seconds.length).toBeGreaterThan(1)
})

test('on a low screen the rest is counted', () => {
  const lines = pictureOf(13, 100, { rows: 6 })
  expect(lines).toHaveLength(4)
  expect(lines.at(-1)?.trim()).toBe('… ✓ 1 done, · 1 to come')
})

test('without colour there is no escape sequence, with it there is', () => {
  expect(pictureOf(13, 100).join('')).not.toContain('\u001b')
  expect(pictureOf(13, 100, { colour: true }).join('')).toContain('\u001b[32m✓\u001b[39m')
})

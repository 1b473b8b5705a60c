/** The example workflows run as they are, against the sandbox, and put out what they promise. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import type { Action } from '../../src/app/action.ts'
import { approveRun } from '../../src/app/actions/runs/approve.ts'
import { rejectRun } from '../../src/app/actions/runs/reject.ts'
import { runWorkflow } from '../../src/app/actions/workflows/run.ts'
import { validateWorkflows } from '../../src/app/actions/workflows/validate.ts'
import type { App } from '../../src/app/app.ts'
import { createApp } from '../../src/app/create-app.ts'
import type { RunResult } from '../../src/domain/run.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'

const project = resolve(import.meta.dirname, '../..')

let home: string
let app: App

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'examples-'))
  app = createApp({
    env: {},
    cwd: project,
    home,
    durability: 'normal',
    sandbox: true,
    startSandbox: (dataDir = home) => startSandbox({ dataDir, latency: '0', logFile: join(home, 'predictions.jsonl') }),
  })
})

afterEach(async () => {
  await app.close()
  await rm(home, { recursive: true, force: true })
})

async function call<I extends z.ZodType, O extends z.ZodType>(
  action: Action<I, O>,
  input: z.input<I>,
): Promise<z.output<O>> {
  const context = { signal: new AbortController().signal, by: 'tester', warn: () => {} }
  return action.output.parse(await action.run(app, action.input.parse(input), context))
}

async function run(workflow: string, inputs: JsonObject = {}): Promise<RunResult> {
  return call(runWorkflow, { workflow, inputs })
}

/** Models of the predictions that the sandbox was asked for, in order. */
async function asked(): Promise<string[]> {
  const log = await readFile(join(home, 'predictions.jsonl'), 'utf8')
  return log
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { model: string }).model)
}

async function input(name: string): Promise<string> {
  return readFile(join(project, 'workflows/inputs', name), 'utf8')
}

/** Width and height as a PNG's header has them. */
async function sizeOfPng(path: unknown): Promise<[number, number]> {
  const bytes = await readFile(String(path))
  expect(bytes.subarray(1, 4).toString()).toBe('PNG')
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
}

test('every example is valid, without a warning', async () => {
  const workflows = [
    'product_photo',
    'article_to_podcast',
    'review_triage',
    'caption_images',
    'translate_checked',
    'translation_round',
    'deep_research',
    'parallel_analysis',
  ]
  expect(await call(validateWorkflows, { workflows })).toEqual({ valid: true, problems: [] })
})

describe('product_photo', () => {
  test('looks at a snapshot, where one is given, and draws what is on it', async () => {
    const result = await run('product_photo', { snapshot: 'workflows/inputs/coffee.png' })
    expect(result).toMatchObject({ status: 'succeeded', steps: { look: { status: 'succeeded' } } })
    expect((await asked())[0]).toBe('salesforce/blip')
    expect(result.steps['brief']?.output).toMatch(/which looks like a wide picture of 600 by 400 pixels/)
  })

  test('draws four pictures, chooses one, and enlarges that one', async () => {
    const result = await run('product_photo')
    expect(result).toMatchObject({ status: 'succeeded', workflow: 'product_photo' })
    const models = await asked()
    expect(models.filter((model) => model === 'black-forest-labs/flux-schnell')).toHaveLength(4)
    expect(models.filter((model) => model === 'nightmareai/real-esrgan')).toHaveLength(1)
    expect(models).toHaveLength(7)
    const [drawn] = result.steps['draw']?.items?.[0]?.files ?? []
    const [width, height] = await sizeOfPng(drawn?.path)
    expect(await sizeOfPng(result.outputs['photo'])).toEqual([width * 2, height * 2])
    expect(result.steps['judge']?.output).toMatchObject({ best: expect.any(Number), why: result.outputs['why'] })
    expect(result.outputs['style']).toEqual(expect.any(String))
    expect(result.cost_usd).toBeGreaterThan(0.012)
  })

  test('draws as many pictures as there are styles, in the size that is asked for', async () => {
    const result = await run('product_photo', {
      product: 'a brass desk lamp',
      styles: ['in daylight', 'at night'],
      scale: 3,
    })
    expect(result.steps['draw']?.items).toHaveLength(2)
    const [drawn] = result.steps['draw']?.items?.[1]?.files ?? []
    const [width] = await sizeOfPng(drawn?.path)
    expect(await sizeOfPng(result.outputs['photo'])).toEqual([width * 3, width * 3])
  })

  test('refuses inputs that make no sense before anything is called', async () => {
    await expect(run('product_photo', { scale: 9, styles: [] })).rejects.toThrow(
      /scale.*at most 4[\s\S]*styles|styles[\s\S]*scale.*at most 4/,
    )
    await expect(asked()).rejects.toThrow('ENOENT')
  })
})

describe('article_to_podcast', () => {
  test.each(['entangled-bank.txt', 'gettysburg-address.txt', 'walden.txt'])(
    'speaks a dialogue about %s, turn by turn',
    async (file) => {
      const result = await run('article_to_podcast', { article: await input(file) })
      expect(result).toMatchObject({ status: 'succeeded' })
      const script = String(result.outputs['script']).split('\n').filter(Boolean)
      const audio = result.outputs['audio'] as string[]
      expect(script.length).toBeGreaterThan(3)
      expect(audio).toHaveLength(script.length)
      for (const path of audio) expect((await readFile(path)).subarray(0, 4).toString()).toBe('RIFF')
      const speakers = ((result.steps['turns']?.output ?? []) as { speaker: string }[]).map(({ speaker }) => speaker)
      expect(new Set(speakers)).toEqual(new Set(['host', 'guest']))
    },
  )

  test('does not pay for the summary of the same article twice', async () => {
    const first = await run('article_to_podcast')
    const second = await run('article_to_podcast')
    expect(first.steps['summary']).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(second.steps['summary']).toMatchObject({ cached: true, cost_usd: 0, output: first.steps['summary']?.output })
  })
})

describe('review_triage', () => {
  interface Reply {
    id: string
    urgent: boolean
    reply: string | null
    postscript: string
  }

  test('waits for a person when something is urgent, then sends every reply, with what the person added to the urgent ones', async () => {
    const waiting = await run('review_triage', { reviews: JSON.parse(await input('reviews.json')) })
    expect(waiting).toMatchObject({ status: 'waiting', waiting_for: 'approval' })
    const before = await asked()
    const result = await call(approveRun, { run: waiting.run_id, inputs: { postscript: 'We are sorry.' } })
    expect(result).toMatchObject({ status: 'succeeded', resumed: true })
    expect(await asked()).toEqual(before)
    const replies = result.outputs['replies'] as unknown as Reply[]
    expect(result.outputs['urgent']).toEqual(['r-102', 'r-106'])
    expect(replies.map(({ id }) => id)).toEqual([
      'r-101',
      'r-102',
      'r-103',
      'r-104',
      'r-105',
      'r-106',
      'r-107',
      'r-108',
    ])
    for (const reply of replies) expect(reply.postscript).toBe(reply.urgent ? 'We are sorry.' : '')
    expect(replies.find(({ id }) => id === 'r-101')?.reply).toBeNull()
    expect(replies.find(({ id }) => id === 'r-102')?.reply).toContain('burned my hand')
    expect(result.outputs['report']).toBe('review_triage succeeded for 8 reviews')
  })

  test('sends nothing after a no, and says how it ended', async () => {
    const waiting = await run('review_triage')
    const result = await call(rejectRun, { run: waiting.run_id })
    expect(result.status).toBe('failed')
    expect(result.steps['approve']).toMatchObject({ status: 'failed', error: { code: 'rejected' } })
    expect(result.steps['replies']?.status).toBe('skipped')
    expect(result.steps['report']?.output).toBe('review_triage failed for 3 reviews')
  })

  test('asks nobody when nothing is urgent', async () => {
    const reviews = [{ id: 'r-1', stars: 4, text: 'A lovely bowl, though it came two days late.' }]
    const result = await run('review_triage', { reviews })
    expect(result).toMatchObject({ status: 'succeeded', steps: { approve: { status: 'skipped' } } })
    expect(result.outputs['replies']).toHaveLength(1)
  })
})

describe('caption_images', () => {
  interface Described {
    file: string
    caption: string
    tags: string[]
    alt_text: string
  }

  test('describes every picture of the folder beside it, by what can be seen on each', async () => {
    const result = await run('caption_images')
    const pictures = result.outputs['pictures'] as unknown as Described[]
    const names = ['astronaut.png', 'cat.png', 'clock.png', 'galaxies.png', 'horse.png', 'rocket.png']
    expect(pictures.map(({ file }) => file)).toEqual(names)
    expect(new Set(pictures.map(({ caption }) => caption)).size).toBe(6)
    const of = (file: string) => pictures.find((picture) => picture.file === file)
    expect(of('rocket.png')).toMatchObject({
      caption: expect.stringMatching(/^A tall picture of 253 by 400 pixels, mostly dark blue.*\.$/) as string,
      tags: expect.arrayContaining(['tall', 'dark blue']) as string[],
    })
    expect(of('horse.png')?.caption).toContain('black in the middle on white')
    expect(of('clock.png')?.tags).toContain('black and white')
    expect(of('cat.png')?.tags).not.toContain('black and white')
    expect(result.outputs['overview']).toEqual(expect.stringMatching(/pixels/))
  })

  test('goes on without the pictures that are damaged, and names them', async () => {
    const folder = join(home, 'album')
    await mkdir(folder)
    const cat = await readFile(join(project, 'workflows/inputs/pictures/cat.png'))
    await writeFile(join(folder, '1.png'), cat)
    await writeFile(join(folder, '2.png'), cat.subarray(0, 4_000))
    await writeFile(join(folder, '10.png'), 'this is no picture')
    await writeFile(join(folder, 'notes.txt'), 'not looked at')
    const result = await run('caption_images', { images: folder })
    expect(result).toMatchObject({ status: 'succeeded', steps: { look: { items: [{}, {}, {}] } } })
    expect((result.outputs['pictures'] as unknown as Described[]).map(({ file }) => file)).toEqual(['1.png'])
    expect(result.outputs['unreadable']).toEqual(['2.png', '10.png'])
    expect(result.steps['look']?.items?.[2]?.error?.message).toContain('cannot identify image file')
  })
})

describe('translate_checked', () => {
  test('translates until the way back says what the original said', async () => {
    const result = await run('translate_checked')
    expect(result.outputs).toMatchObject({ accepted: true, score: expect.any(Number) as number })
    expect(result.outputs['score']).toBeGreaterThanOrEqual(9)
    expect(result.outputs['translation']).toMatch(/Sonne streiten/)
    // three models a round, and more than one round
    const calls = (await asked()).length
    expect(calls % 3).toBe(0)
    expect(calls).toBeGreaterThan(3)
  })

  test('keeps the last draft, and says that it is not good enough, when no round was', async () => {
    const result = await run('translate_checked', { text: await input('gettysburg-address.txt'), to: 'French' })
    expect(result).toMatchObject({ status: 'succeeded', outputs: { accepted: false } })
    expect(result.steps['translate']).toMatchObject({ status: 'failed', error: { code: 'repeat_exhausted' } })
    expect(result.outputs['translation']).toMatch(/une nouveau nation/)
    expect(result.outputs['problems']).toEqual(expect.arrayContaining([expect.stringMatching(/is not translated$/)]))
    expect(await asked()).toHaveLength(12)
  })
})

describe('deep_research', () => {
  test('cites nothing but what stands in its sources', async () => {
    const result = await run('deep_research')
    const evidence = result.outputs['evidence'] as { source: string; quote: string }[]
    expect(new Set(evidence.map(({ source }) => source)).size).toBe(4)
    for (const { source, quote } of evidence) {
      expect((await input(`papers/${source}`)).replace(/\s+/g, ' ')).toContain(quote)
    }
    const [answer = '', list = ''] = String(result.outputs['report']).split('## Evidence')
    const cited = [...answer.matchAll(/\[(\d+)\]/g)].map((match) => Number(match[1]))
    expect(cited.length).toBeGreaterThan(2)
    for (const number of cited) expect(list).toContain(`[${number}] (`)
    expect(answer).toMatch(/faction/)
    expect(result.outputs).toMatchObject({ left_out: [], unread: [] })
  })

  test('says so when the sources do not answer, and asks no more models', async () => {
    const sources = join(home, 'notes')
    await mkdir(sources)
    await writeFile(join(sources, 'a.md'), 'Simmer the sauce for ten minutes. Then add the basil, and serve it hot.')
    const result = await run('deep_research', { sources, question: 'Why do glaciers carve valleys?' })
    expect(result).toMatchObject({
      status: 'succeeded',
      outputs: { report: 'The sources do not answer the question.', evidence: [] },
      steps: { answer: { status: 'skipped' }, verify: { status: 'skipped' } },
    })
    expect(await asked()).toHaveLength(2)
  })
})

describe('parallel_analysis', () => {
  test('hears the critic and the advocate at the same time, then judges', async () => {
    const result = await run('parallel_analysis')
    expect(result).toMatchObject({ status: 'succeeded', outputs: { verdict: expect.any(String) as string } })
    const events = await app.store().then((store) => store.readEvents(result.run_id))
    const seqOf = (step: string, type: string) =>
      events.find((event) => event.type === type && 'step' in event && event.step === step)?.seq ?? 0
    const begun = ['critic', 'advocate'].map((step) => seqOf(step, 'step.started'))
    const ended = ['critic', 'advocate'].map((step) => seqOf(step, 'step.settled'))
    expect(Math.min(...begun)).toBeGreaterThan(seqOf('entities', 'step.settled'))
    expect(Math.max(...begun)).toBeLessThan(Math.min(...ended))
    expect(seqOf('judge', 'step.started')).toBeGreaterThan(Math.max(...ended))
  })
})

/**
 * The example workflows run as they are, against the sandbox: their own tests (`workflows/*.test.yaml`), and beside
 * them what only a look at files, at the sandbox's log or at the order of events can show.
 */
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import type { Action } from '../../src/app/action.ts'
import { approveRun } from '../../src/app/actions/runs/approve.ts'
import { showRun } from '../../src/app/actions/runs/show.ts'
import { runWorkflow } from '../../src/app/actions/workflows/run.ts'
import { testWorkflows } from '../../src/app/actions/workflows/test.ts'
import { validateWorkflows } from '../../src/app/actions/workflows/validate.ts'
import type { App } from '../../src/app/app.ts'
import { createApp } from '../../src/app/create-app.ts'
import type { RunResult } from '../../src/domain/run.ts'
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'

const project = resolve(import.meta.dirname, '../..')

let home: string
let app: App

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'examples-'))
  app = await createApp({
    config: false,
    env: {},
    cwd: project,
    home,
    durability: 'normal',
    sandbox: true,
    startSandbox: (dataDir = home, wishes) =>
      // tests of workflows bring their own wishes, and keep nothing
      startSandbox(
        (wishes as SandboxOptions | undefined) ?? { dataDir, latency: '0', logFile: join(home, 'predictions.jsonl') },
      ),
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

async function exampleNames(): Promise<string[]> {
  return (await readdir(join(project, 'workflows')))
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
}

test('every example is valid, without a warning, and passes its own tests, which take every branch', async () => {
  const workflows = await exampleNames()
  expect(workflows.length).toBeGreaterThanOrEqual(8)
  expect(await call(validateWorkflows, { workflows })).toEqual({ valid: true, problems: [] })
  const report = await call(testWorkflows, { files: ['workflows'] })
  const failed = report.files.flatMap(({ file, cases }) =>
    cases.filter(({ status }) => status !== 'passed').map(({ name, failures }) => ({ file, name, failures })),
  )
  expect(failed).toEqual([])
  expect(new Set(report.files.map(({ workflow }) => workflow))).toEqual(new Set(workflows))
  expect(report.coverage?.workflows.flatMap(({ missing }) => missing)).toEqual([])
}, 120_000)

/** Commands with the output below them. */
const page = readFileSync(join(project, 'docs/examples.md'), 'utf8')
const shown = [
  ...page.matchAll(
    /```sh\nreplicate-agent run (\w+) --sandbox((?: -i \w+=\S+)*) -o outputs\.(\w+)(?:\[(\d+)\])?\n```\n```text\n([^]*?)```/g,
  ),
]

describe('docs/examples.md', () => {
  test.each(
    shown.map(([, name = '', inputs = '', output = '', at, text = '']) => ({ name, inputs, output, at, text })),
  )('shows what $name puts out', async ({ name, inputs, output, at, text }) => {
    const typed = Object.fromEntries(
      [...inputs.matchAll(/ -i (\w+)=(\S+)/g)].map(([, key, value]) => [key, value?.replaceAll("'", '')]),
    )
    const { outputs } = await call(runWorkflow, { workflow: name, typed: typed as Record<string, string> })
    const value = at === undefined ? outputs[output] : (outputs[output] as Json[])[Number(at)]
    expect(text.trimEnd()).toBe(typeof value === 'string' ? value.trimEnd() : JSON.stringify(value))
  })

  test('has a section with a command for every example', async () => {
    for (const name of await exampleNames()) {
      if (name === 'translation_round') continue
      expect(page).toMatch(new RegExp(`\\n## ${name}\\n`))
      expect(page).toContain(`| [${name}](#${name}) |`)
      expect(page).toMatch(new RegExp(`replicate-agent (workflows )?run ${name} `))
    }
    expect(shown.length).toBeGreaterThanOrEqual(6)
  })
})

describe('product_photo', () => {
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
  test('asks no model again after the approval, and answers each of the reviews in inputs/', async () => {
    const waiting = await run('review_triage', { reviews: JSON.parse(await input('reviews.json')) })
    expect(waiting).toMatchObject({ status: 'waiting', waiting_for: 'approval' })
    const before = await asked()
    const result = await call(approveRun, { run: waiting.run_id, inputs: { postscript: 'We are sorry.' } })
    expect(result).toMatchObject({ status: 'succeeded', resumed: true })
    expect(await asked()).toEqual(before)
    expect(result.outputs).toMatchObject({
      urgent: ['r-102', 'r-106'],
      replies: Array.from({ length: 8 }, (_, at) => ({ id: `r-${101 + at}` })),
    })
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
    expect(of('astronaut.png')?.caption).toContain('with some orange')
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
  test('asks three models a round, and no more rounds than four', async () => {
    const text = await input('gettysburg-address.txt')
    const result = await run('translate_checked', { text, to: 'French' })
    expect(result).toMatchObject({ status: 'succeeded', outputs: { accepted: false } })
    expect(result.outputs['translation']).toMatch(/une nouveau nation/)
    expect(await asked()).toHaveLength(12)
  })

  test.each(['German', 'French', 'Spanish'])('makes the fable in inputs/ better round by round (%s)', async (to) => {
    const text = (await input('north-wind.txt')).split('\n\n')[0] as string
    const above = await run('translate_checked', { text, to })
    const store = await app.store()
    const rounds = (await store.listRuns({ parent_run_id: above.run_id })).toSorted(
      (a, b) => a.created_at - b.created_at,
    )
    const scores: number[] = []
    for (const { run_id } of rounds) {
      const { outputs } = await call(showRun, { run: run_id })
      scores.push(Number(outputs['score']))
    }
    expect(scores.length).toBeGreaterThan(2)
    expect(scores).toEqual(scores.toSorted((a, b) => a - b))
    expect(scores.at(-1)).toBeGreaterThan(scores[0] as number)
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

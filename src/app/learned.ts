/**
 * What calls of each model took and cost lately, for estimates only: a small file beside the store, so that a plan
 * needs no database. Losing it, or an update of it to another process, costs nothing but accuracy.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { RunNews } from '../domain/events.ts'
import { replayFolder, type World } from './app.ts'

const entryShape = z.object({ calls: z.number(), ms: z.number(), usd: z.number().nullable() })
const learnedShape = z.record(z.string(), entryShape)
export type Learned = z.infer<typeof learnedShape>

/** Later calls count this much at least: prices and machines change. */
const leastWeight = 0.1

export async function readLearned(home: string, world: World): Promise<Learned> {
  try {
    return learnedShape.parse(JSON.parse(await readFile(fileOf(home, world), 'utf8')))
  } catch {
    return {}
  }
}

/** `model` with or without its version. */
export function learnedOf(learned: Learned, model: string): Learned[string] | undefined {
  const name = nameOf(model)
  return Object.hasOwn(learned, name) ? learned[name] : undefined
}

export interface Learner {
  listen(news: RunNews): void
  /** Writes down what was learned, if anything. */
  save(home: string): Promise<void>
}

/** A replay teaches nothing: its models answered before. */
export function createLearner(world: World, pid: number): Learner {
  const models = new Map<string, string>()
  const seen: { model: string; ms: number; usd: number | null }[] = []
  return {
    listen({ run_id, event }) {
      if (replayFolder(world) !== undefined) return
      if (event.type === 'call.intended')
        models.set(`${run_id} ${event.step} ${event.index ?? ''} ${event.call}`, event.model)
      if (event.type !== 'call.settled') return
      const key = `${run_id} ${event.step} ${event.index ?? ''} ${event.call}`
      const model = models.get(key)
      models.delete(key)
      if (model !== undefined && event.status === 'succeeded')
        seen.push({ model: nameOf(model), ms: event.latency_ms, usd: event.cost_usd })
    },
    async save(home) {
      if (seen.length === 0) return
      const learned = await readLearned(home, world)
      for (const { model, ms, usd } of seen.splice(0)) learned[model] = updated(learned[model], ms, usd)
      const file = fileOf(home, world)
      try {
        await mkdir(home, { recursive: true, mode: 0o700 })
        await writeFile(`${file}.${pid}`, JSON.stringify(learned))
        await rename(`${file}.${pid}`, file)
      } catch {
        // a full or read-only disk: estimates stay as they were
      }
    },
  }
}

function updated(before: Learned[string] | undefined, ms: number, usd: number | null): Learned[string] {
  if (!before) return { calls: 1, ms, usd }
  const weight = Math.max(leastWeight, 1 / (before.calls + 1))
  const mean = (old: number, now: number) => old + (now - old) * weight
  return {
    calls: before.calls + 1,
    ms: mean(before.ms, ms),
    usd: usd === null || before.usd === null ? usd : mean(before.usd, usd),
  }
}

function nameOf(model: string): string {
  return model.split(':')[0] as string
}

function fileOf(home: string, world: World): string {
  return join(home, `learned-${replayFolder(world) === undefined ? world : 'real'}.json`)
}

/**
 * What was read of models, kept in the state folder for all processes: a file a model, so that little is read and none
 * has to wait for another. Losing one costs a request.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ModelInfo } from '../../targets/target.ts'
import { defined } from '../../std/defined.ts'
import { replayFolder, type World } from '../app.ts'

const mostModels = 500
/** Characters: what takes more is not kept. */
const largest = 500_000

const jsonObject = z.record(z.string(), z.json())
const knownShape = z.object({
  v: z.literal(1),
  /** Epoch milliseconds. */
  read_at: z.number(),
  info: z.object({
    name: z.string(),
    description: z.string().optional(),
    version: z.string().optional(),
    input_schema: jsonObject.optional(),
    output_schema: jsonObject.optional(),
    run_count: z.number().optional(),
    url: z.string().optional(),
    official: z.boolean().optional(),
  }),
})

export interface KnownModel {
  read_at: number
  info: ModelInfo
}

/** What is kept of a model; undefined: nothing that can be used. */
export async function readKnownModel(home: string, world: World, model: string): Promise<KnownModel | undefined> {
  const file = fileOf(home, world, model)
  if (file === undefined) return undefined
  try {
    const { read_at, info } = knownShape.parse(JSON.parse(await readFile(file, 'utf8')))
    return { read_at, info: defined(info) }
  } catch {
    return undefined
  }
}

/** Others see what was there before, or this. A disk that can't be written to is nobody's trouble here. */
export async function keepKnownModel(home: string, world: World, model: string, known: KnownModel): Promise<void> {
  const file = fileOf(home, world, model)
  const text = JSON.stringify({ v: 1, ...known })
  if (file === undefined || text.length > largest) return
  const beside = `${file}.${randomUUID().slice(0, 8)}`
  try {
    await mkdir(folderOf(home, world), { recursive: true, mode: 0o700 })
    await writeFile(beside, text, { flag: 'wx', mode: 0o600 })
    await rename(beside, file)
    await forgetOldest(folderOf(home, world))
  } catch {
    await rm(beside, { force: true }).catch(() => {})
  }
}

async function forgetOldest(folder: string): Promise<void> {
  const names = await readdir(folder)
  if (names.length <= mostModels) return
  const times = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  )
  // A tenth at once: not every new model is to cost a look at all of them.
  const oldest = times.toSorted((a, b) => a.time - b.time).slice(0, names.length - mostModels * 0.9)
  for (const { name } of oldest) await rm(join(folder, name), { force: true })
}

function folderOf(home: string, world: World): string {
  return join(home, 'models', world)
}

/** A recording answers by itself; a name with a `+` in it is none. */
function fileOf(home: string, world: World, model: string): string | undefined {
  if (replayFolder(world) !== undefined || !/^[\w.-]+\/[\w.-]+(:[\w.-]+)?$/.test(model)) return undefined
  return join(folderOf(home, world), `${model.replace('/', '+').replace(':', '+')}.json`)
}

/** Files by which statistics go from one home folder to another: what writers counted, and nothing of this one's own. */
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { decodeSource, readSource } from '../../documents/source-text.ts'
import { NonRetryableError, StoreError } from '../../domain/errors.ts'
import { agentsOf, armsOf, known } from '../../executor/routing/known.ts'
import { emptyState, readState, type StateFile, stateText } from '../../executor/routing/state-shape.ts'
import type { JsonObject } from '../../std/json.ts'
import { unwritableFile } from '../unwritable-file.ts'

const mostBytes = 50_000_000

export const tallyShape = z.object({
  writers: z.number().describe('home folders that the statistics come from'),
  agents: z.number(),
  models: z.number().describe('models of agents, versions counted apart'),
  calls: z.number(),
})

/** Throws NonRetryableError: there is no such file, it can't be read, or it is no file of router statistics. */
export async function readExchange(file: string): Promise<StateFile> {
  try {
    const decoded = decodeSource(await readSource(file, mostBytes, 'file of router statistics'))
    if (!decoded.ok) throw invalid(`${file} is no file of router statistics: it is not UTF-8`)
    return readState(decoded.text, file)
  } catch (error) {
    if (error instanceof StoreError) throw invalid(error.message, error.hint)
    if (!(error instanceof NonRetryableError) || error.code !== 'file_too_large') throw error
    throw new NonRetryableError('file_too_large', error.message, { hint: 'is it the right one?' })
  }
}

function invalid(message: string, hint = 'give a file that `router export` wrote'): NonRetryableError {
  return new NonRetryableError('invalid_input', message, { hint })
}

/** Without what depends on the order of observations here, and without what names this home's runs. */
export function exchangeOf({ id, writers }: Pick<StateFile, 'id' | 'writers'>): StateFile {
  return { ...emptyState(id), writers }
}

function exchangeText(state: StateFile): string {
  const { schema_version, id, writers } = state
  return stateText({ schema_version, id, writers })
}

/** The text of a file, for statistics that an action answered with. */
export function exchangeTextOf(statistics: JsonObject): string {
  return exchangeText(statistics as unknown as StateFile)
}

export function asJson(state: StateFile): JsonObject {
  return JSON.parse(exchangeText(state)) as JsonObject
}

export function tally(state: StateFile): z.output<typeof tallyShape> {
  const arms = agentsOf(state).flatMap((agent) =>
    armsOf(state, agent).map((arm) => known(state, agent, arm).sums.calls),
  )
  return {
    writers: Object.keys(state.writers).length,
    agents: agentsOf(state).filter((agent) => armsOf(state, agent).length > 0).length,
    models: arms.length,
    calls: arms.reduce((sum, calls) => sum + calls, 0),
  }
}

/** Gives its size. What appears under the name is whole. Throws StoreError when the disk is full. */
export async function writeExchange(file: string, state: StateFile): Promise<number> {
  const beside = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.part`)
  const bytes = Buffer.from(exchangeText(state))
  try {
    const handle = await open(beside, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
    return bytes.length
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    throw unwritableFile(file, error)
  }
}

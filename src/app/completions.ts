/** What can be typed for a name, found without loading more than that takes: a Tab should not be waited for. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject, type Json } from '../std/json.ts'
import { nearestFolder, readCards } from '../workflow/loading/workflow-folder.ts'
import { readSource } from '../workflow/loading/source-text.ts'
import { readYaml } from '../workflow/loading/yaml.ts'
import type { App } from './app.ts'
import { findRun } from './find-run.ts'

export const dynamicKinds = ['workflow', 'run', 'step', 'agent'] as const
export type DynamicKind = (typeof dynamicKinds)[number]

export interface Candidate {
  value: string
  /** A few words. */
  description: string
}

type CompletionApp = Pick<App, 'cwd' | 'home' | 'storeUrl' | 'store'>

/** `words`: what was typed so far; a run among them is the one whose steps are meant. */
export function completions(app: CompletionApp, kind: DynamicKind, words: readonly string[]): Promise<Candidate[]> {
  switch (kind) {
    case 'workflow':
      return workflows(app.cwd)
    case 'run':
      return runs(app)
    case 'step':
      return steps(app, words)
    case 'agent':
      return agents(app.cwd)
  }
}

async function workflows(cwd: string): Promise<Candidate[]> {
  const folder = await nearestFolder(cwd)
  const cards = folder === undefined ? [] : await readCards(folder)
  return cards.map(({ name, stem, description = '' }) => ({ value: name ?? stem, description }))
}

/** More are no help to choose from. */
const mostRuns = 50

async function runs(app: CompletionApp): Promise<Candidate[]> {
  if (!(await hasStore(app))) return []
  const records = await (await app.store()).listRuns({ limit: mostRuns })
  const latest = records.length > 0 ? [{ value: 'last', description: 'the latest' }] : []
  const listed = records.map(({ run_id, workflow, status, waiting_for }) => ({
    value: run_id,
    description: `${waiting_for === 'resume' ? 'paused' : status} ${workflow}`,
  }))
  return [...latest, ...listed]
}

async function steps(app: CompletionApp, words: readonly string[]): Promise<Candidate[]> {
  if (!(await hasStore(app))) return []
  const store = await app.store()
  for (const word of [...words, 'last']) {
    const record = await findRun(store, word).catch(() => undefined)
    const definition = record && (await store.getDefinition(record.definition_hash))
    if (definition === undefined) continue
    const { steps: main, finally: last } = JSON.parse(definition) as Record<'steps' | 'finally', Record<string, object>>
    return [...Object.keys(main), ...Object.keys(last)].map((value) => ({ value, description: '' }))
  }
  return []
}

/** A Tab makes no store. */
async function hasStore({ home, storeUrl }: CompletionApp): Promise<boolean> {
  if (storeUrl !== undefined) return true
  return (await stat(join(home, 'store.db')).catch(() => undefined)) !== undefined
}

async function agents(cwd: string): Promise<Candidate[]> {
  const folder = await nearestFolder(cwd)
  if (folder === undefined) return []
  const found = new Map<string, string>()
  for (const name of (await readdir(folder)).filter((file) => /\.ya?ml$/i.test(file)).sort()) {
    const bytes = await readSource(join(folder, name)).catch(() => undefined)
    if (!bytes) continue
    const { data } = readYaml(new TextDecoder().decode(bytes), name)
    const own = isObject(data) && isObject(data['agents']) ? Object.keys(data['agents']) : []
    for (const agent of own) found.set(agent, `agent of ${name}`)
    for (const model of modelsIn(data)) if (!found.has(model)) found.set(model, 'model')
  }
  return [...found].map(([value, description]) => ({ value, description }))
}

/** Whatever stands under `model:` and `models:`. */
function modelsIn(data: Json): string[] {
  if (Array.isArray(data)) return data.flatMap(modelsIn)
  if (!isObject(data)) return []
  return Object.entries(data).flatMap(([key, value]) => {
    if (key !== 'model' && key !== 'models') return modelsIn(value)
    return [value]
      .flat()
      .filter((model): model is string => typeof model === 'string' && /^[\w.-]+\/[\w.-]+$/.test(model))
  })
}

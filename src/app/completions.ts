/** What can be typed for a name, found without loading more than that takes: a Tab should not be waited for. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { discover, namedFile } from '../config/discover.ts'
import { isTestFile, nearestFolder } from '../workflow/loading/workflow-folder.ts'
import type { App } from './app.ts'
import { findRun } from './find-run.ts'

export const dynamicKinds = ['workflow', 'run', 'step', 'agent'] as const
export type DynamicKind = (typeof dynamicKinds)[number]

export interface Candidate {
  value: string
  /** A few words. */
  description: string
}

type CompletionApp = Pick<App, 'cwd' | 'env' | 'home' | 'storeUrl' | 'store'>

/**
 * `words`: what was typed so far; a run among them is the one whose steps are meant. `config`: the configuration that
 * is named there; false: none.
 */
export function completions(
  app: CompletionApp,
  kind: DynamicKind,
  words: readonly string[],
  config?: string | false,
): Promise<Candidate[]> {
  switch (kind) {
    case 'workflow':
      return workflows(app.cwd)
    case 'run':
      return runs(app)
    case 'step':
      return steps(app, words)
    case 'agent':
      return agents(app, config)
  }
}

async function workflows(cwd: string): Promise<Candidate[]> {
  return (await sources(cwd)).map(({ file, text }) => ({
    value: field(text, 'name') ?? basename(file, extname(file)),
    description: field(text, 'description') ?? '',
  }))
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

async function agents({ cwd, env }: CompletionApp, config: string | false | undefined): Promise<Candidate[]> {
  const found = new Map<string, string>()
  const configured = config === false ? [] : (await discover(cwd, env, namedFile(config, env))).files
  const texts = await Promise.all(configured.map(async ({ file }) => textOf(file, basename(file))))
  for (const { file, text } of [...texts, ...(await sources(cwd))]) {
    for (const agent of agentsIn(text)) found.set(agent, `agent of ${file}`)
    for (const [, model] of text.matchAll(/\bmodel:\s*["']?([\w.-]+\/[\w.-]+)/g))
      if (model !== undefined && !found.has(model)) found.set(model, 'model')
  }
  return [...found].map(([value, description]) => ({ value, description }))
}

// ── files as people write them; reading them as YAML would take most of the time ──

const mostBytes = 1_000_000

/** The workflow files of the nearest folder. */
async function sources(cwd: string): Promise<{ file: string; text: string }[]> {
  const folder = await nearestFolder(cwd)
  const names = folder === undefined ? [] : await readdir(folder)
  const files = names.filter((name) => /\.ya?ml$/i.test(name) && !isTestFile(name)).sort()
  return Promise.all(files.map((file) => textOf(join(folder as string, file), file)))
}

/** Nothing, of what is no small file. */
async function textOf(path: string, file: string): Promise<{ file: string; text: string }> {
  const found = await stat(path)
  return { file, text: found.isFile() && found.size <= mostBytes ? await readFile(path, 'utf8') : '' }
}

/** The text of a field at the beginning of a line. */
function field(text: string, name: string): string | undefined {
  const written = new RegExp(`^${name}:[ \\t]+(.*)$`, 'm').exec(text)?.[1]?.trim()
  return written && !/^[|>&*]/.test(written) ? written.replace(/^(["'])(.*)\1.*$/, '$2') : undefined
}

/** The keys under `agents:`. */
function agentsIn(text: string): string[] {
  const lines = /^agents:[ \t]*\n((?:[ \t]+.*\n|[ \t]*(?:#.*)?\n)*)/m.exec(text)?.[1] ?? ''
  const indent = /^[ \t]+(?=[^\s#])/m.exec(lines)?.[0] ?? ''
  return [...lines.matchAll(new RegExp(`^${indent}([\\w.-]+):`, 'gm'))].map(([, name]) => name as string)
}

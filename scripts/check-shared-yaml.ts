/**
 * Loads gathered hostile and odd YAML files, when the folder with them is there: each as it is, and once more with its
 * list of steps written as our mapping, so that what the file is about is reached. Every file must end quickly, without
 * a crash and without touching `Object.prototype`, and be refused or accepted as its index says or as decided below.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { LoadOutcome } from '../src/workflow/load.ts'
import { loadWorkflowText } from '../src/workflow/load.ts'
import { decodeSource } from '../src/documents/source-text.ts'
import { readYaml } from '../src/documents/yaml.ts'
import { isObject, type Json } from '../src/std/json.ts'

const root = resolve(import.meta.dirname, '..', process.env['REPLICATE_AGENT_SHARED'] ?? '../shared')
const folder = join(root, 'data', 'language', 'yaml')
const slowest = 1_000

type Verdict = 'refuse' | 'survive'

/** Where this language decided otherwise than the index, once steps are a mapping. */
const decisions: Record<string, { verdict: Verdict; reason: string }> = {
  'merge_key_bomb.yaml': { verdict: 'refuse', reason: 'merge keys (`<<`) are refused' },
  'proto_quoted_input.yaml': { verdict: 'refuse', reason: 'keys called __proto__, constructor, prototype are refused' },
  'id_norway.yaml': { verdict: 'refuse', reason: 'ids are lower-case' },
  'id_sexagesimal.yaml': { verdict: 'refuse', reason: 'ids hold no colons' },
  'id_windows_reserved.yaml': { verdict: 'refuse', reason: 'ids hold no colons, dots or blanks' },
  'id_unicode_nfc_nfd.yaml': { verdict: 'refuse', reason: 'ids are ASCII, so that no two look the same' },
  'mixed_eol.yaml': { verdict: 'refuse', reason: 'a lone carriage return ends no line' },
  'steps_not_list.yaml': { verdict: 'survive', reason: 'a mapping is how steps are written' },
  'dag_ref_without_needs.yaml': { verdict: 'survive', reason: 'a reference implies the need' },
}

let unexpected = 0

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function complain(file: string, what: string): void {
  unexpected += 1
  print(`unexpected: ${file} ${what}`)
}

const prototypeKeys = Reflect.ownKeys(Object.prototype).length

async function load(source: string | Uint8Array, file: string): Promise<LoadOutcome | undefined> {
  const start = performance.now()
  try {
    return await loadWorkflowText(source, file)
  } catch (error) {
    complain(file, `throws ${String(error)}`)
    return undefined
  } finally {
    const milliseconds = performance.now() - start
    if (milliseconds > slowest) complain(file, `takes ${Math.round(milliseconds)} ms`)
    if (Reflect.ownKeys(Object.prototype).length !== prototypeKeys) complain(file, 'changes Object.prototype')
  }
}

/** The same workflow in our words, or undefined when the file is no YAML, or has no list of steps. */
function translated(bytes: Uint8Array, file: string): string | undefined {
  const decoded = decodeSource(bytes)
  if (!decoded.ok) return undefined
  const { data, problems } = readYaml(decoded.text, file)
  if (problems.length > 0 || !isObject(data)) return undefined
  const { steps, name, ...rest } = data
  if (!Array.isArray(steps)) return undefined
  const lines = name === undefined ? [] : [`name: ${JSON.stringify(name)}`]
  for (const [key, value] of Object.entries(rest)) lines.push(`${JSON.stringify(key)}: ${JSON.stringify(value)}`)
  lines.push('agents: {x: {function: x}, y: {function: y}}', steps.length === 0 ? 'steps: {}' : 'steps:')
  for (const step of steps) lines.push(stepLine(step))
  return `${lines.join(decoded.text.includes('\r\n') ? '\r\n' : '\n')}\n`
}

function stepLine(step: Json): string {
  if (!isObject(step)) return `  ${JSON.stringify(String(step))}: ${JSON.stringify(step)}`
  const { id = null, input, retries, ...fields } = step
  const inner: Record<string, unknown> = { ...fields }
  if (input !== undefined) inner['input'] = { text: input }
  if (retries !== undefined) inner['retry'] = { attempts: retries }
  const text = JSON.stringify(inner).replaceAll('{{', () => '${{')
  return `  ${typeof id === 'string' ? JSON.stringify(id) : String(id)}: ${text.replaceAll('$${{', () => '${{')}`
}

function verdictOf(outcome: LoadOutcome): Verdict {
  return outcome.ok ? 'survive' : 'refuse'
}

function check(file: string, expected: Verdict, outcome: LoadOutcome): void {
  if (verdictOf(outcome) !== expected) {
    complain(
      file,
      outcome.ok ? 'is accepted' : `is refused: ${outcome.problems.map((problem) => problem.message).join('; ')}`,
    )
  }
  for (const problem of outcome.ok ? [] : outcome.problems) {
    if (problem.line < 1 || problem.column < 1 || problem.message === '')
      complain(file, `has a problem without a place: ${problem.code}`)
  }
}

async function run(): Promise<void> {
  const [header = '', ...rows] = readFileSync(join(folder, 'INDEX.tsv'), 'utf8').trimEnd().split('\n')
  const columns = header.split('\t')
  const counts = { asIs: 0, translated: 0, decided: 0 }
  for (const row of rows) {
    const cells = row.split('\t')
    const file = cells[columns.indexOf('file')] as string
    const expected = cells[columns.indexOf('expect')] as Verdict
    const bytes = readFileSync(join(folder, file))
    const decision = decisions[file]
    // As it is, nothing but a mapping of steps with known agents can be accepted.
    const outcome = await load(bytes, file)
    if (outcome) check(file, 'refuse', outcome)
    counts.asIs += 1
    const text =
      translated(bytes, file) ??
      (file === 'steps_not_list.yaml' ? 'agents: {x: {function: x}}\nsteps: {a: {agent: x}}\n' : undefined)
    if (decision) {
      counts.decided += 1
      print(
        `decided otherwise: ${file} ${decision.verdict === 'refuse' ? 'is refused' : 'is accepted'}: ${decision.reason}`,
      )
    }
    if (text === undefined) {
      if ((decision?.verdict ?? expected) === 'survive') complain(file, 'could not be translated')
      continue
    }
    counts.translated += 1
    const second = await load(text, file)
    if (second) check(`${file} (translated)`, decision?.verdict ?? expected, second)
  }
  print(
    `${counts.asIs} files as they are, ${counts.translated} translated, ${counts.decided} decided otherwise, ${unexpected} unexpected`,
  )
}

if (existsSync(folder)) {
  await run()
  process.exitCode = unexpected === 0 ? 0 : 1
} else {
  print(`there is no ${folder}: nothing to check`)
}

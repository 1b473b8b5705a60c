/** Loads a test file and the workflow that it is about: every problem of both at once, with its place. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Problem } from '../../domain/problem.ts'
import { ReplicateAgentError } from '../../domain/errors.ts'
import { isObject, type Json } from '../../std/json.ts'
import { findWorkflow } from '../../workflow/find.ts'
import { type LoadedWorkflow, type LoadOutcome, loadWorkflow } from '../../workflow/load.ts'
import { type DocumentKind, readDocument } from '../../documents/document.ts'
import { besideFile, type Loading, startLoading } from '../../documents/loading.ts'
import { readSource } from '../../documents/source-text.ts'
import { textOf as textIn } from '../../documents/text-file.ts'
import { isPath } from '../../workflow/loading/workflow-folder.ts'
import { readYaml } from '../../documents/yaml.ts'
import type { App } from '../app.ts'
import { checkCase } from './check-case.ts'
import { filesReadBy } from './files-read.ts'
import { stemOfTestFile } from './find.ts'
import { mergedCase, type TestCase } from './merged-case.ts'
import { type TestFileSpec, testFileSpec } from './spec.ts'

export interface TestFile {
  /** Absolute. */
  file: string
  workflow: LoadedWorkflow
  cases: TestCase[]
}

/** `reads`: files whose change may change the outcome or the results, absolute. */
export type TestFileOutcome = { reads: string[] } & (
  | { ok: true; testFile: TestFile }
  | { ok: false; problems: Problem[] }
)

/** What test files are loaded with. */
export interface Loader {
  /** Loads each workflow once, however many test files are about it. */
  workflow(file: string): Promise<LoadOutcome>
  scenarioProblems: App['scenarioProblems']
}

export function createLoader(app: Pick<App, 'scenarioProblems' | 'agents'>): Loader {
  const loaded = new Map<string, Promise<LoadOutcome>>()
  return {
    scenarioProblems: (wishes) => app.scenarioProblems(wishes),
    workflow(file) {
      const known = loaded.get(file) ?? loadWorkflow(file, app.agents())
      loaded.set(file, known)
      return known
    },
  }
}

/** Stands in for a case that is none at all. */
const unreadable = { name: '', skip: true }

const testDocument: DocumentKind<TestFileSpec> = {
  schema: testFileSpec,
  what: 'a test file',
  mend(data) {
    if (!isObject(data) || Object.hasOwn(data, 'tests')) return false
    data['tests'] = []
    return true
  },
  // One case that is wrong does not hide what is wrong with others.
  standIn: ([first, , ...more], item) => {
    if (first !== 'tests' || more.length > 0) return undefined
    return isObject(item) && !Object.hasOwn(item, 'name') ? { ...item, name: '' } : { ...unreadable }
  },
  hint: (issue) =>
    issue.path.length === 0 ? 'it begins with `tests:`, a list in which each case has a `name:`' : undefined,
}

/** What is wrong with the content is in the outcome; a file that can't be read is a problem of its own there. */
export async function loadTestFile(file: string, loader: Loader): Promise<TestFileOutcome> {
  let text: string
  try {
    text = await textOf(file)
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    return failed(file, [problemOf(file, error)])
  }
  const { data, places, problems } = readYaml(text, file)
  if (problems.length > 0) return failed(file, problems.map(inTestWords))
  const loading = startLoading(file, places, {})
  const { value: spec, problems: faults } = readDocument(testDocument, data, places, loading.suggest)
  loading.problems.push(...faults)
  if (!spec) return failed(file, loading.problems)
  const workflow = await workflowOf(file, spec, data, loading, loader)
  const cases = spec.tests.map((one, index) => mergedCase(one, spec.defaults ?? {}, index, places))
  checkNames(cases, faults, loading)
  for (const one of cases) {
    if (workflow && !isUnreadable(one)) checkCase(one, workflow, loading)
    await checkScenario(one, loading, loader)
  }
  if (!workflow || loading.problems.length > 0) return failed(file, inOrder(loading.problems), workflow, cases)
  return { ok: true, testFile: { file, workflow, cases }, reads: await filesReadBy(file, workflow, cases) }
}

async function failed(
  file: string,
  problems: Problem[],
  workflow?: LoadedWorkflow,
  cases: readonly TestCase[] = [],
): Promise<TestFileOutcome> {
  const beside = join(dirname(file), `${stemOfTestFile(file)}.yaml`)
  const reads = workflow ? await filesReadBy(file, workflow, cases) : [file, beside]
  // What is wrong in another file is repaired there.
  return { ok: false, problems, reads: [...new Set([...reads, ...problems.map((problem) => resolve(problem.file))])] }
}

async function textOf(file: string): Promise<string> {
  const bytes = await readSource(file)
  const problem = textIn(bytes, file)
  if (typeof problem === 'string') return problem
  throw new ReplicateAgentError('invalid_test', problem.message, {
    hint: 'save it as UTF-8',
    details: { line: problem.line, column: problem.column },
  })
}

function problemOf(file: string, { message, hint, details, code }: ReplicateAgentError): Problem {
  const { line = 1, column = 1 } = (details ?? {}) as { line?: number; column?: number }
  return { file, line, column, code, severity: 'error', message, ...(hint !== undefined && { hint }) }
}

function inTestWords(problem: Problem): Problem {
  if (problem.code !== 'empty_file') return problem
  return { ...problem, hint: 'a test file begins with `tests:`, a list in which each case has a `name:`' }
}

/** The workflow, or undefined with problems: of the file that is named, or of what is in it. */
async function workflowOf(
  file: string,
  spec: TestFileSpec,
  data: Json,
  loading: Loading,
  loader: Loader,
): Promise<LoadedWorkflow | undefined> {
  const found = await fileOfWorkflow(file, spec.workflow, data, loading)
  if (found === undefined) return undefined
  try {
    const outcome = await loader.workflow(found)
    if (outcome.ok) return outcome.workflow
    loading.problems.push(...outcome.problems)
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    loading.report(['workflow'], { code: error.code, message: error.message, hint: error.hint })
  }
  return undefined
}

async function fileOfWorkflow(
  file: string,
  written: string | undefined,
  data: Json,
  loading: Loading,
): Promise<string | undefined> {
  // One of the wrong type has been complained of.
  if (written === undefined && isObject(data) && Object.hasOwn(data, 'workflow')) return undefined
  if (written === undefined) return besideTests(file, loading)
  try {
    return await findWorkflow(isPath(written) ? besideFile(file, written) : written, dirname(file))
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    loading.report(['workflow'], { code: 'unknown_workflow', message: error.message, hint: error.hint })
    return undefined
  }
}

/** `photo.test.yaml`, and `photo.faults.test.yaml`, test the `photo.yaml` beside them. */
async function besideTests(file: string, loading: Loading): Promise<string | undefined> {
  const stem = stemOfTestFile(file)
  const [first = stem] = stem.split('.')
  for (const name of [`${stem}.yaml`, `${stem}.yml`, `${first}.yaml`, `${first}.yml`]) {
    const candidate = join(dirname(file), name)
    if ((await stat(candidate).catch(() => undefined))?.isFile()) return candidate
  }
  const message = `there is no workflow ${first}.yaml beside ${basename(file)}`
  loading.report([], { code: 'unknown_workflow', message, hint: 'say which one with `workflow: NAME` at the top' })
  return undefined
}

function checkNames(cases: readonly TestCase[], faults: readonly Problem[], loading: Loading): void {
  // A file whose cases could not be read at all has been complained of.
  if (cases.length === 0 && faults.length === 0)
    loading.report(['tests'], { code: 'no_tests', message: '`tests` has no case', at: 'key' })
  const seen = new Set<string>()
  for (const { name, path } of cases) {
    const place = [...path, 'name']
    if (!loading.places.has(place)) continue
    if (name.trim() === '') loading.report(place, { code: 'bad_name', message: 'a case needs a name' })
    else if (seen.has(name))
      loading.report(place, {
        code: 'duplicate_name',
        message: `two cases are called "${name}"`,
        hint: 'name one anew',
      })
    seen.add(name)
  }
}

function isUnreadable({ name, skip }: TestCase): boolean {
  return name === unreadable.name && skip !== undefined
}

async function checkScenario(one: TestCase, loading: Loading, loader: Loader): Promise<void> {
  const { latency, faults } = one
  for (const { path, ...problem } of await loader.scenarioProblems({ latency, faults }))
    loading.report(one.pathOf(path), problem)
}

/** Of defaults that are wrong, every case complains: once is enough. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const once = new Map(problems.map((each) => [`${each.file} ${each.line} ${each.column} ${each.message}`, each]))
  return [...once.values()].sort(
    (a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)) || a.line - b.line || a.column - b.column,
  )
}

/** The result of a run as outputs of a GitHub Actions step, in the form of the file `$GITHUB_OUTPUT`. */
import type { RunResult } from '../../../domain/run.ts'
import type { Json } from '../../../std/json.ts'

/** GitHub refuses longer ones. */
const mostCharacters = 1_000_000

export interface StepOutputs {
  text: string
  /** Names of outputs that are not among them. */
  leftOut: string[]
}

/**
 * `run_id`, `status`, `cost_usd` (empty when a price is unknown), `outputs` (all of them as JSON), and each output of
 * the workflow by its name; strings as they are, everything else as JSON. An output with one of these names is only in
 * `outputs`. `delimiter` is a text that nobody can guess: a value can't end its own block.
 */
export function stepOutputs(run: RunResult, delimiter: string): StepOutputs {
  const own = { run_id: run.run_id, status: run.status, cost_usd: run.cost_usd ?? '', outputs: run.outputs }
  const given = Object.entries(run.outputs).filter(([name]) => !Object.hasOwn(own, name))
  const leftOut: string[] = []
  const blocks = [...Object.entries<Json>(own), ...given].map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    // Names come from YAML keys, and may hold anything.
    if (text.length <= mostCharacters && /^[\w.-]+$/.test(name)) return `${name}<<${delimiter}\n${text}\n${delimiter}\n`
    leftOut.push(name)
    return ''
  })
  return { text: blocks.join(''), leftOut }
}

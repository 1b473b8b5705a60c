/**
 * Starts or resumes the run `run` in a process that may be killed:
 *   node victim.ts HOME BASE_URL WORKFLOW [COMMIT before|after]
 * With COMMIT it kills itself at its n-th commit, before it or right after it became durable. It tells its parent
 * of each commit, and prints the run's result.
 */
import { writeSync } from 'node:fs'
import { createApp } from '../../src/app/create-app.ts'
import { resumeRun, startRun } from '../../src/workflow/engine.ts'
import { loadWorkflow } from '../../src/workflow/load.ts'

const [home, baseUrl, file, commit, when] = process.argv.slice(2) as [string, string, string, string?, string?]
const runId = 'run'
const app = await createApp({ config: false, env: {}, cwd: home, home, token: 'chaos', baseUrl })
const parts = await app.engine('real')
const { store } = parts

let commits = 0
/** Everything that makes something durable that a run depends on. */
for (const name of ['createRun', 'append', 'claimPrediction'] as const) {
  const write = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>
  const counted = async (...args: unknown[]) => {
    commits += 1
    process.send?.(commits)
    const dies = commits === Number(commit)
    if (dies && when === 'before') process.kill(process.pid, 'SIGKILL')
    const done = await write(...args)
    if (dies) process.kill(process.pid, 'SIGKILL')
    return done
  }
  Object.assign(store, { [name]: counted })
}

const known = await store.getRun(runId)
const loaded = await loadWorkflow(file)
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
const driving = known ? await resumeRun(parts, runId) : await startRun(parts, loaded.workflow, { runId, inputs: {} })
const result = await driving.done
await app.close()
writeSync(1, JSON.stringify(result))

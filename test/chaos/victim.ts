/**
 * Starts or resumes one run in a process that may be killed:
 *   node victim.ts HOME BASE_URL RUN_ID POINT [COMMIT before|after]
 * With COMMIT it kills itself at its n-th commit, before it or right after it became durable.
 */
import { createApp } from '../../src/app/create-app.ts'
import { resumeRun, startRun } from '../../src/workflow/engine.ts'
import { loadWorkflow } from '../../src/workflow/load.ts'

const [home, baseUrl, runId, point, commit, when] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
  string?,
]
const app = createApp({ env: {}, cwd: home, home, token: 'chaos', baseUrl })
const parts = await app.engine('real')
const { store } = parts

if (commit !== undefined) {
  const append = store.append.bind(store)
  let commits = 0
  store.append = async (...args) => {
    commits += 1
    const dies = commits === Number(commit)
    if (dies && when === 'before') process.kill(process.pid, 'SIGKILL')
    await append(...args)
    if (dies) process.kill(process.pid, 'SIGKILL')
  }
}

const known = await store.getRun(runId)
const loaded = await loadWorkflow(new URL('workflow.yaml', import.meta.url).pathname)
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
const driving = known
  ? await resumeRun(parts, runId)
  : await startRun(parts, loaded.workflow, { runId, inputs: { point: Number(point) } })
const result = await driving.done
process.stdout.write(JSON.stringify(result))
await app.close()

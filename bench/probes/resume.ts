/**
 * `resume.ts HOME begin`: starts a run of many steps and is killed in the middle of it.
 * `resume.ts HOME resume`: goes on with it, and prints how long new work took to begin.
 */
import { startRun, resumeRun } from '../../src/workflow/engine.ts'
import { openEngine } from '../contenders/engine-parts.ts'
import { mixedWorkflow, resumedSteps } from '../workloads.ts'

const runId = 'half-done'

const [home, what] = process.argv.slice(2) as [string, string]
if (what === 'begin') await beginAndDie()
else await goOn()

async function beginAndDie(): Promise<void> {
  let settled = 0
  const engine = await openEngine(home, ({ event }) => {
    if (event.type !== 'step.settled') return
    settled += 1
    if (settled === resumedSteps / 2) process.kill(process.pid, 'SIGKILL')
  })
  const workflow = await engine.load(mixedWorkflow(resumedSteps).text)
  await (
    await startRun(engine.parts, workflow, { runId, inputs: {} })
  ).done
}

async function goOn(): Promise<void> {
  const first = Promise.withResolvers<number>()
  const engine = await openEngine(home, ({ event }) => {
    if (event.type === 'step.started') first.resolve(performance.now())
  })
  const called = performance.now()
  const driving = await resumeRun(engine.parts, runId)
  const began = await first.promise
  const result = await driving.done
  if (result.outputs['result'] !== mixedWorkflow(resumedSteps).right) throw new Error('wrong result')
  process.stdout.write(JSON.stringify({ fromCall: began - called }))
  await engine.close()
}

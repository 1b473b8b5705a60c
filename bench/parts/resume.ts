/** How soon a run of many steps that was killed half-way does new work again. */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { homeOf, launcherOf, runNode, spawnNode } from '../command.ts'
import { atMost, type Bench, type Part, spreadText, thousands } from '../figures.ts'
import { spread } from '../statistics.ts'
import { resumedSteps } from '../workloads.ts'

const barMs = 300
const repeats = 5

const probe = fileURLToPath(new URL('../probes/resume.ts', import.meta.url))
const runId = 'half-done'

export async function measureResume({ root, folder, say }: Bench): Promise<Part> {
  say(`resume of ${thousands(resumedSteps)} steps: ${repeats} runs killed twice`)
  const fromCall: number[] = []
  const fromSpawn: number[] = []
  const home = homeOf(folder)
  for (let n = 0; n < repeats; n += 1) {
    beginAndDie(home)
    fromCall.push(
      (JSON.parse((await runNode(folder, [probe, home, 'resume'])).stdout) as { fromCall: number }).fromCall,
    )
    beginAndDie(home)
    fromSpawn.push(await untilNewWork(root, folder))
  }
  const what = `resume of ${thousands(resumedSteps)} steps, half of them done`
  return {
    title: 'Resume',
    figures: [atMost(`${what}: new work begins`, spread(fromCall).median, barMs, 'ms', 0)],
    tables: [
      {
        head: [what, 'ms until new work began'],
        rows: [
          ['from the call of `resumeRun`, in a process that has just started', spreadText(spread(fromCall), 0)],
          ['from the start of `replicate-agent runs resume`', spreadText(spread(fromSpawn), 0)],
        ],
      },
    ],
    notes: [
      'The process that began the run was killed (SIGKILL) when half of the steps were settled. New work has begun when the `step.started` of a step that had not begun before is durable. The bar is of the call: reading the journal, folding and planning on cold code, without loading Node and modules.',
    ],
  }
}

function beginAndDie(home: string): void {
  rmSync(home, { recursive: true, force: true })
  const { signal, stderr } = spawnSync(process.execPath, [probe, home, 'begin'], { encoding: 'utf8' })
  if (signal !== 'SIGKILL') throw new Error(`the run was not killed half-way: ${stderr}`)
}

/** Milliseconds from spawn until the command prints that a step was started. */
async function untilNewWork(root: string, folder: string): Promise<number> {
  const began = performance.now()
  const child = spawnNode(folder, [launcherOf(root), 'runs', 'resume', runId, '--jsonl'])
  let took: number | undefined
  let printed = ''
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    if (took !== undefined) continue
    printed += chunk.toString()
    if (printed.includes('"type":"step.started"')) took = performance.now() - began
  }
  if (took === undefined) throw new Error(`no step was started by the resume: ${printed.slice(-500)}`)
  return took
}

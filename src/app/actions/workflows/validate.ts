/** Everything that is wrong with workflow files. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { ReplicateAgentError } from '../../../domain/errors.ts'
import { type Problem, ProblemsError } from '../../../domain/problem.ts'
import { findWorkflow } from '../../../workflow/find.ts'
import { loadWorkflow } from '../../../workflow/load.ts'
import { isTestFile } from '../../../workflow/loading/workflow-folder.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { problemShape } from '../../problem-shape.ts'

export const validateWorkflows = defineAction({
  noun: 'workflows',
  verb: 'validate',
  summary: 'check workflow files and list everything wrong with them',
  input: z.object({ workflows: z.array(z.string()).min(1).describe('files or names') }),
  output: z.object({ valid: z.boolean(), problems: z.array(problemShape) }),
  async run(app, { workflows }) {
    const problems: Problem[] = []
    for (const workflow of workflows) problems.push(...(await problemsOf(workflow, app)))
    return { valid: problems.every(({ severity }) => severity !== 'error'), problems }
  },
})

/** A file that is not there is a problem like any other, so that the rest is checked, too. */
async function problemsOf(workflow: string, app: App): Promise<Problem[]> {
  try {
    if (isTestFile(workflow)) return await problemsOfTests(resolve(app.cwd, workflow), app)
    const outcome = await loadWorkflow(await findWorkflow(workflow, app.cwd), app.agents())
    if (!outcome.ok) return outcome.problems
    const { warnings } = outcome.workflow
    if (!app.frozen) return warnings
    const { missingPins } = await import('../../pins/check-pins.ts')
    return [...warnings, ...(await missingPins(app, app.world, outcome.workflow))]
  } catch (error) {
    if (error instanceof ProblemsError) return [...error.problems]
    if (!(error instanceof ReplicateAgentError)) throw error
    const { code, message, hint } = error
    return [{ file: workflow, line: 1, column: 1, code, severity: 'error', message, ...(hint !== undefined && { hint }) }]
  }
}

/** `workflows/*.yaml` holds tests, too. */
async function problemsOfTests(file: string, app: App): Promise<Problem[]> {
  const { createLoader, loadTestFile } = await import('../../workflow-tests/load.ts')
  const outcome = await loadTestFile(file, createLoader(app))
  return outcome.ok ? [] : outcome.problems
}

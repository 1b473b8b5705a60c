/** Runs the tests of workflows: each case in a state folder and a sandbox of its own, without a token. */
import { z } from 'zod'
import { type Problem, ProblemsError } from '../../../domain/problem.ts'
import { UsageError } from '../../../domain/errors.ts'
import { findTestFiles } from '../../workflow-tests/find.ts'
import { createLoader, loadTestFile, type TestFile } from '../../workflow-tests/load.ts'
import { testReportShape } from '../../workflow-tests/report.ts'
import { runTests } from '../../workflow-tests/run-tests.ts'
import { defineAction } from '../../action.ts'

export const testWorkflows = defineAction({
  noun: 'workflows',
  verb: 'test',
  summary: 'run the tests of workflows in the sandbox',
  input: z.object({
    files: z.array(z.string()).default([]).describe('test files, workflows or folders; by default all that are here'),
    name: z.string().optional().describe('only cases whose name holds this text'),
    jobs: z.number().int().positive().default(4).describe('cases at once'),
    bail: z.boolean().default(false).describe('begin nothing more after the first failure'),
    keep: z.boolean().default(false).describe('keep the state folder of each case'),
  }),
  output: testReportShape,
  async run(app, { files: written, ...options }, context) {
    const files: TestFile[] = []
    const problems: Problem[] = []
    const loader = createLoader(app)
    for (const file of await findTestFiles(written, app.cwd)) {
      const outcome = await loadTestFile(file, loader)
      if (outcome.ok) files.push(outcome.testFile)
      else problems.push(...outcome.problems)
    }
    // All at once, and before anything is run.
    if (problems.length > 0) throw new ProblemsError('invalid_test', problems)
    const { name } = options
    const fits = (text: string) => name === undefined || text.toLowerCase().includes(name.toLowerCase())
    if (!files.some(({ cases }) => cases.some((one) => fits(one.name))))
      throw new UsageError(`no case has "${name}" in its name`)
    return runTests(app, files, { ...options, signal: context.signal, ...(context.tested && { tested: context.tested }) })
  },
})

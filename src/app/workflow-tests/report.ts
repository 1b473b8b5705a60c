/** What came of tests, as every door shows it. */
import { z } from 'zod'
import { problemShape } from '../problem-shape.ts'
import { branchKinds } from './branches.ts'

const { file, line, column, source } = problemShape.shape

const failureShape = z.object({
  ...{ file, line, column, source },
  message: z.string(),
  /** Where values differ, or what was read: lines for people. */
  details: z.array(z.string()),
  hint: z.string().optional(),
  expected: z.json().optional(),
  actual: z.json().optional(),
})

const caseShape = z.object({
  name: z.string(),
  ...{ line, column },
  /** `error`: it could not be judged; `not_run`: an earlier failure ended the tests. */
  status: z.enum(['passed', 'failed', 'error', 'skipped', 'not_run']),
  duration_ms: z.number(),
  /** Why it was left out. */
  reason: z.string().optional(),
  failures: z.array(failureShape),
  /** The state folder, where it is kept; the run in it is called `test`. */
  home: z.string().optional(),
})

export const testedFileShape = z.object({
  file: z.string(),
  workflow: z.string(),
  workflow_file: z.string(),
  duration_ms: z.number(),
  cases: z.array(caseShape),
})

const coverageShape = z.object({
  covered: z.number(),
  total: z.number(),
  percent: z.number(),
  workflows: z.array(
    z.object({
      workflow: z.string(),
      file: z.string(),
      covered: z.number(),
      total: z.number(),
      missing: z.array(
        z.object({
          step: z.string(),
          kind: z.enum(branchKinds),
          way: z.string(),
          message: z.string(),
          ...{ line, column },
        }),
      ),
    }),
  ),
})

export const testReportShape = z.object({
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  not_run: z.number(),
  duration_ms: z.number(),
  files: z.array(testedFileShape),
  /** Of branches; only where all tests of the files ran. */
  coverage: coverageShape.optional(),
})

export type TestedCase = z.infer<typeof caseShape>
export type TestedFile = z.infer<typeof testedFileShape>
export type TestReport = z.infer<typeof testReportShape>

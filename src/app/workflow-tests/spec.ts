/** The schema of test files (`*.test.yaml`): the one source for checking them and for the published JSON Schema. */
import { z } from 'zod'
import { errorCodes, failureClasses } from '../../domain/errors.ts'
import { stepStatuses } from '../../domain/run.ts'
import {
  anything,
  dollars,
  duration,
  fields,
  flag,
  number,
  schemaField,
  strict,
  text,
  whole,
  words,
} from '../../documents/spec-fields.ts'

/** What a step's status may be expected to be: `not_run` is one that the run never came to. */
export const expectedStepStatuses = [...stepStatuses, 'not_run'] as const
export const expectedRunStatuses = ['succeeded', 'failed', 'cancelled', 'waiting'] as const
export const answerWords = ['approve', 'reject', 'timeout'] as const
/** What a call that is answered by the test can fail with. */
export const replyErrors = [...failureClasses, 'authentication', 'payment_required', 'validation', 'not_found'] as const

/** Text whose values editors know; the loader checks them itself, to say what is near. */
const oneOf = (values: readonly string[], description: string) =>
  z.string({ error: 'must be text' }).register(z.globalRegistry, { description, enum: [...values] })

const amount = (what: string) =>
  z
    .union(
      [
        number(`Exactly this.`),
        strict(
          undefined,
          { min: number('At least.').optional(), max: number('At most.').optional() },
          'Within bounds, both of them included.',
        ),
      ],
      { error: 'must be a number or bounds, as in {max: 3}' },
    )
    .register(...words(what))

const errorExpectation = z
  .union(
    [
      oneOf(errorCodes, 'The code of the error.'),
      strict(
        undefined,
        {
          code: oneOf(errorCodes, 'The code of the error.').optional(),
          step: text('The step that it happened in.').optional(),
          message: text('Text that its message holds.').optional(),
        },
        'Of the error, only what is named is compared.',
      ),
    ],
    { error: "must be an error's code or a mapping of code, step, message" },
  )
  .register(...words('The error that is expected; of a run that fails because a step does, the error of the step.'))

const stepExpectation = z.union(
  [
    oneOf(expectedStepStatuses, 'The status of the step.'),
    strict(
      'step_expectation',
      {
        status: oneOf(expectedStepStatuses, 'The status of the step; `not_run`: it never began.').optional(),
        output: anything('Exactly this output.').optional(),
        error: errorExpectation.optional(),
        attempts: amount('How many calls were made, the first one included.').optional(),
        items: amount('How many items its foreach has.').optional(),
        cost_usd: amount('What it cost, in dollars.').optional(),
        model: text('The model that answered, with or without its version.').optional(),
        cached: flag('Whether the answer came from the cache.').optional(),
      },
      'What is expected of a step; only what is named is compared.',
    ),
  ],
  { error: 'must be a status, or a mapping as in {status: failed, attempts: 4}' },
)

const expectSpec = strict(
  'expectations',
  {
    status: oneOf(
      expectedRunStatuses,
      'How the run ends. By default succeeded, or failed where an error is expected.',
    ).optional(),
    outputs: fields(
      'Outputs of the workflow, each exactly this; outputs that are not named may be anything.',
    ).optional(),
    that: z
      .array(z.string({ error: 'must be an expression' }), { error: 'must be a list of expressions' })
      .register(
        ...words(
          'Expressions that must be true, over the result of the run as `run --json` prints it, and over `calls.STEP[0].input`.',
        ),
      )
      .optional(),
    schema: schemaField('A JSON Schema that the outputs, as one object, must fit.').optional(),
    error: errorExpectation.optional(),
    steps: z
      .record(z.string(), stepExpectation, { error: 'must be a mapping of steps to what is expected of them' })
      .register(...words('What is expected of steps, by id.'))
      .optional(),
    cost_usd: amount('What the run costs, in dollars.').optional(),
  },
  'What must be true at the end. Without it, the run must succeed.',
)

const replyFields = {
  output: anything('What the model answers.').optional(),
  file: text('A file that the model answers with, relative to the test file.').optional(),
  files: z
    .array(z.string({ error: 'must be a path' }), { error: 'must be a list of paths' })
    .register(...words('Files that the model answers with, relative to the test file.'))
    .optional(),
  error: z
    .union(
      [
        oneOf(replyErrors, 'The class of the failure.'),
        strict(
          undefined,
          { code: oneOf(replyErrors, 'The class of the failure.'), message: text('What it says.').optional() },
          'How the call fails.',
        ),
      ],
      { error: 'must be a class of failure, such as server, or {code, message}' },
    )
    .register(...words('The call fails.'))
    .optional(),
  cost_usd: dollars('What the call costs; 0 by default.').optional(),
}

const replySpec = strict('reply', replyFields, 'What a call is answered with: one of output, file, files, error.')
const turnsSpec = z.array(replySpec, { error: 'must be a list of replies' })

const answerSpec = z.union(
  [
    strict(
      'answer',
      {
        ...replyFields,
        items: z
          .array(z.union([z.null(), replySpec, turnsSpec], { error: 'must be a reply, a list of them, or null' }), {
            error: 'must be a list: a reply for each item',
          })
          .register(...words('A reply for each item of a foreach; null: the sandbox answers.'))
          .optional(),
      },
      'What the calls of a step are answered with.',
    ),
    turnsSpec,
  ],
  { error: 'must be a reply, as in {output: …}, or a list of replies, one for each attempt' },
)

const approvalAnswer = z.union(
  [
    z.boolean(),
    oneOf(answerWords, 'What the person says; `timeout`: nobody answers in time.'),
    strict(
      'approval_answer',
      {
        approved: flag('Whether it is a yes.'),
        inputs: fields('What the person fills in.').optional(),
        by: text('Who answers.').optional(),
      },
      'What the person says.',
    ),
  ],
  { error: 'must be approve, reject, timeout, or a mapping as in {approved: true, inputs: {…}}' },
)

const mapping = (what: string) => ({ error: `must be a mapping of ${what}` })

const caseFields = {
  inputs: fields('Inputs of the workflow. Paths of files are relative to the test file.').optional(),
  env: z
    .record(z.string(), z.string({ error: 'must be text' }), mapping('names to texts'))
    .register(...words('Values of the environment variables that the workflow declares; it sees no others.'))
    .optional(),
  seed: whole(0, 4_294_967_295, 'Another seed, other answers of the sandbox. 1 by default.').optional(),
  latency: z
    .union([z.number(), z.string()], { error: 'must be a latency such as 250, 2s or uniform:100,500' })
    .register(...words('How long predictions take, as `sandbox --latency` takes it. 0 by default.'))
    .optional(),
  faults: z
    .array(
      z.union([z.string(), z.record(z.string(), z.unknown())], {
        error: 'must be a failure rule such as owner/name:failed',
      }),
      { error: 'must be a list of failure rules' },
    )
    .register(...words('What goes wrong in the sandbox: rules as `sandbox --fail` takes them, or mappings.'))
    .optional(),
  answers: z
    .record(z.string(), answerSpec, mapping('steps or models to replies'))
    .register(...words('What calls are answered with instead of the sandbox, by step id or by model.'))
    .optional(),
  approvals: z
    .record(z.string(), z.union([approvalAnswer, z.array(approvalAnswer)]), mapping('steps to answers'))
    .register(...words('What people say to approvals, by step id; a list has one for each item of a foreach.'))
    .optional(),
  budget_usd: dollars('What the run may spend.').optional(),
  max_concurrency: whole(1, 1_000, 'How much of the run happens at once.').optional(),
  timeout: duration('How long the case may take in real time. 60s by default.').optional(),
  now: z
    .string({ error: 'must be a time, as in "2026-01-31T12:00:00Z"' })
    .register(...words('The time at which the run begins, for what `now()` says.'))
    .optional(),
  skip: z
    .union([z.boolean(), z.string()], { error: 'must be true or a reason' })
    .register(...words('Leave this case out; a text says why.'))
    .optional(),
  expect: expectSpec.optional(),
}

const caseSpec = strict(
  'case',
  { name: text('What is tested, as a sentence.'), ...caseFields },
  'One run of the workflow and what is expected of it.',
  'must be a mapping, as in `- name: draws a picture`',
)

export const testFileSpec = strict(
  undefined,
  {
    workflow: text('The workflow: a path relative to this file, or a name. By default the file beside it.').optional(),
    description: text('What these tests are about.').optional(),
    defaults: strict('case_defaults', caseFields, 'What every case has that says nothing else.').optional(),
    tests: z.array(caseSpec, { error: 'must be a list of cases' }).register(...words('The cases, in order.')),
  },
  'Tests of a workflow of replicate-agent.',
)

export type TestFileSpec = z.infer<typeof testFileSpec>
export type CaseSpec = z.infer<typeof caseSpec>
export type CaseDefaults = NonNullable<TestFileSpec['defaults']>
export type ExpectSpec = z.infer<typeof expectSpec>
export type StepExpectation = Exclude<z.infer<typeof stepExpectation>, string>
export type ErrorExpectation = Exclude<z.infer<typeof errorExpectation>, string>
export type Amount = z.infer<ReturnType<typeof amount>>
export type AnswerSpec = z.infer<typeof answerSpec>
export type ReplySpec = z.infer<typeof replySpec>
export type ApprovalAnswerSpec = z.infer<typeof approvalAnswer>

/** The text of `schema/workflow-test.schema.json`. Draft 7, which editors know best. */
export function testFileJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(testFileSpec, { target: 'draft-7', io: 'input' })
  return `${JSON.stringify({ $schema, title: 'replicate-agent workflow test', ...schema }, undefined, 2)}\n`
}

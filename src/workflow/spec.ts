/** A workflow file as it is written: the zod schema behind loading, and behind the published JSON Schema. */
import { z } from 'zod'
import { capSpec } from '../documents/agent/budget-spec.ts'
import { cacheSpec } from '../documents/agent/cache-spec.ts'
import { fallbackSpec, retrySpec } from '../documents/agent/policy-spec.ts'
import { qosSpec, taskSpec } from '../documents/agent/routing-spec.ts'
import { agentsSpec, modelName } from '../documents/agent/spec.ts'
import {
  anything,
  dollars,
  duration,
  fields,
  flag,
  longestId,
  mustBe,
  namePattern,
  number,
  oneOrMore,
  schemaField,
  strict,
  text,
  variablePattern,
  whole,
  words,
} from '../documents/spec-fields.ts'

export const stepIdPattern = /^[a-z][a-z0-9_]*$/
const versionPattern = /^\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

const most = { concurrency: 10_000, rounds: 10_000 }

const inputTypes = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'file', 'files'] as const

const inputSpec = strict(
  'input',
  {
    type: z
      .enum(inputTypes, { error: `must be one of ${inputTypes.join(', ')}` })
      .register(
        ...words(
          'The type of the value. A file is given as a path or URL; files as a folder, a pattern such as pictures/*.png, or a list.',
        ),
      )
      .optional(),
    description: text('What the input is for.').optional(),
    default: anything('The value when none is given; the input is then optional.').optional(),
    enum: z
      .array(z.unknown(), { error: 'must be a list of values' })
      .min(1, { error: 'must have at least one value' })
      .register(...words('The only values allowed.'))
      .optional(),
    min: number('Smallest number, fewest characters, or fewest items.').optional(),
    max: number('Largest number, most characters, or most items.').optional(),
    pattern: text(
      'A regular expression (re2) that must be found in the text; ^ and $ hold it to the whole.',
    ).optional(),
    accept: oneOrMore(
      z.string({ error: 'must be how a name ends, as in .png' }).regex(/^\.[A-Za-z0-9.]+$/, {
        error: 'must be how a name ends, as in .png',
      }),
      'must be a list of endings, as in [.png, .jpg]',
      'How the names of files may end; of a folder, other files are left out.',
    ).optional(),
    text: flag('Of files: what each holds is read as UTF-8 and stands in its `text`.').optional(),
    required: flag('Whether a value must be given. By default yes, unless there is a default.').optional(),
    secret: flag('The value is kept out of the journal, of outputs and of logs.').optional(),
  },
  'An input of the workflow.',
  'must be a mapping, as in `topic: {type: string}`',
)

const inputsSpec = z
  .record(
    z.string().max(longestId, { error: 'is too long' }).regex(variablePattern, { error: mustBe.variable }),
    inputSpec,
    {
      error: 'must be a mapping of names to inputs',
    },
  )
  .register(...words('Typed inputs by name.'))

const approvalSpec = z
  .union(
    [
      z.string(),
      strict(
        'question',
        {
          message: text('The question. May hold ${{ }}.'),
          inputs: inputsSpec.describe('What the person is asked to fill in.').optional(),
          timeout: duration('How long to wait for an answer; then the step fails.').optional(),
        },
        'A question with inputs.',
      ),
    ],
    { error: 'must be a question, or a mapping with `message`' },
  )
  .register(...words('A question to a person; the run waits for the answer. May hold ${{ }}.'))

const foreachSpec = strict(
  'foreach',
  {
    in: anything('The list: a literal one, or ${{ expression }}.'),
    as: z
      .string({ error: mustBe.variable })
      .regex(variablePattern, { error: mustBe.variable })
      .register(...words('The name that an item has, besides `item`.'))
      .optional(),
    max_concurrency: whole(1, most.concurrency, 'How many items run at once.').optional(),
    fail_fast: flag('Start no more items after one has failed. False by default.').optional(),
  },
  'Runs the step once for each item of a list.',
  'must be a mapping, as in `foreach: {in: "${{ inputs.topics }}"}`',
)

const repeatSpec = strict(
  'repeat',
  {
    until: z
      .union([z.string(), z.boolean()], { error: 'must be an expression' })
      .register(...words('Ends when this expression is true; bare `output` is the round just ended.'))
      .optional(),
    max: whole(
      1,
      most.rounds,
      'At most so many rounds; reaching it without `until` is a failure. 10 by default.',
    ).optional(),
  },
  'Runs the step again and again.',
  'must be a mapping, as in `repeat: {until: output.ok, max: 5}`',
)

const stepSpec = strict(
  'step',
  {
    agent: z
      .string({ error: 'must be the name of an agent' })
      .min(1, { error: 'must be the name of an agent' })
      .register(...words('The agent that does it.'))
      .optional(),
    model: modelName.describe('The model that does it: owner/name or owner/name:version.').optional(),
    workflow: z
      .string({ error: 'must be a file or the name of a workflow' })
      .min(1, { error: 'must be a file or the name of a workflow' })
      .register(...words('Another workflow, run as a child: a path relative to this file, or a name.'))
      .optional(),
    value: anything('Data made from other data; nothing is called.').optional(),
    approval: approvalSpec.optional(),
    description: text('What the step is for.').optional(),
    needs: oneOrMore(
      z.string({ error: 'must be the id of a step' }),
      'must be a list of step ids',
      'Steps that must have succeeded before; references in expressions count as well.',
    ).optional(),
    condition: z
      .union([z.string(), z.boolean()], { error: 'must be an expression' })
      .register(...words('An expression; when it is false, the step is skipped.'))
      .optional(),
    input: fields('What is sent. Strings may hold ${{ expression }}.').optional(),
    input_map: z
      .record(z.string(), z.string({ error: 'must be an output_key' }), {
        error: 'must be a mapping of arguments to output keys',
      })
      .register(...words('Arguments that take the output of the step with that `output_key`.'))
      .optional(),
    inputs: inputsSpec.describe('Of an approval: what the person is asked to fill in.').optional(),
    foreach: foreachSpec.optional(),
    repeat: repeatSpec.optional(),
    retry: retrySpec.optional(),
    timeout: duration(
      'How long the step may take, all attempts together; of an approval, how long to wait.',
    ).optional(),
    on_error: z
      .enum(['fail', 'continue'], { error: 'must be fail or continue' })
      .register(...words('continue: dependents run all the same, with a null output.'))
      .optional(),
    fallback: fallbackSpec.optional(),
    output_schema: schemaField('A JSON Schema that the output must fit.').optional(),
    output_key: z
      .string({ error: mustBe.variable })
      .regex(variablePattern, { error: mustBe.variable })
      .register(...words("Makes `outputs.<key>` an alias of this step's output."))
      .optional(),
    cache: cacheSpec.optional(),
    task: taskSpec.optional(),
    budget: capSpec('What the step may cost, all attempts and items together.').optional(),
    qos: qosSpec.optional(),
  },
  'A step: exactly one of `agent`, `model`, `workflow`, `value`, `approval`.',
  'must be a mapping, as in `draw: {model: owner/name}`',
)

const stepsSpec = (description: string) =>
  z
    .record(
      z.string().max(longestId, { error: 'is too long' }).regex(stepIdPattern, { error: mustBe.stepId }),
      stepSpec,
      {
        error: 'must be a mapping of ids to steps',
      },
    )
    .register(...words(description))

const defaultsSpec = strict(
  'defaults',
  {
    retry: retrySpec.optional(),
    timeout: duration('Of steps that call an agent or model.').optional(),
    cache: cacheSpec.optional(),
    fallback: fallbackSpec.optional(),
    on_error: z
      .enum(['fail', 'continue'], { error: 'must be fail or continue' })
      .register(...words('Of every step.'))
      .optional(),
    max_concurrency: whole(1, most.concurrency, 'Of every foreach.').optional(),
  },
  'What steps do that say nothing else, and whose agent says nothing else.',
)

const versionError = 'must be a version in quotes, as in "1.2.0"'

export const workflowSpec = strict(
  undefined,
  {
    name: z
      .string({ error: mustBe.text })
      .max(longestId, { error: 'is too long' })
      .regex(namePattern, { error: 'must be letters, digits, dots, dashes and _, beginning with a letter or digit' })
      .register(...words("The name of the workflow; the file's name by default."))
      .optional(),
    description: text('What the workflow does.').optional(),
    version: z
      .string({ error: versionError })
      .regex(versionPattern, { error: versionError })
      .register(...words('A version, as in "1.2.0".'))
      .optional(),
    env: z
      .array(z.string({ error: mustBe.variable }).regex(variablePattern, { error: mustBe.variable }), {
        error: 'must be a list of variable names',
      })
      .register(...words('Environment variables that `env.NAME` may read. Their values are secret.'))
      .optional(),
    inputs: inputsSpec.optional(),
    agents: agentsSpec('Agents of this workflow, by name.').optional(),
    defaults: defaultsSpec.optional(),
    steps: stepsSpec('The steps by id. Their order means nothing; needs do.'),
    finally: stepsSpec('Steps that run at the end, however the run went.').optional(),
    outputs: fields('What the run gives: names and values, with ${{ expression }} in their strings.').optional(),
    max_concurrency: whole(1, most.concurrency, 'How much runs at once. 8 by default.').optional(),
    timeout: duration('How long a run may take, without the time it waits or is paused.').optional(),
    budget: capSpec('What a run may spend, nested runs included. `--budget` says otherwise.').optional(),
    budget_usd: dollars('The same as `budget: {hard: …}`.').optional(),
  },
  'A workflow of replicate-agent: a graph of steps.',
)

export type WorkflowSpec = z.infer<typeof workflowSpec>
export type StepSpec = z.infer<typeof stepSpec>
export type InputSpecWritten = z.infer<typeof inputSpec>
export type DefaultsSpec = z.infer<typeof defaultsSpec>

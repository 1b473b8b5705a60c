/** A workflow file as it is written: the zod schema behind loading, and behind the published JSON Schema. */
import { z } from 'zod'
import { failureClasses } from '../domain/errors.ts'
import {
  anything,
  dollars,
  duration,
  fields,
  flag,
  mustBe,
  number,
  oneOrMore,
  schemaField,
  strict,
  text,
  whole,
  words,
} from './loading/spec-fields.ts'

export const stepIdPattern = /^[a-z][a-z0-9_]*$/
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/
export const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(:[A-Za-z0-9._-]+)?$/
const deploymentPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/
const versionPattern = /^\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

const longestId = 100
const most = { attempts: 100, concurrency: 10_000, rounds: 10_000 }

const jitterKinds = ['full', 'equal', 'decorrelated', 'none'] as const
const classesError = `must be classes of failure: ${failureClasses.join(', ')}`

const retrySpec = strict(
  'retry',
  {
    attempts: whole(1, most.attempts, 'How often it is tried at most, the first call included.').optional(),
    base_delay: duration('The delay before the second attempt; it doubles with each.').optional(),
    max_delay: duration('No delay is longer.').optional(),
    jitter: z
      .enum(jitterKinds, { error: `must be one of ${jitterKinds.join(', ')}` })
      .register(
        ...words('How delays are spread: full (the default) is uniform(0, min(max_delay, base_delay · 2^attempt)).'),
      )
      .optional(),
    on: z
      .union(
        [z.enum(failureClasses, { error: classesError }), z.array(z.enum(failureClasses, { error: classesError }))],
        { error: classesError },
      )
      .register(...words('Which failures are tried again.'))
      .optional(),
  },
  'What happens after a failed call.',
  'must be a mapping, as in `retry: {attempts: 3}`',
)

const cacheSpec = z
  .union(
    [
      z.boolean(),
      strict(
        'cache_policy',
        { ttl: duration('How long an answer is kept; without it, for ever.').optional() },
        'Keeps answers.',
      ),
    ],
    {
      error: 'must be true, false or a mapping, as in `cache: {ttl: 1h}`',
    },
  )
  .register(...words('Keeps the answer to the same input, and gives it again without a call. Off by default.'))

const fallbackSpec = oneOrMore(
  z.string({ error: 'must be the name of an agent or model' }),
  'must be a list of agents or models',
  'Agents or models that are tried in order after this one has failed.',
)

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

const priceSpec = strict(
  'price',
  {
    usd_per_call: dollars('Dollars for each call.').optional(),
    usd_per_second: dollars('Dollars for each second of prediction.').optional(),
    usd_per_output: dollars('Dollars for each output (an image, say).').optional(),
    usd_per_input_token: dollars('Dollars for each input token.').optional(),
    usd_per_output_token: dollars('Dollars for each output token.').optional(),
    usd_per_input_character: dollars('Dollars for each character of input text.').optional(),
  },
  'What a call costs, where you know better than the price table.',
)

const modelName = z.string({ error: mustBe.model }).regex(modelPattern, { error: mustBe.model })

const agentSpec = strict(
  'agent',
  {
    model: modelName.describe('The model: owner/name or owner/name:version.').optional(),
    models: z
      .array(modelName, { error: 'must be a list of models' })
      .min(1, { error: 'must name at least one model' })
      .register(...words('Candidate models, in order of preference.'))
      .optional(),
    candidates: z
      .array(modelName, { error: 'must be a list of models' })
      .min(1, { error: 'must name at least one model' })
      .register(...words('The same as `models`.'))
      .optional(),
    deployment: z
      .string({ error: 'must be a deployment: owner/name' })
      .regex(deploymentPattern, { error: 'must be a deployment: owner/name' })
      .register(...words('A deployment, owner/name, in place of a model.'))
      .optional(),
    function: z
      .string({ error: 'must be the name of a function' })
      .min(1, { error: 'must be the name of a function' })
      .register(...words('A function that the program registered, in place of a model.'))
      .optional(),
    description: text('What the agent does.').optional(),
    defaults: fields('Input that is sent unless a step gives its own.').optional(),
    input_schema: schemaField('A JSON Schema of the input.').optional(),
    retry: retrySpec.optional(),
    timeout: duration('How long a call may take, all attempts together.').optional(),
    cache: cacheSpec.optional(),
    fallback: fallbackSpec.optional(),
    price: priceSpec.optional(),
  },
  'Something that can be called: one of `model`, `models`, `deployment`, `function`, with its policies.',
  'must be a mapping, as in `writer: {model: owner/name}`',
)

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
    agents: z
      .record(
        z
          .string()
          .max(longestId, { error: 'is too long' })
          .regex(namePattern, { error: 'must be letters, digits, dots, dashes and _' }),
        agentSpec,
        {
          error: 'must be a mapping of names to agents',
        },
      )
      .register(...words('Agents of this workflow, by name.'))
      .optional(),
    defaults: defaultsSpec.optional(),
    steps: stepsSpec('The steps by id. Their order means nothing; needs do.'),
    finally: stepsSpec('Steps that run at the end, however the run went.').optional(),
    outputs: fields('What the run gives: names and values, with ${{ expression }} in their strings.').optional(),
    max_concurrency: whole(1, most.concurrency, 'How much runs at once. 8 by default.').optional(),
    timeout: duration('How long a run may take, without the time it waits or is paused.').optional(),
    budget_usd: dollars('What a run may spend.').optional(),
  },
  'A workflow of replicate-agent: a graph of steps.',
)

export type WorkflowSpec = z.infer<typeof workflowSpec>
export type StepSpec = z.infer<typeof stepSpec>
export type AgentSpec = z.infer<typeof agentSpec>
export type InputSpecWritten = z.infer<typeof inputSpec>
export type RetrySpec = z.infer<typeof retrySpec>
export type CacheSpec = z.infer<typeof cacheSpec>
export type DefaultsSpec = z.infer<typeof defaultsSpec>
export type DurationSpec = string | number

/** Answers what a run asks of people, and drives it on when nobody else does (ruling 15). */
import { z } from 'zod'
import { ConfigurationError } from '../domain/errors.ts'
import { type RunResult, runResultShape } from '../domain/run.ts'
import { defined } from '../std/defined.ts'
import type { JsonObject } from '../std/json.ts'
import { isDriven, planOfRun } from '../workflow/running/hold.ts'
import { answerApproval, pendingApprovals, readRun, resumeRun } from '../workflow/engine.ts'
import { foldEvents } from '../workflow/fold.ts'
import type { ActionContext } from './action.ts'
import type { App } from './app.ts'
import { finishRun } from './finish-run.ts'
import { givenInputs, inputFields } from './given-inputs.ts'
import { earlierEvents, needTokenFor, openRun, type OpenRun } from './open-run.ts'

export const answerFields = {
  run: z.string(),
  step: z.string().optional().describe('needed when the run asks several things'),
  index: z.number().int().nonnegative().optional().describe('item of a foreach'),
  by: z.string().optional().describe('who answers, when it is not who asks'),
  resume: z.boolean().default(true).describe('drive the run on when nobody does'),
  artifacts: z.string().optional(),
}
export const approveFields = { ...answerFields, ...inputFields }

export const answeredShape = runResultShape.extend({
  answered: z.object({
    run_id: z.string(),
    step: z.string(),
    index: z.number().optional(),
    approved: z.boolean(),
    by: z.string(),
  }),
  /** Whether this call drove the run on. */
  resumed: z.boolean(),
})

interface Answer {
  run: string
  step?: string | undefined
  index?: number | undefined
  by?: string | undefined
  resume: boolean
  artifacts?: string | undefined
  inputs: JsonObject
  typed: Record<string, string>
  approved: boolean
}

export async function answerRun(
  app: App,
  answer: Answer,
  context: ActionContext,
): Promise<z.infer<typeof answeredShape>> {
  const run = await openRun(app, answer.run)
  const { parts, record } = run
  const by = answer.by ?? context.by
  const { approved } = answer
  const inputs = approved ? await typedInputs(run, answer) : {}
  const driven = isDriven(parts, await parts.store.getLease(record.run_id))
  // Said before the answer is recorded, so that the same command can be given again.
  if (answer.resume && !driven) await needTokenFor(app, run)
  const asked = await answerApproval(
    parts,
    record.run_id,
    defined({ step: answer.step, index: answer.index, approved, inputs, by }),
  )
  const answered = defined({ run_id: asked.run_id, step: asked.step, index: asked.index, approved, by })
  const resumed = answer.resume && !(await isTaken(app, run, asked.run_id, context.signal))
  return { ...(await goOn(app, run, resumed, answer, context)), answered, resumed }
}

/** Whether a driver takes the answer. One that is about to leave the run waiting may do so without having seen it. */
async function isTaken(app: App, { parts, record }: OpenRun, asking: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const held = await parts.store.getLease(record.run_id)
    if (!isDriven(parts, held)) return false
    // It takes the answer when it is let go on.
    if (held && parts.probe(held.holder) === 'stopped') return true
    if ((await parts.store.pendingCommands(asking)).length === 0) return true
    await app.clock.sleep(100, signal)
  }
}

async function goOn(
  app: App,
  run: OpenRun,
  resumed: boolean,
  answer: Answer,
  context: ActionContext,
): Promise<RunResult> {
  const { parts, record } = run
  if (!resumed) return readRun(parts, record.run_id)
  const plan = await needTokenFor(app, run)
  const earlier = await earlierEvents(run)
  const driving = await resumeRun(parts, record.run_id, {}).catch((error: unknown) => {
    throw isMissingSecret(error) ? recordedOnly(record.run_id, error) : error
  })
  return finishRun(app, { driving, plan, earlier }, answer.artifacts, context)
}

function isMissingSecret(error: unknown): error is ConfigurationError {
  return error instanceof ConfigurationError && error.code === 'missing_secret'
}

/** An answer has inputs of its own, so the run's secrets can't be given with it. */
function recordedOnly(runId: string, cause: ConfigurationError): ConfigurationError {
  return new ConfigurationError('missing_secret', cause.message, {
    cause,
    hint: `the answer is recorded; give the secrets again with \`runs resume ${runId} -i NAME=…\``,
  })
}

/** The answer's inputs are typed by the approval's own schema. */
async function typedInputs({ parts, record }: OpenRun, answer: Answer): Promise<JsonObject> {
  const open = await pendingApprovals(parts, record.run_id)
  const asked = answer.step === undefined ? open[0] : open.find((one) => one.step === answer.step)
  if (!asked) return givenInputs({}, answer)
  const plan = await planOfRun(parts.store, foldEvents(asked.run_id, await parts.store.readEvents(asked.run_id)))
  const action = plan.steps.get(asked.step)?.definition.action
  return givenInputs(action?.kind === 'approval' ? action.approval.inputs : {}, answer)
}

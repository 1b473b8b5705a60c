/** What a retry runs again, as doors are told it. */
import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'
import type { LoadedWorkflow } from '../workflow/load.ts'
import type { RetryChoice } from '../workflow/retry.ts'
import type { ActionContext } from './action.ts'
import type { App } from './app.ts'
import { openWorkflow } from './workflow-file.ts'

export const retryFields = {
  run: z.string(),
  steps: z.array(z.string()).optional().describe('these steps and what depends on them'),
  from: z.string().optional().describe('this step and everything after it'),
  definition: z.string().optional().describe('`current`, or a file or name: run again what differs from it'),
}

export const resetShape = z.object({ step: z.string(), indexes: z.array(z.number()).optional(), why: z.string() })

interface Given {
  steps?: string[] | undefined
  from?: string | undefined
  definition?: string | undefined
}

/** Without a choice: what failed. */
export function retryChoice({ steps, from, definition }: Given): RetryChoice {
  const named = [
    steps?.length ? 'steps' : '',
    from === undefined ? '' : 'a step to begin from',
    definition === undefined ? '' : 'a definition',
  ]
  const [one, other] = named.filter((name) => name !== '')
  if (one !== undefined && other !== undefined) throw new UsageError(`give ${one} or ${other}, not both`)
  if (from !== undefined) return { from }
  return steps?.length ? { steps } : { failed: true }
}

/** `current` is the workflow that has the run's name now. */
export async function currentDefinition(
  app: App,
  { definition }: Given,
  name: string,
  context: ActionContext,
): Promise<LoadedWorkflow | undefined> {
  if (definition === undefined) return undefined
  return openWorkflow(app, definition === 'current' ? name : definition, context)
}

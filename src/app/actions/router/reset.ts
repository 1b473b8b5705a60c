/** Forgets what the router learned. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { agentsOf, armsOf } from '../../../executor/routing/known.ts'
import { armsToReset, resetState } from '../../../executor/routing/reset-state.ts'
import { changeStateFile, readStateFile } from '../../../executor/routing/state-file.ts'
import type { StateFile } from '../../../executor/routing/state-shape.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { stateFileOf } from '../../router/state-file-of.ts'
import { unknownAgent } from '../../router/unknown-agent.ts'

export const resetRouter = defineAction({
  noun: 'router',
  verb: 'reset',
  summary: 'forget what was learned of models',
  input: z.object({
    agent: z.string().optional().describe('default: all of them'),
    model: z.string().optional().describe('with its version, or without for every version; default: all of them'),
    sandbox: z.boolean().optional().describe('what calls in the sandbox taught'),
    dry_run: z.boolean().default(false),
  }),
  output: z.object({
    file: z.string(),
    dry_run: z.boolean(),
    forgotten: z.array(z.object({ agent: z.string(), model: z.string(), calls: z.number() })),
  }),
  async run(app, { agent, model, sandbox = app.world === 'sandbox', dry_run }) {
    const options = stateFileOf(app, sandbox)
    const choice = defined({ agent, model })
    const { state: seen } = readStateFile(options)
    const found = armsToReset(seen, choice)
    if (found.length === 0 && (agent !== undefined || model !== undefined)) throw nothingThere(seen, agent, model)
    if (found.length === 0 || dry_run) return { file: options.file, dry_run, forgotten: found }
    const forgotten = await changeStateFile(options, (state) => {
      const arms = armsToReset(state, choice)
      return { state: arms.length === 0 ? undefined : resetState(state, arms), result: arms }
    })
    return { file: options.file, dry_run, forgotten }
  },
})

function nothingThere(state: StateFile, agent: string | undefined, model: string | undefined): UsageError {
  const known = agentsOf(state).filter((name) => armsOf(state, name).length > 0)
  if (agent !== undefined && !known.includes(agent)) return unknownAgent(agent, known)
  const [as, verb] = agent === undefined ? ['', 'router stats'] : [` as "${agent}"`, `router stats ${agent}`]
  return new UsageError(`nothing was learned of "${model}"${as}`, {
    hint: `\`${verb}\` lists the models of which something was`,
  })
}

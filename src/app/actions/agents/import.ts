/** Writes models of Replicate into the configuration, as agents. */
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { configName } from '../../../config/discover.ts'
import { modelPattern } from '../../../documents/agent/spec.ts'
import { namePattern } from '../../../documents/spec-fields.ts'
import { UsageError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../std/json.ts'
import { type ActionContext, defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { discoverModel } from '../../discovery/discover-model.ts'
import { jsonObject } from '../../given-inputs.ts'

const mostAtOnce = 50

export const importAgents = defineAction({
  noun: 'agents',
  verb: 'import',
  summary: 'write models into the configuration as agents',
  input: z.object({
    models: z.array(z.string()).min(1).max(mostAtOnce).describe('owner/name or owner/name:version'),
    as: z.string().optional().describe('the name of the agent; by default that of the model'),
    to: z.string().optional().describe('the configuration; by default the nearest one'),
    force: z.boolean().default(false).describe('replace agents of these names'),
  }),
  output: z.object({
    file: z.string(),
    created: z.boolean(),
    agents: z.array(
      z.object({
        name: z.string(),
        model: z.string(),
        agent: jsonObject,
        /** What stood under the name, when it was replaced. */
        before: jsonObject.optional(),
        /** As it stands in the file. */
        text: z.string(),
      }),
    ),
  }),
  async run(app, input, context) {
    const { changeConfig } = await import('../../imported/change-config.ts')
    const { putAgent, readConfigData } = await import('../../imported/put-agent.ts')
    const { agentText } = await import('../../imported/agent-text.ts')
    const names = namesOf(input)
    const file = await fileFor(app, input.to)
    const found = await readModels(app, names, context)
    let written: { name: string; model: string; agent: JsonObject; before?: JsonObject; text: string }[] = []
    const created = await changeConfig(app, file, async (whole) => {
      const known = readConfigData(whole, file)['agents'] as JsonObject | undefined
      if (!input.force) assertNew(names, known, file)
      written = []
      let text = whole
      for (const { name, model, agent, comment } of found) {
        const put = await putAgent(text, { name, spec: agent, comment }, file)
        text = put.text
        const own = await agentText(name, agent, comment, 2)
        written.push({ name, model, agent, ...(put.before && { before: put.before }), text: own })
      }
      return text
    })
    return { file, created, agents: written }
  },
})

function namesOf({ models, as }: { models: readonly string[]; as?: string | undefined }): Map<string, string> {
  if (as !== undefined && models.length > 1) throw new UsageError('--as names one agent: import one model with it')
  if (as !== undefined && (!namePattern.test(as) || as.length > 100)) {
    throw new UsageError(`"${as}" is no name for an agent`, { hint: 'it may have letters, digits, dots, dashes and _' })
  }
  const names = new Map<string, string>()
  for (const model of new Set(models)) {
    if (!modelPattern.test(model)) {
      const hint = 'write owner/name or owner/name:version; `agents search` finds models'
      throw new UsageError(`"${model}" names no model`, { hint })
    }
    const name = as ?? model.replace(/^[^/]*\/|:.*$/g, '')
    const other = names.get(name)
    if (other !== undefined) {
      throw new UsageError(`${other} and ${model} would both be agent "${name}"`, {
        hint: 'import them one after the other, with --as',
      })
    }
    names.set(name, model)
  }
  return names
}

/** All of them, or none: nothing is written when one can't be read. */
async function readModels(app: App, names: ReadonlyMap<string, string>, context: ActionContext) {
  const { agentOfModel } = await import('../../imported/agent-of-model.ts')
  const { importedFrom } = await import('../../imported/put-agent.ts')
  const day = new Date(app.clock.now()).toISOString().slice(0, 10)
  return Promise.all(
    [...names].map(async ([name, model]) => {
      const { info, failure } = await discoverModel(app, app.world, model, context, { refresh: true })
      // What was read long ago is no model to write down.
      if (failure) throw failure
      if (!info.input_schema) context.warn(`${model} does not tell what it takes: its input will not be checked`)
      const agent = agentOfModel(model, info)
      const comment = `${importedFrom}https://replicate.com/${model.split(':')[0]} on ${day}`
      return { name, model, agent, comment }
    }),
  )
}

function assertNew(names: ReadonlyMap<string, string>, known: JsonObject | undefined, file: string): void {
  const taken = [...names.keys()].filter((name) => known && Object.hasOwn(known, name))
  const [first] = taken
  if (first === undefined) return
  const listed = taken.map((name) => `"${name}"`).join(', ')
  throw new UsageError(`${file} has ${taken.length > 1 ? 'agents' : 'an agent'} ${listed} already`, {
    hint: '--force replaces it, --as gives the new one another name',
  })
}

/** The file that was named, else that of the project, else a new one here: what stands in the user's own file is for all projects. */
async function fileFor(app: App, to: string | undefined): Promise<string> {
  if (to !== undefined) return resolve(app.cwd, to)
  const { files } = await app.config()
  const found = files.find(({ scope }) => scope !== 'user')
  return found?.file ?? join(app.cwd, configName)
}

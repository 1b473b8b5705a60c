/** The agents and models that can be named from here. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { type ActionContext, defineAction } from '../../action.ts'
import { placeShape, writtenAgent } from '../../agents/written-agent.ts'
import type { App } from '../../app.ts'
import { discoverModel, type Discovered } from '../../discovery/discover-model.ts'
import { readKnownModel } from '../../discovery/model-cache.ts'
import { namedAgents } from '../../named-agents.ts'
import { ReplicateAgentError } from '../../../domain/errors.ts'

/** As far as it was read before; nothing is asked for it. */
const knownShape = {
  description: z.string().optional(),
  run_count: z.number().optional(),
  version: z.string().optional().describe('the latest'),
  read_at: z.string().optional().describe('when all this was read, ISO 8601'),
}

export const listAgents = defineAction({
  noun: 'agents',
  verb: 'list',
  summary: 'list the agents of the configuration, and the agents and models that the workflows here use',
  input: z.object({
    tag: z.string().optional().describe('only agents that have this tag'),
    refresh: z.boolean().default(false).describe('ask Replicate (or the sandbox) for what it says of each model'),
  }),
  output: z.object({
    agents: z.array(
      z.object({
        name: z.string(),
        target: z.string(),
        models: z.array(z.string()),
        deployment: z.string().optional(),
        description: z.string().optional(),
        tags: z.array(z.string()).optional(),
        place: placeShape.optional().describe('where it is defined'),
        file: z.string().optional().describe('of the configuration; absent where a workflow defines it'),
        workflows: z.array(z.string()).describe('those that define or name it'),
      }),
    ),
    models: z.array(z.object({ model: z.string(), ...knownShape, workflows: z.array(z.string()) })),
  }),
  async run(app, { tag, refresh }, context) {
    const { agents, models } = await namedAgents(app)
    const wanted = agents.filter(({ definition }) => tag === undefined || definition.tags?.includes(tag))
    const listed = await Promise.all(
      wanted.map(async (found) => {
        const { name, file, workflows, definition } = found
        const { target, models: called, deployment, description, tags } = definition
        const place = (await writtenAgent(app, found))?.place
        return defined({ name, target, models: called, deployment, description, tags, place, file, workflows })
      }),
    )
    const ofAgents = wanted.flatMap(({ definition }) => (definition.target === 'replicate' ? definition.models : []))
    const used = new Map(tag === undefined ? models.map((each) => [each.model, each.workflows]) : [])
    const names = [...new Set([...used.keys(), ...ofAgents])].toSorted()
    const known = await lookAt(app, names, refresh, context)
    return {
      agents: listed,
      models: names.map((model, at) => ({ model, ...known[at], workflows: used.get(model) ?? [] })),
    }
  },
})

const atOnce = 8

type Known = z.infer<z.ZodObject<typeof knownShape>>

/** What is known of each; with `refresh`, asked for. One that can't be read again is a note. */
async function lookAt(app: App, models: readonly string[], refresh: boolean, context: ActionContext): Promise<Known[]> {
  if (refresh && models.length > 0) {
    const { default: limited } = await import('p-limit')
    const limit = limited(atOnce)
    const asked = await Promise.all(models.map((model) => limit(() => read(app, model, context))))
    const [failed, ...more] = asked.flatMap((each, at) => (each instanceof Error ? [{ model: models[at], each }] : []))
    if (failed) {
      const others = more.length === 0 ? '' : ` (and ${more.length} more)`
      context.warn(`${failed.model}${others} could not be read again: ${failed.each.message}`)
    }
  }
  return Promise.all(models.map(async (model) => shown(await readKnownModel(app.home, app.world, model))))
}

async function read(app: App, model: string, context: ActionContext): Promise<Discovered | ReplicateAgentError> {
  try {
    const known = await discoverModel(app, app.world, model, context, { refresh: true })
    return known.failure ?? known
  } catch (error) {
    if (error instanceof ReplicateAgentError) return error
    throw error
  }
}

function shown(known: Awaited<ReturnType<typeof readKnownModel>>): Known {
  if (!known) return {}
  const { description, run_count, version } = known.info
  return defined({ description, run_count, version, read_at: new Date(known.read_at).toISOString() })
}

/** One agent of the configuration or the workflows here, or one model as its provider describes it. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { policiesOfAgent } from '../../agents/policies-of-agent.ts'
import { placeShape, writtenAgent } from '../../agents/written-agent.ts'
import type { App } from '../../app.ts'
import { discoverModel, type Discovered, tryDiscoverModel } from '../../discovery/discover-model.ts'
import { jsonObject } from '../../given-inputs.ts'
import { meansOfModels } from '../../means-of-models.ts'
import { type FoundAgent, findAgent } from '../../named-agents.ts'
import { priceShape, shownPrice } from '../../prices/price-shape.ts'

const modelShape = z.object({
  name: z.string(),
  description: z.string().optional(),
  version: z.string().optional(),
  official: z.boolean().optional(),
  input_schema: jsonObject.optional(),
  output_schema: jsonObject.optional(),
  run_count: z.number().optional(),
  url: z.string().optional(),
  /** When it was read, ISO 8601. */
  read_at: z.string(),
  /** Why it could not be read again, though it was time. */
  failure: z.string().optional(),
})

const candidateShape = z.object({
  model: z.string(),
  /** Absent: nobody knows. */
  price: priceShape.optional(),
  /** Earlier calls from here, of all versions and agents; means of time, cost and scores, null: not known. */
  seen: z
    .object({
      calls: z.number(),
      failures: z.number(),
      ms: z.number().nullable(),
      usd: z.number().nullable(),
      quality: z.number().nullable(),
    })
    .optional(),
  /** The version that the lock file has. */
  locked: z.string().optional(),
})

export const showAgent = defineAction({
  noun: 'agents',
  verb: 'show',
  summary: 'show an agent with its policies, or a model with its inputs',
  input: z.object({
    agent: z.string().describe('an agent of the configuration or a workflow, or owner/name of a model'),
    refresh: z.boolean().default(false).describe('ask again, however new what is known is'),
  }),
  output: z.object({
    name: z.string(),
    /** The definition of an agent; absent for a model. */
    agent: jsonObject.optional(),
    place: placeShape.optional(),
    /** As they hold, named as in YAML; without a place, it is the default. */
    policies: z.array(z.object({ key: z.string(), value: z.json(), place: placeShape.optional() })).optional(),
    /** Of the configuration that it stands in; absent where a workflow defines it. */
    file: z.string().optional(),
    workflows: z.array(z.string()).optional(),
    candidates: z.array(candidateShape),
    models: z.array(modelShape),
  }),
  async run(app, { agent: name, refresh }, context) {
    if (name.includes('/')) {
      const known = await discoverModel(app, app.world, name, context, { refresh })
      return { name, candidates: await candidatesOf(app, [{ model: name }]), models: [shown(known)] }
    }
    const found = await findAgent(app, name)
    const { definition, workflows, file } = found
    const models = definition.target === 'replicate' ? definition.models : []
    const known = await Promise.all(
      models.map((model) => tryDiscoverModel(app, app.world, model, context, { refresh })),
    )
    const written = await writtenAgent(app, found)
    return {
      name,
      agent: JSON.parse(JSON.stringify(definition)) as z.infer<typeof jsonObject>,
      ...(written && { place: written.place }),
      policies: await policiesOfAgent(app, definition, written),
      ...(file !== undefined && { file }),
      workflows,
      candidates: await candidatesOf(app, calledBy(found)),
      models: known.flatMap((each) => (each ? [shown(each)] : [])),
    }
  },
})

type Called = Parameters<Awaited<ReturnType<App['prices']>>['find']>[0]

function calledBy({ definition }: FoundAgent): Called[] {
  const { target, deployment, models, price } = definition
  if (target !== 'replicate') return []
  const called =
    deployment === undefined ? models.map((model) => ({ model })) : [{ model: deployment, deployment: true }]
  return called.map((each) => ({ ...each, ...(price && { price }) }))
}

async function candidatesOf(app: App, called: readonly Called[]): Promise<z.input<typeof candidateShape>[]> {
  const book = await app.prices()
  const meansOf = await meansOfModels(app, app.world)
  const now = app.clock.now()
  return Promise.all(
    called.map(async (each) => {
      const price = book.find(each)
      const { calls, failures, ms, usd, quality } = meansOf(each.model)
      const locked = each.deployment || each.model.includes(':') ? undefined : await app.lockedVersion(each.model)
      return defined({
        model: each.model,
        price: price && shownPrice(each.model, price, book, now),
        seen: calls > 0 ? { calls, failures, ms, usd, quality } : undefined,
        locked,
      })
    }),
  )
}

function shown({ info, read_at, failure }: Discovered): z.infer<typeof modelShape> {
  return defined({ ...info, read_at: new Date(read_at).toISOString(), failure: failure?.message })
}

/** Models that the account makes, changes and deletes, with Replicate's rules for deleting. */
import type { JsonObject } from '../../std/json.ts'
import { choice, type Fields, text } from '../catalogue/fields.ts'
import { hardwareField } from '../catalogue/hardware.ts'
import type { SandboxContext } from '../context.ts'
import type { OwnModelRow } from '../store/model-rows.ts'
import { account } from './account-routes.ts'
import { type Answer, notFound, ok, problem } from './answer.ts'
import { readFields } from './json-body.ts'
import { nameOf } from './model-routes.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { findModel, viewModel } from './view-model.ts'

const facts: Fields = {
  description: text('A description of the model.'),
  github_url: text("A URL for the model's source code on GitHub."),
  paper_url: text("A URL for the model's paper."),
  license_url: text("A URL for the model's license."),
}
const creation: Fields = {
  owner: text('The name of the user or organization that will own the model.', { required: true }),
  name: text('The name of the model.', { required: true }),
  visibility: { ...choice('', ['public', 'private'], 'private'), required: true },
  hardware: hardwareField({ required: true }),
  cover_image_url: text("A URL for the model's cover image."),
  ...facts,
}
const change: Fields = { ...facts, readme: text('Markdown.'), weights_url: text("A URL for the model's weights.") }

export const ownModelRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/models', handle: createModel },
  { method: 'PATCH', path: '/v1/models/:owner/:name', handle: changeModel },
  { method: 'DELETE', path: '/v1/models/:owner/:name', handle: deleteModel },
  { method: 'DELETE', path: '/v1/models/:owner/:name/versions/:id', handle: deleteVersion },
]

/** Letters, digits and single `-`, `_` or `.` between them. */
export const isName = (name: string): boolean => name.length <= 100 && /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/.test(name)

async function createModel(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const read = readFields(request, creation)
  if ('kind' in read) return read
  const { owner, name, visibility, hardware, ...rest } = read.sent as Record<string, string>
  if (owner !== account.username) {
    return problem(403, `You can only create models that belong to your account, "${account.username}".`)
  }
  if (!isName(name ?? '')) {
    return problem(422, 'name: may have lower-case letters, digits, and dashes, underscores or dots between them')
  }
  const row = {
    name: `${owner}/${name}`,
    visibility: visibility as OwnModelRow['visibility'],
    hardware: hardware ?? '',
    facts: JSON.stringify(rest),
    readme: '',
    created_ms: Math.floor(context.clock.now()),
  }
  if (!(await context.writer.write(() => context.ownModels.insert(row)))) {
    const detail = 'A model with that name and owner already exists.'
    return problem(409, detail, { body: { errors: [{ detail, pointer: '/name' }] } })
  }
  return shown(context, row.name, 201)
}

async function changeModel(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const own = ownModel(context, request)
  if ('kind' in own) return own
  const read = readFields(request, change)
  if ('kind' in read) return read
  const { readme, ...rest } = read.sent
  const now = JSON.stringify({ ...(JSON.parse(own.facts) as JsonObject), ...rest })
  await context.writer.write(() => context.ownModels.change(own.name, now, String(readme ?? own.readme)))
  return shown(context, own.name, 200)
}

async function deleteModel(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const own = ownModel(context, request)
  if ('kind' in own) return own
  if (own.visibility !== 'private') return problem(403, 'You can only delete private models.')
  if (!(await context.writer.write(() => context.ownModels.remove(own.name)))) {
    return problem(409, 'You can only delete models that have no versions. Delete its versions first.')
  }
  return { kind: 'empty', status: 204 }
}

/** With its predictions and their files. */
async function deleteVersion(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const own = ownModel(context, request)
  if ('kind' in own) return own
  const version = context.ownModels.version(param(request, 2))
  if (version?.model !== own.name) return notFound()
  if (own.visibility !== 'private') return problem(403, 'You can only delete versions of private models.')
  // in one transaction, for another process may deploy it meanwhile
  const used = await context.writer.write(() => {
    const use = useOf(context, version.id)
    if (use === undefined) context.ownModels.removeVersion(version.id)
    return use
  })
  if (used !== undefined) return problem(409, `You cannot delete a version that ${used}.`)
  await context.engine.forgetVersion(version.id)
  return { kind: 'empty', status: 202 }
}

/** What a version is used for, that keeps it from being deleted. */
function useOf(context: SandboxContext, version: string): string | undefined {
  const deployment = context.deployments.ofVersion(version)
  if (deployment !== undefined) return `has a deployment: ${deployment} runs it`
  return context.predictions.isTrainedFrom(version) ? 'is the base of a training' : undefined
}

/** The answer where there is no such model, or it belongs to another account. */
function ownModel(context: SandboxContext, request: SandboxRequest): OwnModelRow | Answer {
  const name = nameOf(request)
  const own = context.ownModels.get(name)
  if (own) return own
  return findModel(context, name) ? problem(403, 'You can only change models that you own.') : notFound()
}

function shown(context: SandboxContext, name: string, status: number): Answer {
  const model = findModel(context, name)
  return model ? ok(viewModel(context, model), status) : notFound()
}

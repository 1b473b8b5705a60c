/** Deployments: made, changed, deleted, and run. Two are there from the start, so that they can be tried at once. */
import type { JsonObject } from '../../std/json.ts'
import { type Fields, integer, text } from '../catalogue/fields.ts'
import { hardwareField } from '../catalogue/hardware.ts'
import { modelName } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import type { DeploymentRow } from '../store/deployment-rows.ts'
import { account } from './account-routes.ts'
import { type Answer, notFound, ok, problem } from './answer.ts'
import { createPrediction } from './create-prediction.ts'
import { readFields } from './json-body.ts'
import { listPage } from './list-page.ts'
import { nameOf } from './model-routes.ts'
import { isName } from './own-model-routes.ts'
import type { SandboxRequest } from './request.ts'
import type { Route } from './route.ts'

/** How long one has to be unused before it can be deleted. */
const idleMs = 15 * 60_000

const minInstances = (extra: { required?: true } = {}) =>
  integer('The minimum number of instances for scaling.', { min: 0, max: 5, ...extra })
const maxInstances = (extra: { required?: true } = {}) =>
  integer('The maximum number of instances for scaling.', { min: 0, max: 20, ...extra })
const creation: Fields = {
  name: text('The name of the deployment.', { required: true }),
  model: text('The full name of the model.', { required: true }),
  version: text('The ID of the version.', { required: true }),
  hardware: hardwareField({ required: true }),
  min_instances: minInstances({ required: true }),
  max_instances: maxInstances({ required: true }),
}
const change: Fields = {
  version: text('The ID of the version.'),
  hardware: hardwareField(),
  min_instances: minInstances(),
  max_instances: maxInstances(),
}

export const deploymentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/deployments',
    handle: (context, request) => listPage(context, request, context.deployments.all(), viewDeployment),
  },
  { method: 'POST', path: '/v1/deployments', handle: createDeployment },
  {
    method: 'GET',
    path: '/v1/deployments/:owner/:name',
    handle(context, request) {
      const deployment = context.deployments.get(nameOf(request))
      return deployment ? ok(viewDeployment(deployment)) : notFound()
    },
  },
  { method: 'PATCH', path: '/v1/deployments/:owner/:name', handle: changeDeployment },
  { method: 'DELETE', path: '/v1/deployments/:owner/:name', handle: deleteDeployment },
  {
    method: 'POST',
    path: '/v1/deployments/:owner/:name/predictions',
    handle(context, request) {
      const deployment = context.deployments.get(nameOf(request))
      const model = deployment && context.catalogue.modelOfVersion(deployment.version)
      if (!deployment || !model) return notFound()
      return createPrediction(context, request, () => ({
        model,
        version: deployment.version,
        deployment: deployment.name,
      }))
    },
  },
]

async function createDeployment(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const read = readFields(request, creation)
  if ('kind' in read) return read
  const { name, ...release } = read.sent as unknown as { name: string } & Omit<Release, 'name'>
  if (!isName(name)) {
    return problem(422, 'name: may have lower-case letters, digits, and dashes, underscores or dots between them')
  }
  const row = {
    ...release,
    name: `${account.username}/${name}`,
    number: 1,
    released_ms: Math.floor(context.clock.now()),
    online_ms: 0,
  }
  const refused = await context.writer.write(() => {
    const wrong = wrongRelease(context, row)
    if (wrong) return wrong
    return context.deployments.insert(row) ? undefined : problem(409, 'A deployment with that name already exists.')
  })
  return refused ?? ok(viewDeployment(row))
}

async function changeDeployment(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const found = context.deployments.get(nameOf(request))
  if (!found) return notFound()
  const read = readFields(request, change)
  if ('kind' in read) return read
  if (Object.keys(read.sent).length === 0) {
    return problem(422, `Send at least one of: ${Object.keys(change).join(', ')}`)
  }
  const now = Math.floor(context.clock.now())
  const online = found.min_instances > 0 ? now : found.online_ms
  const row: DeploymentRow = { ...found, ...read.sent, released_ms: now, online_ms: online }
  const refused = await context.writer.write(() => {
    const wrong = wrongRelease(context, row)
    if (!wrong) context.deployments.release(row)
    return wrong
  })
  if (refused) return refused
  const released = context.deployments.get(row.name)
  return released ? ok(viewDeployment(released)) : notFound()
}

async function deleteDeployment(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const found = context.deployments.get(nameOf(request))
  if (!found) return notFound()
  const usedMs = Math.max(found.online_ms, context.predictions.lastUseMs(found.name))
  if (found.min_instances > 0 || usedMs > context.clock.now() - idleMs) {
    return problem(409, 'You can only delete deployments that have been offline and unused for at least 15 minutes.')
  }
  await context.writer.write(() => context.deployments.remove(found.name))
  return { kind: 'empty', status: 204 }
}

type Release = Pick<DeploymentRow, 'name' | 'model' | 'version' | 'hardware' | 'min_instances' | 'max_instances'>

function wrongRelease(context: SandboxContext, release: Release): Answer | undefined {
  const model = context.catalogue.modelOfVersion(release.version)
  if (!model || modelName(model) !== release.model) {
    return problem(422, `The version does not exist, or is not one of ${release.model}`, {
      title: 'Invalid version or not permitted',
    })
  }
  if (release.min_instances > release.max_instances) {
    return problem(422, 'min_instances: Must be less than or equal to max_instances')
  }
  return undefined
}

function viewDeployment(row: Omit<DeploymentRow, 'seq'>): JsonObject {
  const [owner = '', name = ''] = row.name.split('/')
  return {
    owner,
    name,
    current_release: {
      number: row.number,
      model: row.model,
      version: row.version,
      created_at: new Date(row.released_ms).toISOString(),
      created_by: account,
      configuration: {
        hardware: row.hardware,
        min_instances: row.min_instances,
        max_instances: row.max_instances,
      },
    },
  }
}

/** The deployments that a new sandbox has, so that the third way to create predictions can be tried at once. */
import type { Catalogue } from './catalogue/catalogue.ts'
import { modelName } from './catalogue/model.ts'
import { account } from './http/account-routes.ts'
import type { DeploymentRow } from './store/deployment-rows.ts'

const released = Date.UTC(2026, 0, 15, 9)

export function deploymentsAtStart(catalogue: Catalogue): Omit<DeploymentRow, 'seq'>[] {
  return [
    { name: 'pictures', model: 'black-forest-labs/flux-schnell' },
    { name: 'writer', model: 'meta/meta-llama-3-8b-instruct' },
  ].flatMap(({ name, model: wanted }) => {
    const model = catalogue.model(wanted)
    const version = model && catalogue.versions(modelName(model))[0]?.id
    if (!model || version === undefined) return []
    return {
      name: `${account.username}/${name}`,
      number: 1,
      model: wanted,
      version,
      hardware: model.hardware,
      min_instances: 0,
      max_instances: 5,
      released_ms: released,
      online_ms: 0,
    }
  })
}

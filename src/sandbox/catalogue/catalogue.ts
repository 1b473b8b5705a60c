/** Looks models and versions up by the ways that the API names them: those of the sandbox, and those that the account made. */
import type { ModelRows, OwnVersionRow } from '../store/model-rows.ts'
import { type CatalogueModel, modelName, modelVersions, type ModelVersion } from './model.ts'
import { trainingFields } from './training-fields.ts'

export interface Catalogue {
  /** Those of the sandbox. */
  models: readonly CatalogueModel[]
  model(name: string): CatalogueModel | undefined
  /** Newest first. */
  versions(name: string): readonly ModelVersion[]
  /** What a 64-hex version runs. */
  modelOfVersion(version: string): CatalogueModel | undefined
}

/** What the account made is read from its rows each time: another process may share them. */
export function createCatalogue(given: readonly CatalogueModel[], own: ModelRows): Catalogue {
  const models = given.map((model) => {
    const training = trainingFields[modelName(model)]
    return training ? { ...model, training } : model
  })
  const byName = new Map(models.map((model) => [modelName(model), model]))
  const versions = new Map(models.map((model) => [modelName(model), modelVersions(model)]))
  const byVersion = new Map<string, CatalogueModel>()
  for (const model of models) {
    for (const { id } of versions.get(modelName(model)) ?? []) byVersion.set(id, model)
  }

  /** A model that was trained answers as the one that it was trained from, under its own name. */
  function trained(row: OwnVersionRow | undefined): CatalogueModel | undefined {
    const base = row && modelOfVersion(row.base)
    if (!row || !base) return undefined
    const [owner = '', name = ''] = row.model.split('/')
    return { ...base, owner, name, official: false, price: { per: 'second' } }
  }

  const modelOfVersion = (version: string) => byVersion.get(version) ?? trained(own.version(version))

  return {
    models,
    model: (name) => byName.get(name) ?? trained(own.versions(name)[0]),
    versions: (name) =>
      versions.get(name) ??
      own.versions(name).map((row) => ({ id: row.id, createdAt: new Date(row.created_ms).toISOString() })),
    modelOfVersion,
  }
}

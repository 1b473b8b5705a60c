/** Looks models and versions up by the ways that the API names them. */
import { type CatalogueModel, modelName, modelVersions, type ModelVersion } from './model.ts'

export interface Catalogue {
  models: readonly CatalogueModel[]
  model(name: string): CatalogueModel | undefined
  versions(model: CatalogueModel): readonly ModelVersion[]
  /** The model that a 64-hex version belongs to. */
  modelOfVersion(version: string): CatalogueModel | undefined
}

export function createCatalogue(models: readonly CatalogueModel[]): Catalogue {
  const byName = new Map(models.map((model) => [modelName(model), model]))
  const versions = new Map(models.map((model) => [model, modelVersions(model)]))
  const byVersion = new Map<string, CatalogueModel>()
  for (const [model, all] of versions) for (const version of all) byVersion.set(version.id, model)
  return {
    models,
    model: (name) => byName.get(name),
    versions: (model) => versions.get(model) ?? [],
    modelOfVersion: (version) => byVersion.get(version),
  }
}

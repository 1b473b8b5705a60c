/** Every model of the sandbox. */
import { imageModels } from './image-models.ts'
import type { CatalogueModel } from './model.ts'
import { textModels } from './text-models.ts'

export const models: readonly CatalogueModel[] = [...imageModels, ...textModels]

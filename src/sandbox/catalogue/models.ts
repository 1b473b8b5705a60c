/** Every model of the sandbox. */
import { imageModels } from './image-models.ts'
import type { CatalogueModel } from './model.ts'
import { pictureModels } from './picture-models.ts'
import { soundModels } from './sound-models.ts'
import { textModels } from './text-models.ts'

export const models: readonly CatalogueModel[] = [...imageModels, ...pictureModels, ...textModels, ...soundModels]

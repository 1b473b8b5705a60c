/** Every route of the sandbox, in one list. */
import { accountRoutes } from './account-routes.ts'
import { collectionRoutes } from './collection-routes.ts'
import { controlRoutes } from './control-routes.ts'
import { deliveryRoutes } from './delivery-routes.ts'
import { deploymentRoutes } from './deployment-routes.ts'
import { fileRoutes } from './file-routes.ts'
import { modelRoutes } from './model-routes.ts'
import { ownModelRoutes } from './own-model-routes.ts'
import { predictionRoutes } from './prediction-routes.ts'
import type { Route } from './route.ts'
import { streamRoutes } from './stream-routes.ts'
import { trainingRoutes } from './training-routes.ts'

export const routes: readonly Route[] = [
  ...predictionRoutes,
  ...modelRoutes,
  ...ownModelRoutes,
  ...collectionRoutes,
  ...deploymentRoutes,
  ...trainingRoutes,
  ...fileRoutes,
  ...accountRoutes,
  ...deliveryRoutes,
  ...streamRoutes,
  ...controlRoutes,
]

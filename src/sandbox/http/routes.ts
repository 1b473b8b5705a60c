/** Every route of the sandbox, in one list. */
import { accountRoutes } from './account-routes.ts'
import { controlRoutes } from './control-routes.ts'
import { deliveryRoutes } from './delivery-routes.ts'
import { deploymentRoutes } from './deployment-routes.ts'
import { fileRoutes } from './file-routes.ts'
import { modelRoutes } from './model-routes.ts'
import { predictionRoutes } from './prediction-routes.ts'
import type { Route } from './route.ts'
import { streamRoutes } from './stream-routes.ts'

export const routes: readonly Route[] = [
  ...predictionRoutes,
  ...modelRoutes,
  ...deploymentRoutes,
  ...fileRoutes,
  ...accountRoutes,
  ...deliveryRoutes,
  ...streamRoutes,
  ...controlRoutes,
]

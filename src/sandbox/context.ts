/** What the routes share: the parts of one running sandbox. */
import type { Clock } from '../std/clock.ts'
import type { Catalogue } from './catalogue/catalogue.ts'
import type { Injector } from './faults/injector.ts'
import type { Latency } from './latency.ts'
import type { Changes } from './predictions/changes.ts'
import type { PredictionEngine } from './predictions/engine.ts'
import type { BatchWriter } from './store/batch-writer.ts'
import type { Content } from './store/content.ts'
import type { DeploymentRows } from './store/deployment-rows.ts'
import type { FileRows } from './store/file-rows.ts'
import type { ModelRows } from './store/model-rows.ts'
import type { PredictionRows } from './store/prediction-rows.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

export interface SandboxContext {
  clock: Clock
  seed: number
  secret: string
  /** Scheme, host and port; known once the server listens. */
  origin(): string
  /** Overrides the models' own. */
  latency: Latency | undefined
  catalogue: Catalogue
  injector: Injector
  engine: PredictionEngine
  predictions: PredictionRows
  /** Models that the account made. */
  ownModels: ModelRows
  deployments: DeploymentRows
  webhooks: Webhooks
  files: FileRows
  content: Content
  writer: BatchWriter
  changes: Changes
}

/** What an action works with: the parts of the program, each made when first asked for. */
import type { RunNews } from '../domain/events.ts'
import type { ArtifactStore } from '../state/artifacts/contract.ts'
import type { Store } from '../state/store/contract.ts'
import type { Price } from '../domain/definition.ts'
import type { Clock } from '../std/clock.ts'
import type { Random } from '../std/random.ts'
import type { Target } from '../targets/target.ts'
import type { EngineParts } from '../workflow/engine.ts'

/** Where models are called: for real, or in the sandbox. A run stays in the world that it was started in. */
export type World = 'real' | 'sandbox'

export interface App {
  /** Folder of store, artifacts and sandbox data. */
  readonly home: string
  /** Absent: the store is a file in the home folder. */
  readonly storeUrl: string | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  /** Where new runs call models. */
  readonly world: World
  /** The user's own prices, by `owner/name`. */
  prices(): Promise<Readonly<Record<string, Price>>>
  /** Whether models can be called for real. */
  readonly hasToken: boolean
  store(): Promise<Store>
  artifacts(): Promise<ArtifactStore>
  target(kind: string, world: World): Promise<Target>
  engine(world: World): Promise<EngineParts>
  /** Journaled facts and progress of every run that this process drives or follows. */
  subscribe(listener: (news: RunNews) => void): () => void
  /** Closes what was opened, in reverse order. */
  close(): Promise<void>
}

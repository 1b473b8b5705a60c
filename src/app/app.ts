/** What an action works with: the parts of the program, each made when first asked for. */
import type { Config } from '../config/config.ts'
import type { RunNews } from '../domain/events.ts'
import type { RouterState } from '../executor/routing/state.ts'
import type { ArtifactStore } from '../state/artifacts/contract.ts'
import type { Store } from '../state/store/contract.ts'
import type { PriceBook } from '../domain/price.ts'
import type { Cells } from '../std/cells.ts'
import type { Clock } from '../std/clock.ts'
import type { Json } from '../std/json.ts'
import type { Random } from '../std/random.ts'
import type { Target } from '../targets/target.ts'
import type { EngineParts } from '../workflow/engine.ts'
import type { LoadOptions } from '../workflow/load.ts'
import type { LockStore } from './pins/lock-store.ts'

/**
 * Where models are called: for real, in the sandbox, or nowhere: answers come from the recording in a folder. A run stays
 * in the world that it was started in.
 */
export type World = 'real' | 'sandbox' | `replay:${string}`

/** The folder of the recording that a world replays. */
export function replayFolder(world: World): string | undefined {
  return world.startsWith('replay:') ? world.slice('replay:'.length) : undefined
}

/** What a sandbox of its own is like. */
export interface SandboxWishes {
  seed?: number
  /** As the sandbox's `--latency` takes it. */
  latency?: string
  /** Failure rules as docs/sandbox.md lists them: text, or fields. */
  faults?: readonly Json[]
  clock?: Clock
}

/** Something wrong with a sandbox's seed, latency or faults, and where in them. */
export interface ScenarioProblem {
  path: readonly (string | number)[]
  at: 'key' | 'value'
  code: string
  message: string
  hint?: string
}

/** An app for one trial run, which shares nothing with this one. */
export interface Isolation {
  /** Its state folder. */
  home: string
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  random: Random
  sandbox: SandboxWishes
  /** Puts something between the executor and a target. */
  around(target: Target): Target
}

export interface App {
  /** Folder of store, artifacts and sandbox data. */
  readonly home: string
  /** The configuration, empty where there is none; what is wrong with it is in it. */
  config(): Promise<Config>
  /**
   * Agents that every workflow may name, for loading one. Throws ProblemsError `invalid_config` when the configuration is
   * wrong.
   */
  agents(): Required<Pick<LoadOptions, 'agents' | 'unusable'>> & Pick<LoadOptions, 'routing' | 'breaker'>
  /** Absent: the store is a file in the home folder. */
  readonly storeUrl: string | undefined
  readonly durability: 'full' | 'normal' | 'none'
  /** Keys of the configuration that whoever made this app gave itself, above everything that is configured. */
  readonly given: ReadonlySet<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  /** Where new runs call models. */
  readonly world: World
  /** What everything costs: the same book for estimates, budgets and reports. */
  prices(): Promise<PriceBook>
  /** Models are what the lock file says, whatever was published since; it is not written. */
  readonly frozen: boolean
  /** The lock file of a world; undefined where versions are not a project's: in a replay, or a trial run. */
  lock(world: World): Promise<LockStore | undefined>
  /** What the lock file of this app's world has for `owner/name`: 64 hex digits, or `official`. */
  lockedVersion(model: string): Promise<string | undefined>
  /** Whether models can be called for real. */
  readonly hasToken: boolean
  store(): Promise<Store>
  artifacts(): Promise<ArtifactStore>
  /** Tells accounts apart in the names of limits. */
  limitKey(world: World): string
  /** State that processes share: breakers, limits, budgets. Each world has its own; a replay's and a trial's lasts as long as they do. */
  cells(world: World): Promise<Cells>
  /** Which part of the cache of results a world uses. */
  cacheScope(world: World): Promise<string>
  target(kind: string, world: World): Promise<Target>
  engine(world: World): Promise<EngineParts>
  /** What calls of models taught; a replay's is its own. */
  routerState(world: World): Promise<RouterState>
  /** Throws, before anything is journaled, when the recording that the world is about can't be used. */
  ready(world: World): Promise<void>
  /** What is wrong with the wishes for a sandbox. */
  scenarioProblems(wishes: Pick<SandboxWishes, 'latency' | 'faults'>): Promise<readonly ScenarioProblem[]>
  /** An app in the sandbox with a state folder of its own; attempts follow each other without back-off. */
  isolated(isolation: Isolation): Promise<App>
  /** Journaled facts and progress of every run that this process drives or follows. */
  subscribe(listener: (news: RunNews) => void): () => void
  /** Closes what was opened, in reverse order. */
  close(): Promise<void>
}

/** The only place that picks concrete parts and wires them; each is made when first asked for, and closed in reverse order. */
import { UsageError } from '../domain/errors.ts'
import { resolve } from 'node:path'
import { cacheSettings } from '../config/cache.ts'
import { baseUrlOf } from '../config/environment.ts'
import { auditSettings } from '../config/audit.ts'
import { openConfig, type OpenConfigOptions } from '../config/open.ts'
import type { Bus } from '../domain/events.ts'
import type { PriceBook } from '../domain/price.ts'
import type { Executor } from '../executor/contract.ts'
import type { ExecutorParts } from '../executor/executor.ts'
import type { CacheParts } from '../executor/resilience/cache/cache.ts'
import type { RouterState } from '../executor/routing/state.ts'
import type { AuditLog } from '../observe/audit/log.ts'
import { type Cells, cellsUnder, createMemoryCells } from '../std/cells.ts'
import { type Clock, systemClock } from '../std/clock.ts'
import { defined } from '../std/defined.ts'
import { type Random, systemRandom } from '../std/random.ts'
import type { AgentFunction } from '../targets/function/target.ts'
import type { Targets } from '../targets/table.ts'
import type { EngineParts } from '../workflow/engine.ts'
import { type App, type Isolation, replayFolder, type SandboxWishes, type ScenarioProblem, type World } from './app.ts'
import { isOn } from './is-on.ts'
import { limitKey } from './limits/limit-key.ts'
import type { GivenPlugin } from './plugins/open-plugins.ts'
import { usedPlugins } from './plugins/used-plugins.ts'
import { qualityFaults } from './quality-faults.ts'
import type { RecordChoice } from './replicate-place.ts'
import { storePlace } from './store-place.ts'
import { stateFileOf } from './router/state-file-of.ts'
import { version } from './version.ts'

/** Without `dataDir`, it keeps everything in memory. */
export type StartSandbox = (
  dataDir: string | undefined,
  wishes?: SandboxWishes,
) => Promise<{ url: string; close(): Promise<void> }>

export interface AppOptions {
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  /** Default: the files that are found from the working folder (docs/configuration.md). */
  config?: Exclude<OpenConfigOptions['config'], undefined>
  /** Agents as they are written in YAML, by name; they come before those of the configuration. */
  agents?: Exclude<OpenConfigOptions['agents'], undefined>
  /** Default: $REPLICATE_AGENT_HOME, else the configuration's `store.home`, else the XDG state folder. */
  home?: string
  /** Comes before `home`: store and artifacts in a folder that can be carried elsewhere. */
  checkpointDir?: string
  /** Default: the configuration's `store.url`, else a file in the home folder. */
  storeUrl?: string
  /** Default: the configuration's, else `full`. `none`: what is thrown away at the end need not survive anything. */
  durability?: 'full' | 'normal' | 'none'
  /** New runs call models in the sandbox. */
  sandbox?: boolean
  /** Keeps what is asked of models, and answered, in a folder. */
  record?: RecordChoice
  /** New runs are answered from the recording in this folder. */
  replay?: string
  /** Starts a sandbox; without it there is no sandbox world. */
  startSandbox?: StartSandbox
  /** Finds what is wrong with wishes for the sandbox, before it is started. */
  checkScenario?: (wishes: unknown) => Promise<readonly ScenarioProblem[]>
  /** Models are what the lock file says, and it is not written. Default: $REPLICATE_AGENT_FROZEN. */
  frozen?: boolean
  /** For a trial run in the sandbox. */
  trial?: Pick<Isolation, 'around' | 'sandbox'> & Pick<App, 'prices'>
  /** The way in that calls come by, for the audit log. Default: sdk. */
  door?: string
  /** Default: $REPLICATE_API_TOKEN. */
  token?: string
  /** Default: $REPLICATE_BASE_URL, else Replicate's. */
  baseUrl?: string
  functions?: Readonly<Record<string, AgentFunction>>
  /** They are asked before those of the configuration. */
  plugins?: readonly GivenPlugin[]
  clock?: Clock
  random?: Random
  /** Told what the user should know and what stops nothing. */
  warn?: (message: string) => void
}

/** Characters; Replicate's have 40. */
const leastToken = 8

/** What is wrong with the configuration is thrown by the parts that use it. */
export async function createApp(options: AppOptions): Promise<App> {
  const { cwd, trial } = options
  const config = await openConfig(
    defined({ cwd, env: options.env, config: options.config, agents: options.agents, check: qualityFaults }),
  )
  const { env } = config ?? options
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  const kept = storePlace(options, env, config)
  const { home, storeUrl, durability } = kept
  const token = options.token ?? env['REPLICATE_API_TOKEN']?.trim() ?? ''
  const listeners = new Set<Bus>()
  const closers: (() => Promise<void>)[] = []
  const warn = (message: string) => options.warn?.(message)
  const bus: Bus = (news) => {
    for (const listener of listeners) listener(news)
  }

  /** Made once; what was opened is closed with the app. */
  function once<T>(make: () => Promise<T>, close?: (made: T) => Promise<void>): () => Promise<T> {
    let made: Promise<T> | undefined
    return () => {
      made ??= make().then((part) => {
        if (close) closers.push(() => close(part))
        return part
      })
      return made
    }
  }

  function worldOfNew(): World {
    if (options.replay !== undefined) return `replay:${resolve(cwd, options.replay)}`
    return options.sandbox ? 'sandbox' : 'real'
  }

  const store = once(
    async () => {
      const { openStore } = await import('../state/store/open.ts')
      config?.use('store')
      await (await import('./warn-of-network.ts')).warnOfNetwork(home, options.warn)
      return openStore(defined({ url: storeUrl, home, durability, clock, random }))
    },
    (opened) => opened.close(),
  )

  const artifacts = once(async () => {
    config?.use('store')
    return (await import('../state/artifacts/open.ts')).openArtifacts(resolve(home, 'artifacts'))
  })

  const prices = once(async (): Promise<PriceBook> => {
    if (trial) return trial.prices()
    config?.use('prices')
    return (await import('./open-prices.ts')).openPrices({ env, cwd, configured: config?.prices ?? [] })
  })

  const frozen = options.frozen ?? isOn(env['REPLICATE_AGENT_FROZEN'])
  const pins = once(async () => {
    const { openPins } = await import('./pins/open-pins.ts')
    const recordFolder = options.record?.folder
    const configFile = config?.files.findLast(({ scope }) => scope !== 'user')?.file
    return openPins({ cwd, configFile, clock, frozen, recordFolder, isTrial: trial !== undefined, warn })
  })

  const sandbox = once(
    async () => {
      if (!options.startSandbox)
        throw new UsageError('this app was made without a sandbox', { hint: 'give createApp a `startSandbox`' })
      return options.startSandbox(trial ? undefined : resolve(home, 'sandbox'), trial?.sandbox)
    },
    (started) => started.close(),
  )

  /** Made once for each world. */
  function worldly<T>(make: (world: World) => () => Promise<T>): (world: World) => Promise<T> {
    const made = new Map<World, () => Promise<T>>()
    return (world) => {
      const known = made.get(world) ?? make(world)
      made.set(world, known)
      return known()
    }
  }

  function urlOf(world: World): string | undefined {
    return options.baseUrl ?? (world === 'real' ? baseUrlOf(env, config) : undefined)
  }

  const place = worldly((world) =>
    once(async () => {
      const baseUrl = urlOf(world)
      const sandboxUrl = async () => (await sandbox()).url
      const { replicatePlace } = await import('./replicate-place.ts')
      return replicatePlace({ world, cwd, clock, token, baseUrl, record: options.record, sandboxUrl })
    }),
  )

  const targets = worldly((world) =>
    once(
      async (): Promise<Targets> => {
        const { openTargets } = await import('../targets/table.ts')
        const userAgent = `replicate-agent/${version}`
        const versions = await (await pins()).chooser(world)
        const requests = (await limits(world)).requests('replicate')
        const own = defined({ userAgent, clock, random, prices: await prices(), versions, requests })
        return openTargets({
          replicate: { ...(await place(world)), ...own },
          functions: options.functions ?? {},
        })
      },
      (opened) => opened.close(),
    ),
  )

  const targetOf = (world: World) => async (kind: string) => {
    const target = await (await targets(world)).get(kind)
    return trial ? trial.around(target) : target
  }

  const cellsOfFile = once(async () => {
    const { openCells } = await import('../state/cells/open.ts')
    const opened = await openCells({ file: resolve(home, 'shared.db'), clock, random })
    // Closed after all that may write into them when it is closed itself, though that was opened before.
    closers.unshift(async () => opened.close())
    return opened
  })

  const cells = worldly((world) =>
    once(async (): Promise<Cells> => {
      if (trial || replayFolder(world) !== undefined) return createMemoryCells()
      return cellsUnder(await cellsOfFile(), `${world}/`)
    }),
  )

  const limits = worldly((world) =>
    once(
      async () => {
        const { openLimits } = await import('./limits/open-limits.ts')
        const isTrial = trial !== undefined
        return openLimits({ home, world, isTrial, config, token, cells: () => cells(world), clock, random })
      },
      (made) => made.close(),
    ),
  )

  /** What is recorded or replayed is asked for each time; what other worlds made is not for this one. */
  async function cacheOf(world: World): Promise<CacheParts> {
    if (options.record || replayFolder(world) !== undefined)
      return (await import('./cache/own-cache.ts')).createOwnCache()
    config?.use('cache')
    const [{ openCache }, scope] = [await import('./cache/open-cache.ts'), await cacheScope(world)]
    const { warn = () => {} } = options
    const settings = cacheSettings(config?.spec.cache ?? {})
    return openCache({ store: await store(), scope, settings, cells: () => cells(world), clock, random, warn })
  }

  async function cacheScope(world: World): Promise<string> {
    return (await import('./cache/open-cache.ts')).scopeOf(world, urlOf(world))
  }

  /** A replay teaches nothing, for its models answered before; nor does what is thrown away at the end. */
  const routerState = worldly((world) =>
    once(
      async (): Promise<RouterState> => {
        if (trial || replayFolder(world) !== undefined)
          return (await import('../executor/routing/state.ts')).createMemoryState(clock)
        const { openRouterState } = await import('../executor/routing/state-file.ts')
        const { durability = 'full', warn = () => {} } = options
        return openRouterState({ ...stateFileOf({ home, clock, random }, world === 'sandbox'), durability, warn })
      },
      (opened) => opened.close(),
    ),
  )

  /** Replays and trials call nothing. */
  const callLog = worldly((world) =>
    once(
      async (): Promise<AuditLog | undefined> => {
        config?.use('audit')
        const settings = config?.audit ?? auditSettings()
        if (!settings.enabled || trial || replayFolder(world) !== undefined) return undefined
        const { openAudit } = await import('./audit/open-audit.ts')
        const { warn = () => {}, door = 'sdk' } = options
        const key = await (await store()).secretKey()
        const own = { home, world, cells: () => cells(world), clock, random, durability, warn }
        return openAudit({ ...own, settings, key, door })
      },
      async (opened) => opened?.close(),
    ),
  )

  async function budgetParts(world: World): Promise<NonNullable<ExecutorParts['budgets']>> {
    const { budgetParts: partsOf } = await import('./budgets/budget-parts.ts')
    return partsOf({ store, settings: config?.budgets ?? {}, sandbox: world === 'sandbox', warn })
  }
  const plugins = usedPlugins({ config, given: options.plugins ?? [], cwd, clock, warn }, once)

  const executor = worldly((world) =>
    once(
      async (): Promise<Executor> => {
        const { createExecutor } = await import('../executor/executor.ts')
        const parts: ExecutorParts = { targets: targetOf(world), cache: await cacheOf(world), clock, random }
        parts.routerState = await routerState(world)
        parts.cells = () => cells(world)
        const log = await callLog(world)
        if (log) parts.callLog = log
        parts.limits = await limits(world)
        config?.use('providers')
        if (config) parts.providerBreakers = config.providerBreakers
        if (trial || replayFolder(world) !== undefined) {
          parts.retryBudgets = 'none'
          parts.backoff = (_policy, { retry_after_ms = 0 }) => retry_after_ms
        } else {
          config?.use('budgets')
          parts.budgets = await budgetParts(world)
        }
        const { calledNext } = replayFolder(world) === undefined ? {} : await place(world)
        if (calledNext) parts.replayed = calledNext
        if (plugins) parts.hooks = plugins.calls
        return createExecutor(parts)
      },
      (made) => made.close(),
    ),
  )

  const engine = worldly((world) =>
    once(async (): Promise<EngineParts> => {
      const { thisHolder, probeHolder } = await import('../state/store/holder.ts')
      const { endHolder } = await import('../state/store/end-holder.ts')
      const { createBudget: gate } = await import('../executor/resilience/budget/budget.ts')
      const { default_usd, per_run: runCap } = config?.budgets ?? {}
      const createBudget: EngineParts['createBudget'] = (of) => gate({ ...of, ...defined({ default_usd }) })
      const opened = { store: await store(), artifacts: await artifacts(), executor: await executor(world) }
      const process_ = {
        holder: thisHolder(),
        probe: probeHolder,
        endHolder: (held: EngineParts['holder']) => endHolder(held, clock),
      }
      // Other worlds have no token; a shorter text is a stand-in for one, and may be any word.
      const own = world === 'real' && token.length >= leastToken ? [token] : []
      const secrets = [...own, ...(config?.secrets ?? []).filter((text) => text.length >= leastToken)]
      const waits = !trial && replayFolder(world) === undefined
      const { backoffDelay } = await import('../executor/resilience/retry/retry.ts')
      const nothing = { previous_ms: undefined, retry_after_ms: undefined }
      const backoff: EngineParts['backoff'] = (policy, failures) =>
        waits ? backoffDelay(policy, { failures, ...nothing }, random) : 0
      return {
        ...opened,
        ...process_,
        ...(await plugins?.forEngine()),
        secrets,
        clock,
        random,
        bus,
        createBudget,
        backoff,
        env,
        cwd,
        ...defined({ runCap }),
      }
    }),
  )

  return {
    ...kept,
    ...{ cwd, env, clock, random, store, artifacts, prices },
    async config() {
      return config ?? (await import('../config/config.ts')).createConfig({ layers: [], files: [], env, cwd })
    },
    agents() {
      config?.use('routing')
      config?.use('breaker')
      const { agents = {}, unusable = {}, routing, breaker } = config ?? {}
      return { agents, unusable, ...defined({ routing, breaker }) }
    },
    world: worldOfNew(),
    hasToken: token !== '',
    frozen,
    lock: async (world) => (await pins()).lock(world),
    async lockedVersion(model) {
      const lock = await (await pins()).lock(worldOfNew())
      return (await lock?.read())?.models.get(model)?.version
    },
    target: async (kind, world) => (await targets(world)).get(kind),
    engine,
    routerState,
    cells,
    limitKey: (world) => limitKey(world, token),
    cacheScope,
    async ready(world) {
      await plugins?.host()
      if (world === 'real') urlOf(world)
      const folder = replayFolder(world)
      if (folder !== undefined) await (await import('../targets/replicate/recording/replayer.ts')).readRecording(folder)
      else if (options.record) await place(world)
    },
    scenarioProblems: async (wishes) => (await options.checkScenario?.(wishes)) ?? [],
    isolated: ({ sandbox: wishes, around, ...own }) =>
      createApp({
        ...defined({ startSandbox: options.startSandbox, functions: options.functions, door: options.door }),
        ...{ ...own, config: false, sandbox: true, durability: 'none', trial: { around, sandbox: wishes, prices } },
      }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      const failures: unknown[] = []
      for (const close of closers.splice(0).toReversed()) await close().catch((error: unknown) => failures.push(error))
      if (failures.length > 0) throw failures[0]
    },
  }
}

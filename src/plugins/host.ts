/** The plugins in use: sets them up before they are first needed, asks them in order, and tears them down. */
import { ConfigurationError, NonRetryableError } from '../domain/errors.ts'
import type { StepHooks } from '../domain/step-hooks.ts'
import { agentHooks } from './agent-hooks.ts'
import { type Held, invoke, messageOf, type Surroundings } from './invoke.ts'
import type { CallHooks, HookName, HookTools, ServerContext, SetupTools } from './plugin.ts'
import { stepHooks } from './step-hooks.ts'

export interface PluginHost {
  calls: CallHooks
  steps: StepHooks
  /** A server listens. Throws ConfigurationError when a plugin that fails closed does. */
  serverInit(server: ServerContext): Promise<void>
  /** Before it ends; what fails is warned of. */
  serverClose(): Promise<void>
  /** Tears down what was set up, in reverse order; what fails is warned of. */
  close(): Promise<void>
}

export interface HostParts extends Surroundings {
  /** As they are configured. */
  plugins: readonly Omit<Held, 'state'>[]
  expression: SetupTools['expression']
}

/** Sets all of them up. Throws ConfigurationError when one that fails closed can't be; one that fails open is left out. */
export async function openHost(parts: HostParts): Promise<PluginHost> {
  const around: Surroundings = { clock: parts.clock, warn: onceEach(parts.warn) }
  const held: Held[] = []
  try {
    for (const plugin of parts.plugins.toSorted((a, b) => a.order - b.order)) {
      const ready = await setUp({ ...plugin, state: undefined }, around, parts.expression)
      if (ready) held.push(ready)
    }
  } catch (error) {
    await tearDown(held, around)
    throw error
  }
  const has = (...names: HookName[]) => held.filter(({ plugin }) => names.some((name) => plugin.hooks[name]))
  const callers = has('agent_pre_execute', 'agent_post_execute', 'agent_error')
  const steppers = has('step_pre', 'step_post')
  return {
    calls: agentHooks(callers, around),
    steps: stepHooks(steppers, around),
    async serverInit(server) {
      const context = Object.freeze({ ...server })
      for (const one of held) {
        const error = await tryHook(one, 'server_init', around, (tools) =>
          one.plugin.hooks.server_init?.(context, tools),
        )
        if (error !== undefined && one.on_error === 'closed') throw unusable(one, 'server_init', error)
      }
    },
    async serverClose() {
      for (const one of held.toReversed())
        await tryHook(one, 'server_close', around, (tools) => one.plugin.hooks.server_close?.(tools))
    },
    close: () => tearDown(held, around),
  }
}

/** Undefined: it failed, and goes on being left out. */
async function setUp(
  held: Held,
  around: Surroundings,
  expression: SetupTools['expression'],
): Promise<Held | undefined> {
  const { setup } = held.plugin.hooks
  if (!setup) return held
  const { folder } = held
  const end = await invoke(held, around, {
    hook: 'setup',
    signal: undefined,
    call: ({ options, deadline, signal, warn }) => setup({ options, deadline, signal, warn, folder, expression }),
    read: (state) => state,
  })
  if (end.ok) return { ...held, state: end.value }
  if (held.on_error === 'closed') throw unusable(held, 'setup', end.error)
  around.warn(`plugin "${held.plugin.name}" is left out, for it failed in setup: ${messageOf(end.error)}`)
  return undefined
}

async function tearDown(held: Held[], around: Surroundings): Promise<void> {
  for (const one of held.splice(0).toReversed())
    await tryHook(one, 'teardown', around, (tools) => one.plugin.hooks.teardown?.(tools))
}

/** What it failed by, which is warned of unless somebody is to be stopped by it. */
async function tryHook(
  held: Held,
  hook: HookName,
  around: Surroundings,
  call: (tools: HookTools) => unknown,
): Promise<unknown> {
  const end = await invoke(held, around, { hook, signal: undefined, call, read: () => undefined })
  if (end.ok) return undefined
  if (hook !== 'server_init' || held.on_error === 'open')
    around.warn(`plugin "${held.plugin.name}" failed in ${hook}: ${messageOf(end.error)}`)
  return end.error ?? new NonRetryableError('plugin_failed', 'it threw nothing')
}

function unusable({ plugin }: Held, hook: HookName, error: unknown): ConfigurationError {
  return new ConfigurationError('invalid_config', `plugin "${plugin.name}" failed in ${hook}: ${messageOf(error)}`, {
    hint: 'set right what it says, take it out of `plugins`, or give it `on_error: open`',
    details: { plugin: plugin.name, hook },
    cause: error,
  })
}

/** A plugin that fails at each of ten thousand items says so once. */
function onceEach(warn: (message: string) => void): (message: string) => void {
  const said = new Set<string>()
  return (message) => {
    if (said.has(message) || said.size >= 1_000) return
    said.add(message)
    warn(message)
  }
}

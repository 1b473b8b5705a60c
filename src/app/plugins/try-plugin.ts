/** Puts a sample call and a sample step through one plugin, and says what each of its hooks did and took. */
import { NonRetryableError, ReplicateAgentError, toErrorData } from '../../domain/errors.ts'
import { openHost, type PluginHost } from '../../plugins/host.ts'
import type { AgentContext, HookedCall, Hooks } from '../../plugins/plugin.ts'
import type { Clock } from '../../std/clock.ts'
import type { LoadedPlugin } from './configured.ts'
import { outputExpression } from './output-expression.ts'

export interface TriedPlugin {
  tried: { hook: string; ms: number; outcome: string }[]
  faults: string[]
}

const signal = new AbortController().signal

const sample: AgentContext = {
  ...{
    call: 'sample/1/step//',
    run_id: 'sample',
    root_run_id: 'sample',
    run_attempt: 1,
    workflow: 'sample',
    step: 'step',
  },
  ...{ agent: 'sample', models: ['sample/model'], input: { prompt: 'Write a short text about a lighthouse.' } },
}

const sampleStep = {
  ...{ run_id: 'sample', run_attempt: 1, workflow: 'sample', step: 'step' },
  ...{ kind: 'agent' as const, input: sample.input },
}

const money = { cost_usd: 0.01, spent_usd: 0.01 }

/** A refusal is no fault: what the plugin guards against may be in the sample. */
export async function tryPlugin(loaded: LoadedPlugin, clock: Clock): Promise<TriedPlugin> {
  const tried: TriedPlugin['tried'] = []
  const faults: string[] = []
  const { hooks } = loaded.plugin
  const attempt = async <T>(hook: keyof Hooks, run: () => Promise<T>): Promise<T | undefined> => {
    if (hooks[hook] === undefined) return undefined
    const before = faults.length
    const began = clock.monotonic()
    let outcome = 'ok'
    let value: T | undefined
    try {
      value = await run()
    } catch (error) {
      const { code, message } = toErrorData(error)
      outcome = code === 'refused' || code === 'withheld' ? code : 'failed'
      if (outcome === 'failed') faults.push(message)
    }
    if (faults.length > before) outcome = 'failed'
    tried.push({ hook, ms: Math.round((clock.monotonic() - began) * 1000) / 1000, outcome })
    return value
  }
  // Closed, so that whatever fails is told.
  const parts = { clock, expression: outputExpression(clock), warn: (message: string) => void faults.push(message) }
  const began = clock.monotonic()
  let host: PluginHost
  try {
    host = await openHost({ ...parts, plugins: [{ ...loaded, on_error: 'closed' }] })
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    return { tried: [{ hook: 'setup', ms: clock.monotonic() - began, outcome: 'failed' }], faults: [error.message] }
  }
  if (hooks.setup)
    tried.push({ hook: 'setup', ms: Math.round((clock.monotonic() - began) * 1000) / 1000, outcome: 'ok' })
  // Each has its own passage, so that every hook is seen; a plugin without the first is let in all the same.
  const enter = () => host.calls.enter(sampleCall(), false)
  const entered = (await attempt('agent_pre_execute', enter)) ?? (await enter().catch(() => undefined))
  const result = { output: 'A lighthouse stands at the sea.', files: [], model: 'sample/model', ...money }
  if (entered)
    await attempt('agent_post_execute', () =>
      entered.answered({ ...result, latency_ms: 1, attempts: 1, cached: false }),
    )
  const failing = hooks.agent_error && (await enter().catch(() => undefined))
  const failure = { ...toErrorData(new NonRetryableError('not_found', 'a sample of a failure')), ...money }
  if (failing) await attempt('agent_error', () => failing.failed(failure))
  await attempt('step_pre', () => host.steps.pre(sampleStep, signal))
  await attempt('step_post', () => host.steps.post(sampleStep, result.output, signal))
  await attempt('server_init', () => host.serverInit({ url: 'http://127.0.0.1:0', transport: 'http' }))
  await attempt('server_close', () => host.serverClose())
  if (hooks.teardown) await attempt('teardown', () => host.close())
  return { tried, faults: [...new Set(faults)] }
}

function sampleCall(): HookedCall {
  return {
    context: sample,
    signal,
    asked_by: [],
    earlier: [],
    estimate: async () => money.cost_usd,
    // Nothing is paid for a check; 0 is what the least suspicious answer scores.
    ask: async () => ({ output: '0', cost_usd: 0 }),
  }
}

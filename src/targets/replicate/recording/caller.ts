/** In whose name a request is made: the step and item of the call that it belongs to, and the secrets of its run. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { TargetContext } from '../../target.ts'
import type { Mask } from './conceal.ts'

export interface Caller {
  /** `draw`, `draw[3]`. */
  name: string
  mask: Mask
}

export interface Callers {
  now(): Caller | undefined
  during<T>(context: TargetContext, call: () => Promise<T>): Promise<T>
}

export function trackCallers(): Callers {
  const storage = new AsyncLocalStorage<Caller>()
  return {
    now: () => storage.getStore(),
    during: (context, call) => storage.run({ name: callerName(context), mask: (value) => context.mask(value) }, call),
  }
}

export function callerName({ labels: { step, index } }: Pick<TargetContext, 'labels'>): string {
  return index === undefined ? step : `${step}[${index}]`
}

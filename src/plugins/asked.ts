/** Reads what a hook gave back, and keeps why it refused. */
import { NonRetryableError } from '../domain/errors.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { checkedJson } from './frozen-json.ts'
import type { HookName, Plugin } from './plugin.ts'

export interface Reasons {
  refuse(reason: string, hint?: string): null
  reason: string | undefined
  hint: string | undefined
}

export function reasons(): Reasons {
  const kept: Reasons = {
    reason: undefined,
    hint: undefined,
    refuse(reason, hint) {
      kept.reason = String(reason)
      kept.hint = hint === undefined ? undefined : String(hint)
      return null
    },
  }
  return kept
}

/** What a hook makes of what it was given: null refuses it, undefined leaves it as it is. */
export type Verdict<T extends Json = Json> = { value: T } | null | undefined

/** Another value for `field`. Throws an Error about anything else that the hook made up. */
export function changed(hook: HookName, given: object, back: unknown, field: string): Verdict {
  if (back === undefined || back === null) return back
  if (back === given) return undefined
  const what = hook.startsWith('step') || hook === 'agent_post_execute' ? 'what it was given' : 'the context'
  if (typeof back !== 'object' || back === null || Array.isArray(back))
    throw new NonRetryableError('plugin_failed', `it gave back ${nameOf(back)}, not ${what}, null or nothing`)
  const fields = back as Record<string, unknown>
  const before = given as Record<string, unknown>
  if (!Object.hasOwn(fields, field))
    throw new NonRetryableError('plugin_failed', `it gave back an object without \`${field}\``)
  for (const [key, value] of Object.entries(fields)) {
    if (key === field || value === before[key] || value === undefined) continue
    throw new NonRetryableError('plugin_failed', `it changed \`${key}\`: only \`${field}\` may be changed`)
  }
  return fields[field] === before[field] ? undefined : { value: checkedJson(fields[field]) }
}

/** The same for an input, which is an object. */
export function changedInput(hook: HookName, given: object, back: unknown): Verdict<JsonObject> {
  const verdict = changed(hook, given, back, 'input')
  if (verdict && !isObject(verdict.value))
    throw new NonRetryableError('plugin_failed', 'it gave back an `input` that is no object')
  return verdict as Verdict<JsonObject>
}

function nameOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

export function refused(
  { name }: Plugin,
  code: 'refused' | 'withheld',
  what: string,
  { reason, hint }: Reasons,
): NonRetryableError {
  const verb = code === 'refused' ? 'refused' : 'withheld'
  return new NonRetryableError(code, `plugin "${name}" ${verb} ${what}${reason === undefined ? '' : `: ${reason}`}`, {
    hint: hint ?? 'the plugin is configured under `plugins` in replicate-agent.yaml; `plugins list` shows how',
    details: { plugin: name },
  })
}

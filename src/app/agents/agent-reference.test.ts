/** docs/agent-reference.yaml: every key that an agent can have, with its default. */
import { resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../config/config.ts'
import { openConfig } from '../../config/open.ts'
import { agentSpec } from '../../documents/agent/spec.ts'
import { isObject } from '../../std/json.ts'
import { policiesOfAgent } from './policies-of-agent.ts'

const file = resolve(import.meta.dirname, '../../../docs/agent-reference.yaml')

let config: Config
beforeAll(async () => {
  config = (await openConfig({ cwd: '/', env: {}, config: file })) as Config
})

const held = async (name: string) => {
  const { agents } = config
  const policies = await policiesOfAgent({ config: async () => config }, agents[name] as never, undefined)
  return Object.fromEntries(policies.map(({ key, value }) => [key, value]))
}

interface Shape {
  def: { type: string; shape?: Record<string, Shape>; innerType?: Shape; options?: Shape[] }
}

/** Every key of a schema, `retry.attempts`; of what may be written in several ways, those of all. */
function keysOf({ def }: Shape): string[] {
  if (def.innerType) return keysOf(def.innerType)
  if (def.options) return [...new Set(def.options.flatMap(keysOf))]
  return Object.entries(def.shape ?? {}).flatMap(([key, inner]) => [
    key,
    ...keysOf(inner).map((below) => `${key}.${below}`),
  ])
}

function keysIn(value: unknown): string[] {
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner).map((below) => `${key}.${below}`)])
}

/** All classes of failure have the same keys. */
const anyClass = (key: string) => key.replace(/(by_class)\.\w+/, '$1.CLASS')

describe('the reference of agents', () => {
  test('is a configuration without a fault', () => {
    expect(() => config.use()).not.toThrow()
    expect(config.problems).toEqual([])
  })

  test('has every key that an agent can have', () => {
    const known = keysOf(agentSpec as unknown as Shape)
    expect(known).toEqual(expect.arrayContaining(['retry.attempts', 'breaker.fallback_agent', 'routing.weights.cost']))
    const written = new Set(Object.values(config.spec.agents ?? {}).flatMap(keysIn))
    const names = new Set([...written].map(anyClass))
    expect([...new Set(known.map(anyClass))].filter((key) => !names.has(key))).toEqual([])
  })

  test('writes defaults out as they are', async () => {
    const plain = await held('plain')
    expect(await held('written_out')).toEqual(plain)
    expect(await held('guarded')).toEqual(await held('guarded_in_short'))
    // What can be written out is: a new policy with a default belongs there, too.
    const written = new Set(keysIn(config.spec.agents?.['written_out']))
    const unwritten = Object.entries(plain).filter(([key, value]) => value !== null && !written.has(key))
    expect(unwritten).toEqual([])
  })
})

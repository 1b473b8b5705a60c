/** `pii_mask`: models get placeholders in place of personal data and credentials; in their answers these become what they stand for. */
import { z } from 'zod'
import { compileLinear, type LinearRegex } from '../../std/linear-regex.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Plugin } from '../plugin.ts'
import { mapTexts, mapTextsOfOutput } from './map-texts.ts'
import { defaultKinds, findKind, type Found, piiKinds } from './pii-kinds.ts'
import { createPlaceholders, type Placeholders } from './placeholders.ts'

const options = z.strictObject({
  kinds: z
    .array(z.enum(piiKinds, { error: `must be one of ${piiKinds.join(', ')}` }), { error: 'must be a list of kinds' })
    .default([...defaultKinds]),
  patterns: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, 'a name is lower-case letters, digits and _'),
      z.string({ error: 'must be a pattern in RE2 syntax' }).superRefine((pattern, context) => {
        try {
          compileLinear(pattern)
        } catch (error) {
          context.addIssue({ code: 'custom', message: `is no pattern in RE2 syntax: ${(error as Error).message}` })
        }
      }),
      { error: 'must be a mapping of names to patterns' },
    )
    .default({}),
  restore: z.boolean({ error: 'must be true or false' }).default(true),
})
type Options = z.output<typeof options>

interface State {
  find(text: string): Found[]
  /** Of the calls on their way: made anew, and the same, when a call is taken up again. */
  calls: Map<string, Placeholders>
}

export const piiMask: Plugin<Options, State> = {
  name: 'pii_mask',
  description: 'models get <EMAIL_1> and the like in place of personal data and credentials',
  options,
  // What is given on is what everything after it sees, the cache, the journal and other plugins included.
  order: -100,
  hooks: {
    setup: ({ options: { kinds, patterns } }) => ({ find: finder(kinds, patterns), calls: new Map() }),
    agent_pre_execute(context, { options: { restore }, state }) {
      const placeholders = createPlaceholders(context.input)
      const input = mapTexts(context.input, (text) => placeholders.put(text, state.find(text))) as JsonObject
      if (placeholders.count === 0) return undefined
      if (restore) state.calls.set(context.call, placeholders)
      return { ...context, input }
    },
    agent_post_execute(context, result, { state }) {
      const placeholders = state.calls.get(context.call)
      state.calls.delete(context.call)
      if (!placeholders) return undefined
      return { ...result, output: mapTextsOfOutput(result.output, placeholders) }
    },
    agent_error(context, _error, { state }) {
      state.calls.delete(context.call)
    },
  },
}

/** Finds what is to be masked in a text, in order, without overlaps. */
function finder(kinds: Options['kinds'], patterns: Options['patterns']): (text: string) => Found[] {
  const own = Object.entries(patterns).map(([name, pattern]): [string, LinearRegex] => [
    name.toUpperCase(),
    compileLinear(pattern),
  ])
  const wanted = piiKinds.filter((kind) => kinds.includes(kind))
  return (text) => {
    // Own patterns come first; then, in order, what is surest.
    const all = own.flatMap(([label, pattern]) => matchesOf(pattern, label, text))
    for (const kind of wanted) all.push(...findKind(kind, text))
    return withoutOverlaps(all)
  }
}

function matchesOf(pattern: LinearRegex, label: string, text: string): Found[] {
  const matcher = pattern.matcher(text)
  const found: Found[] = []
  while (matcher.find()) {
    if (matcher.end() > matcher.start()) found.push({ start: matcher.start(), end: matcher.end(), label })
  }
  return found
}

/** What was listed first wins. */
function withoutOverlaps(all: readonly Found[]): Found[] {
  if (all.length < 2) return [...all]
  const sorted = all
    .map((found, rank) => ({ found, rank }))
    .toSorted((a, b) => a.found.start - b.found.start || a.rank - b.rank)
  const kept: { found: Found; rank: number }[] = []
  for (const next of sorted) {
    let last = kept.at(-1)
    while (last && last.found.end > next.found.start && next.rank < last.rank) {
      kept.pop()
      last = kept.at(-1)
    }
    if (!last || last.found.end <= next.found.start) kept.push(next)
  }
  return kept.map(({ found }) => found)
}

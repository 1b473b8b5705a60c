/** Functions that are lenient about missing data, JSON, and time. */
import type { Json } from '../../std/json.ts'
import { parseDuration } from '../../std/duration.ts'
import type { Budget } from '../budget.ts'
import { Fault } from '../fault.ts'
import { fromJsonText, toJsonText } from '../json-text.ts'
import { describe } from '../values.ts'
import { anyType, booleanType, join, numberType, stringType } from '../value-type.ts'
import type { FunctionSpec } from './function-spec.ts'
import { findAt, parsePath } from './path.ts'

function keysOf(path: string | number | Json[], budget: Budget): readonly Json[] {
  if (typeof path === 'string') return parsePath(path, budget)
  return typeof path === 'number' ? [path] : path
}

export const dataFunctions = {
  defined: {
    parameters: [{ name: 'reference' }],
    result: booleanType,
    doc: 'Whether there is something to read, even if it is null; a missing field on the way is no error.',
    lenient: 'presence',
    call: (args) => args[0] as boolean,
  },
  default: {
    parameters: [{ name: 'reference' }, { name: 'fallback' }],
    result: (args) => (args[0]?.kind === 'null' ? (args[1] ?? anyType) : join(args[0] ?? anyType, args[1] ?? anyType)),
    doc: 'The first, or the fallback when that is missing or null; the same as `reference ?? fallback`.',
    lenient: 'null',
    call: (args) => (args[0] ?? args[1]) as Json,
  },
  get: {
    parameters: [
      { name: 'x' },
      { name: 'path', kinds: ['string', 'array', 'number'] },
      { name: 'fallback', optional: true },
    ],
    result: anyType,
    doc: 'The value at a path (`"a.b[0]"`, or a list of keys), or the fallback (else null) when that is missing or null.',
    lenient: 'null',
    call: (args, { budget }) => {
      const [value, path, fallback = null] = args as [Json, string | number | Json[], Json | undefined]
      return findAt(value, keysOf(path, budget), budget) ?? fallback
    },
  },
  json: {
    parameters: [{ name: 'x' }],
    result: stringType,
    doc: 'The value as compact JSON text.',
    call: (args, { budget }) => toJsonText(args[0] as Json, budget),
  },
  parse_json: {
    parameters: [{ name: 'text', kinds: ['string'] }],
    result: anyType,
    doc: 'The value that is written as JSON in a string.',
    call: (args, { budget }) => fromJsonText(args[0] as string, budget),
  },
  now: {
    parameters: [],
    result: numberType,
    doc: 'Milliseconds since 1970, fixed once for each step.',
    call: (_args, { now }) => now,
  },
  duration: {
    parameters: [{ name: 'written', kinds: ['string', 'number'] }],
    result: numberType,
    doc: 'Milliseconds of `"500ms"`, `"30s"`, `"5m"` or `"1h"`; a bare number is seconds.',
    call: (args) => {
      const written = args[0] as string | number
      const milliseconds = typeof written === 'string' && written.length > 50 ? undefined : parseDuration(written)
      if (milliseconds === undefined || !Number.isFinite(milliseconds)) {
        throw new Fault('bad_duration', `${describe(written)} is no duration`, 'write "500ms", "30s", "5m" or "1h"')
      }
      return milliseconds
    },
  },
} satisfies Record<string, FunctionSpec>

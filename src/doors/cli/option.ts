/** The options and arguments of a verb as data, each with the type of value that it gives. */
import { UsageError } from '../../domain/errors.ts'
import { parseBytes } from '../../std/byte-size.ts'
import { parseDuration } from '../../std/duration.ts'

export interface OptionSpec<T = unknown> {
  /** As commander reads them: `-o, --output <name>`. */
  flags: string
  description: string
  /** Turns the written text into the value; throws UsageError. Absent for flags. */
  parse?: (text: string) => T
  /** Given several times, it gives a list. */
  repeatable?: boolean
  default?: T
  choices?: readonly string[]
}

export interface ArgumentSpec<T = unknown> {
  description: string
  required: boolean
  variadic: boolean
  choices?: readonly string[]
  /** Only for the type. */
  readonly value?: T
}

export type OptionValues<O> = { [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never }
export type ArgumentValues<A> = { [K in keyof A]: A[K] extends ArgumentSpec<infer T> ? T : never }

export function flag(flags: string, description: string): OptionSpec<boolean> {
  return { flags, description, default: false }
}

/** `--no-x`: true unless it is given. */
export function negatedFlag(flags: `--no-${string}`, description: string): OptionSpec<boolean> {
  return { flags, description, default: true }
}

export function text(flags: string, description: string): OptionSpec<string | undefined> {
  return { flags, description, parse: (written) => written }
}

/** A text that the same option with `--no-` in front of it makes false. */
export function noText(flags: string, description: string): OptionSpec<string | false | undefined> {
  return { flags, description }
}

export function texts(flags: string, description: string): OptionSpec<string[]> {
  return { flags, description, repeatable: true, default: [] }
}

export function choice<const C extends string>(
  flags: string,
  description: string,
  choices: readonly C[],
): OptionSpec<C | undefined>
export function choice<const C extends string>(
  flags: string,
  description: string,
  choices: readonly C[],
  otherwise: C,
): OptionSpec<C>
export function choice(
  flags: string,
  description: string,
  choices: readonly string[],
  otherwise?: string,
): OptionSpec<string | undefined> {
  return { flags, description, choices, ...(otherwise !== undefined && { default: otherwise }) }
}

export function wholeNumber(flags: string, description: string, least: number): OptionSpec<number | undefined> {
  return {
    flags,
    description,
    parse: (written) => numberFrom(written, flags, /^\d+$/, `a whole number of at least ${least}`, least),
  }
}

export function decimal(flags: string, description: string, least: number): OptionSpec<number | undefined> {
  const what = `a number of at least ${least}`
  return { flags, description, parse: (written) => numberFrom(written, flags, /^\d*\.?\d+$/, what, least) }
}

export function dollars(flags: string, description: string): OptionSpec<number | undefined> {
  return { flags, description, parse: (written) => numberFrom(written, flags, /^\d*\.?\d+$/, 'a number of dollars', 0) }
}

export function percent(flags: string, description: string): OptionSpec<number | undefined> {
  return {
    flags,
    description,
    parse(written) {
      const value = numberFrom(written, flags, /^\d+(\.\d+)?$/, 'a percentage from 0 to 100', 0)
      if (value <= 100) return value
      throw new UsageError(`${longName(flags)} takes a percentage from 0 to 100, not "${written}"`)
    },
  }
}

/** Milliseconds; a bare number is seconds. */
export function duration(flags: string, description: string): OptionSpec<number | undefined> {
  return {
    flags,
    description,
    parse(written) {
      const ms = parseDuration(written)
      if (ms !== undefined && ms > 0) return ms
      throw new UsageError(`${longName(flags)} takes a duration such as 30s, 5m or 1h, not "${written}"`)
    },
  }
}

const agesMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Milliseconds. */
export function age(flags: string, description: string): OptionSpec<number | undefined> {
  return {
    flags,
    description,
    parse(written) {
      const match = /^(\d{1,9}(?:\.\d+)?)(s|m|h|d|w)$/.exec(written)
      if (match) return Number(match[1]) * agesMs[match[2] as keyof typeof agesMs]
      throw new UsageError(`${longName(flags)} takes an age such as 12h, 30d or 8w, not "${written}"`)
    },
  }
}

export function bytes(flags: string, description: string): OptionSpec<number | undefined> {
  return {
    flags,
    description,
    parse(written) {
      const size = parseBytes(written)
      if (size !== undefined) return size
      throw new UsageError(`${longName(flags)} takes a size such as 500MB, 5GB or 2GiB, not "${written}"`)
    },
  }
}

function numberFrom(written: string, flags: string, pattern: RegExp, what: string, least: number): number {
  const value = Number(written)
  if (pattern.test(written) && Number.isFinite(value) && value >= least) return value
  throw new UsageError(`${longName(flags)} takes ${what}, not "${written}"`)
}

/** `--max-concurrency` of `-m, --max-concurrency <n>`. */
export function longName(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? (flags.split(/[ ,]/)[0] as string)
}

export function required(description: string): ArgumentSpec<string> {
  return { description, required: true, variadic: false }
}

/** One of several words. */
export function requiredChoice<const C extends string>(description: string, choices: readonly C[]): ArgumentSpec<C> {
  return { description, required: true, variadic: false, choices }
}

export function optional(description: string): ArgumentSpec<string | undefined> {
  return { description, required: false, variadic: false }
}

export function oneOrMore(description: string): ArgumentSpec<string[]> {
  return { description, required: true, variadic: true }
}

export function zeroOrMore(description: string): ArgumentSpec<string[]> {
  return { description, required: false, variadic: true }
}

/** The options and arguments of a verb as data, each with the type of value that it gives. */
import { UsageError } from '../../domain/errors.ts'

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

export function dollars(flags: string, description: string): OptionSpec<number | undefined> {
  return { flags, description, parse: (written) => numberFrom(written, flags, /^\d*\.?\d+$/, 'a number of dollars', 0) }
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

export function optional(description: string): ArgumentSpec<string | undefined> {
  return { description, required: false, variadic: false }
}

export function oneOrMore(description: string): ArgumentSpec<string[]> {
  return { description, required: true, variadic: true }
}

export function zeroOrMore(description: string): ArgumentSpec<string[]> {
  return { description, required: false, variadic: true }
}

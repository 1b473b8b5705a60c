/** A verb of the command line: one object with its description, arguments, options, examples and what it does. */
import type { ArgumentSpec, ArgumentValues, OptionSpec, OptionValues } from './option.ts'
import type { CommandContext } from './context.ts'

export interface Example {
  command: string
  what: string
}

export interface CommandDefinition<A, O> {
  /** A sentence or two for `--help`; the table has the short one. */
  description: string
  /** By name, in order. */
  args: A
  options: O
  examples: readonly Example[]
  /** Gives the exit code; nothing means 0. What it throws is printed and mapped by the program. */
  run(context: CommandContext, given: ArgumentValues<A> & OptionValues<O>): Promise<number | void>
}

export type Command = CommandDefinition<Readonly<Record<string, ArgumentSpec>>, Readonly<Record<string, OptionSpec>>>

/** Types `given` by the specs; the result is what the program knows how to run. */
export function defineCommand<A extends Record<string, ArgumentSpec>, O extends Record<string, OptionSpec>>(
  definition: CommandDefinition<A, O>,
): Command {
  return definition
}

/** Builds the commander program from the table: every verb by name, but only the one that is asked for with its options. */
import { Argument, Command as Commander, CommanderError, Option } from 'commander'
import { UsageError } from '../../domain/errors.ts'
import { suggest } from '../../std/suggest.ts'
import type { Command } from './command.ts'
import { aliases, type NounEntry, nounTable, type VerbEntry, verbTable } from './commands/table.ts'
import type { OptionSpec } from './option.ts'
import { flag } from './option.ts'
import type { Style } from './output/style.ts'

/** Options that every verb has. */
export const commonOptions = {
  debug: flag('--debug', 'show stack traces'),
}

export interface Parsed {
  command: Command
  given: Readonly<Record<string, unknown>>
}

export interface ProgramOutput {
  style: Style
  columns: number
  /** Help that was asked for. */
  write(text: string): void
}

/** What is to be run, or undefined when help was asked for and printed. Throws UsageError. */
export async function parseProgram(argv: readonly string[], output: ProgramOutput): Promise<Parsed | undefined> {
  let parsed: Parsed | undefined
  const args = normalised(argv)
  const root = bare('replicate-agent', output)
    .description('Runs workflows of AI models from one YAML file: durable, resumable, never paying twice.')
    .usage('<noun> <verb> [options]')
    .option('--version', 'print the version')
    // Of a verb, `--version` is its own.
    .enablePositionalOptions()
    .addHelpText('after', rootExamples(output.style))
  const chosen = (command: Command) => (given: Parsed['given']) => {
    parsed = { command, given }
  }
  for (const [noun, entry] of Object.entries(nounTable)) {
    const parent = bare(noun, output).description(entry.summary).usage('<verb> [options]')
    for (const [verb, { summary }] of Object.entries(entry.verbs)) {
      const child = bare(verb, output).summary(summary).description(summary)
      if (args[0] === noun && args[1] === verb) await fill(child, entry.verbs[verb] as VerbEntry, chosen, output)
      parent.addCommand(child)
    }
    root.addCommand(parent)
  }
  for (const [verb, entry] of Object.entries(verbTable)) {
    const child = bare(verb, output).summary(entry.summary).description(entry.summary)
    if (args[0] === verb) await fill(child, entry, chosen, output)
    root.addCommand(child)
  }
  assertKnown(args)
  if (isUnfinished(args)) {
    root.commands.find((child) => child.name() === args[0])?.outputHelp()
    if (args.length === 0) root.outputHelp()
    return undefined
  }
  try {
    root.parse(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return usageError(error)
    throw error
  }
  return parsed
}

/** `help run` is `run --help`; aliases stand for their verb. */
function normalised(argv: readonly string[]): string[] {
  const args = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv]
  const full = Object.hasOwn(aliases, args[0] ?? '') ? aliases[args[0] as string] : undefined
  return full ? [...full, ...args.slice(1)] : args
}

/** Nothing, or a noun alone: its help is what can be said. */
function isUnfinished(args: readonly string[]): boolean {
  return args.length === 0 || (args.length === 1 && Object.hasOwn(nounTable, args[0] as string))
}

function assertKnown(args: readonly string[]): void {
  const [first, second] = args
  if (first === undefined || first.startsWith('-')) return
  const noun = Object.hasOwn(nounTable, first) ? (nounTable[first] as NounEntry) : undefined
  if (!noun) {
    if (Object.hasOwn(verbTable, first)) return
    throw unknown(
      'command',
      first,
      [...Object.keys(nounTable), ...Object.keys(verbTable), ...Object.keys(aliases)],
      'replicate-agent help',
    )
  }
  if (second === undefined || second.startsWith('-') || Object.hasOwn(noun.verbs, second)) return
  throw unknown(`${first} verb`, second, Object.keys(noun.verbs), `replicate-agent help ${first}`)
}

function unknown(what: string, written: string, known: string[], help: string): UsageError {
  const near = suggest(written, known)
  return new UsageError(`there is no ${what} "${written}"`, {
    hint: near === undefined ? `\`${help}\` lists them` : `did you mean "${near}"?`,
  })
}

function bare(name: string, { style, columns, write }: ProgramOutput): Commander {
  return new Commander(name)
    .exitOverride()
    .helpCommand(false)
    .helpOption('-h, --help', 'show this help')
    .configureOutput({
      writeOut: write,
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => columns,
      getOutHasColors: () => style.level > 0,
    })
    .configureHelp({
      styleTitle: (title) => style.bold(title),
      styleOptionText: (text) => style.cyan(text),
      styleSubcommandText: (text) => style.cyan(text),
    })
}

async function fill(
  child: Commander,
  entry: VerbEntry,
  chosen: (command: Command) => (given: Parsed['given']) => void,
  output: ProgramOutput,
) {
  const command = await entry.load()
  const choose = chosen(command)
  child.description(command.description)
  for (const [name, spec] of Object.entries(command.args)) {
    const dots = spec.variadic ? '...' : ''
    const argument = new Argument(spec.required ? `<${name}${dots}>` : `[${name}${dots}]`, spec.description)
    child.addArgument(spec.choices ? argument.choices(spec.choices) : argument)
  }
  const specs: Readonly<Record<string, OptionSpec>> = { ...command.options, ...commonOptions }
  const options = Object.entries(specs).map(([name, spec]) => ({ name, option: commanderOption(spec) }))
  for (const { option } of options) child.addOption(option)
  child.addHelpText('after', examplesText(command, output.style))
  child.action((...values: unknown[]) => {
    const args = Object.keys(command.args).map((name, at): [string, unknown] => [name, values[at]])
    const given = child.opts<Record<string, unknown>>()
    choose(
      Object.fromEntries([
        ...args,
        ...options.map(({ name, option }): [string, unknown] => [
          name,
          given[option.attributeName()] ?? specs[name]?.default,
        ]),
      ]),
    )
  })
}

function commanderOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description)
  const { parse } = spec
  // Flags and lists have obvious defaults, which `--help` need not name.
  if (typeof spec.default === 'string') option.default(spec.default)
  if (spec.choices) option.choices(spec.choices)
  else if (spec.repeatable)
    option.argParser((text: string, before: unknown) => [...((before as string[] | undefined) ?? []), text])
  else if (parse) option.argParser((text: string) => parse(text))
  return option
}

function examplesText(command: Command, style: Style): string {
  if (command.examples.length === 0) return ''
  const lines = command.examples.flatMap(({ command: line, what }) => [`  ${style.dim(`# ${what}`)}`, `  ${line}`])
  return `\n${style.bold('Examples:')}\n${lines.join('\n')}`
}

function rootExamples(style: Style): string {
  return [
    '',
    style.bold('Start here:'),
    `  ${style.dim('# write a small workflow, and run it without a token')}`,
    '  replicate-agent init',
    '  replicate-agent run hello --sandbox',
    '',
    `\`replicate-agent help <noun> <verb>\` shows options and examples.`,
  ].join('\n')
}

/** Undefined when commander only wants to say that it printed help. */
function usageError(error: CommanderError): undefined {
  if (error.exitCode === 0) return undefined
  const [first, ...rest] = error.message.replace(/^error: /, '').split('\n')
  const near = /Did you mean (?:one of )?(.*?)\?/.exec(rest.join(' '))?.[1]
  // `-1 + x` is an argument, not an option.
  const dash = error.code === 'commander.unknownOption' && !/'--?[a-z][a-z-]*'/.test(first as string)
  const help = dash ? 'put -- before an argument that begins with -' : '--help shows how it is used'
  throw new UsageError((first as string).replaceAll("'", '"'), {
    hint: near === undefined ? help : `did you mean ${near}?`,
  })
}

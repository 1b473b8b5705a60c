/** The verbs as completion scripts need them: their words, arguments and options, and what each of them takes. */
import { type DynamicKind, dynamicKinds } from '../../../app/completions.ts'
import type { Command } from '../command.ts'
import { aliases, nounTable, verbTable } from '../commands/table.ts'
import { longName, type OptionSpec } from '../option.ts'
import { commonOptions } from '../program.ts'

/** What can stand in a place. */
export type Taken = { kind: DynamicKind | 'file' | 'folder' | 'anything' } | { choices: readonly string[] }

export interface CompletedOption {
  /** `--output` first. */
  names: string[]
  description: string
  repeatable: boolean
  /** Absent: a flag. */
  takes?: Taken
}

export interface CompletedCommand {
  /** `runs resume`, `doctor`. */
  words: string
  summary: string
  args: { name: string; taken: Taken; variadic: boolean }[]
  options: CompletedOption[]
}

export interface CompletedNoun {
  noun: string
  summary: string
}

export interface CompletedProgram {
  nouns: CompletedNoun[]
  commands: CompletedCommand[]
}

/** Loads every verb. */
export async function completedProgram(): Promise<CompletedProgram> {
  const commands: CompletedCommand[] = []
  for (const [noun, { verbs }] of Object.entries(nounTable)) {
    for (const [verb, { summary, load }] of Object.entries(verbs))
      commands.push(commandOf(`${noun} ${verb}`, summary, await load()))
  }
  for (const [verb, { summary, load }] of Object.entries(verbTable))
    commands.push(commandOf(verb, summary, await load()))
  for (const [alias, [noun, verb]] of Object.entries(aliases)) {
    const full = commands.find(({ words }) => words === `${noun} ${verb}`)
    if (full) commands.push({ ...full, words: alias })
  }
  const nouns = Object.entries(nounTable).map(([noun, { summary }]) => ({ noun, summary }))
  return { nouns, commands }
}

function commandOf(words: string, summary: string, { args, options }: Command): CompletedCommand {
  const specs = Object.values({ ...options, ...commonOptions })
  return {
    words,
    summary,
    args: Object.entries(args).map(([name, { variadic, choices }]) => ({
      name,
      variadic,
      taken: choices ? { choices } : takenBy(name),
    })),
    options: [...specs.map(optionOf), { names: ['--help', '-h'], description: 'show this help', repeatable: false }],
  }
}

function optionOf({ flags, description, choices, repeatable = false }: OptionSpec): CompletedOption {
  const name = longName(flags)
  const short = /^-\w\b/.exec(flags)?.[0]
  const names = short === undefined || short === name ? [name] : [name, short]
  const value = /<(.+)>/.exec(flags)?.[1]
  if (value === undefined) return { names, description, repeatable }
  return { names, description, repeatable, takes: choices ? { choices } : takenBy(placeOf(name, value)) }
}

/** What an option's value is called, where `<id>` or `<which>` says too little. */
function placeOf(name: string, value: string): string {
  if (name === '--step' || name === '--from') return 'step'
  if (name === '--definition') return 'workflow'
  return value
}

/** Arguments and values are named for what they take. */
function takenBy(name: string): Taken {
  if (name === 'file' || name === 'files' || name === 'folder') return { kind: name === 'folder' ? 'folder' : 'file' }
  const kind = dynamicKinds.find((known) => known === name)
  return { kind: kind ?? 'anything' }
}

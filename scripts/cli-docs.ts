/** The tables of docs/cli.md, made from the verbs themselves: what the page says is what the program does. */
import { type ErrorCode, errorCodes } from '../src/domain/errors.ts'
import type { Command } from '../src/doors/cli/command.ts'
import { aliases, nounTable, verbTable } from '../src/doors/cli/commands/table.ts'
import { exitCodeOfError, exitCodes } from '../src/doors/cli/exit-codes.ts'
import type { OptionSpec } from '../src/doors/cli/option.ts'
import { commonOptions } from '../src/doors/cli/program.ts'

interface Verb {
  name: string
  summary: string
  command: Command
}

/** Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->`. Throws when a pair is missing. */
export async function withTables(page: string): Promise<string> {
  const verbs = await allVerbs()
  const blocks: Record<string, string> = {
    verbs: verbTableText(verbs),
    'exit codes': exitCodeText(),
    reference: verbs.map(referenceOf).join('\n\n'),
  }
  return Object.entries(blocks).reduce((text, [name, block]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
    const from = text.indexOf(open)
    const to = text.indexOf(close)
    if (from < 0 || to < from) throw new Error(`docs/cli.md has no ${open} … ${close}`)
    return `${text.slice(0, from + open.length)}\n\n${block}\n\n${text.slice(to)}`
  }, page)
}

async function allVerbs(): Promise<Verb[]> {
  const found: Verb[] = []
  for (const [noun, { verbs }] of Object.entries(nounTable)) {
    for (const [verb, entry] of Object.entries(verbs)) {
      found.push({ name: `${noun} ${verb}`, summary: entry.summary, command: await entry.load() })
    }
  }
  for (const [name, entry] of Object.entries(verbTable)) {
    found.push({ name, summary: entry.summary, command: await entry.load() })
  }
  return found
}

function verbTableText(verbs: readonly Verb[]): string {
  const rows = verbs.map(({ name, summary }) => {
    const alias = Object.entries(aliases).find(([, full]) => full.join(' ') === name)?.[0]
    return `| [\`${name}\`](#${name.replaceAll(' ', '-')}) | ${summary}${alias === undefined ? '' : `; short: \`${alias}\``} |`
  })
  return ['| verb | what it does |', '|---|---|', ...rows].join('\n')
}

function exitCodeText(): string {
  const rows = Object.entries(exitCodes).map(([code, meaning]) => {
    const errors = errorCodes.filter((error: ErrorCode) => String(exitCodeOfError[error]) === code)
    return `| ${code} | ${meaning} | ${errors.map((error) => `\`${error}\``).join(' ')} |`
  })
  return ['| code | meaning | `error.code` |', '|---|---|---|', ...rows].join('\n')
}

function referenceOf({ name, command }: Verb): string {
  const args = Object.entries(command.args).map(([argument, { required, variadic }]) => {
    const text = `${argument}${variadic ? '...' : ''}`
    return required ? `<${text}>` : `[${text}]`
  })
  const described = Object.entries(command.args).map(
    ([argument, { description }]) => `| \`${argument}\` | ${cell(description)} |`,
  )
  const options = Object.values({ ...command.options, ...commonOptions }).map(
    (option) => `| \`${option.flags}\` | ${cell(descriptionOf(option))} |`,
  )
  const examples = command.examples.flatMap(({ what, command: line }) => [`# ${what}`, line])
  return [
    `### ${name}`,
    '',
    `\`replicate-agent ${[name, ...args].join(' ')} [options]\``,
    '',
    command.description,
    '',
    '| argument or option | |',
    '|---|---|',
    ...described,
    ...options,
    '',
    '```sh',
    ...examples,
    '```',
  ].join('\n')
}

function descriptionOf({ description, choices, default: preset }: OptionSpec): string {
  const allowed = choices ? `: ${choices.map((choice) => `\`${choice}\``).join(', ')}` : ''
  return `${description}${allowed}${typeof preset === 'string' ? ` (default: \`${preset}\`)` : ''}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** The completion script for fish: a line for every verb, option and argument. */
import type { CompletedCommand, CompletedOption, CompletedProgram, Taken } from './commands.ts'

export function fishScript({ nouns, commands }: CompletedProgram): string {
  const valued = new Set(commands.flatMap(({ options }) => options.flatMap(({ names, takes }) => (takes ? names : []))))
  return `# Completes replicate-agent in fish.

set -g __replicate_agent_valued ${[...valued].join(' ')}

# The words so far that are no options nor their values.
function __replicate_agent_plain
    set -l skip
    for word in (commandline -opc)[2..]
        if test -n "$skip"
            set skip
        else if contains -- $word $__replicate_agent_valued
            set skip yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether the words begin with these.
function __replicate_agent_in
    set -l plain (__replicate_agent_plain)
    set -l wanted (count $argv)
    test $wanted -eq 0; and return 0
    test (count $plain) -ge $wanted; and test "$plain[1..$wanted]" = "$argv"
end

# Whether the words are these and so many more: __replicate_agent_at 1 runs approve
function __replicate_agent_at
    set -l plain (__replicate_agent_plain)
    test (count $plain) -eq (math (count $argv) - 1 + $argv[1]); and __replicate_agent_in $argv[2..]
end

function __replicate_agent_found
    set -l words (commandline -opc)
    command $words[1] __complete $argv[1] $words[2..] 2>/dev/null
end

function __replicate_agent_workflows
    __replicate_agent_found workflow
    __fish_complete_suffix .yaml .yml
end

complete -c replicate-agent -f
${nouns.map(({ noun, summary }) => line('__replicate_agent_at 0', `-a ${noun}`, summary)).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`
}

function commandLines(command: CompletedCommand): string[] {
  const { words, summary, args, options } = command
  const [first, verb] = words.split(' ') as [string, string?]
  const own =
    verb === undefined
      ? line('__replicate_agent_at 0', `-a ${first}`, summary)
      : line(`__replicate_agent_at 0 ${first}`, `-a ${verb}`, summary)
  return [
    own,
    ...options.map((option) => line(`__replicate_agent_in ${words}`, optionFlags(option), option.description)),
    ...args.map(({ taken, variadic }, at) =>
      line(variadic ? `__replicate_agent_in ${words}` : `__replicate_agent_at ${at} ${words}`, takenFlags(taken)),
    ),
  ].filter((text) => text !== '')
}

function optionFlags({ names, takes }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  return [
    ...flags,
    ...(takes ? [takes && 'kind' in takes && takes.kind === 'anything' ? '-x' : takenFlags(takes, '-x')] : []),
  ].join(' ')
}

/** Files are off by default; `-F` asks for them. */
function takenFlags(taken: Taken, exclusive = ''): string {
  if ('choices' in taken) return `${exclusive} -a '${taken.choices.join(' ')}'`.trim()
  switch (taken.kind) {
    case 'file':
      return exclusive === '' ? '-F' : '-r -F'
    case 'folder':
      return `${exclusive} -a '(__fish_complete_directories)'`.trim()
    case 'anything':
      return ''
    case 'workflow':
      return `-k ${exclusive} -a '(__replicate_agent_workflows)'`
    default:
      return `-k ${exclusive} -a '(__replicate_agent_found ${taken.kind})'`
  }
}

function line(condition: string, flags: string, description?: string): string {
  if (flags === '') return ''
  const about = description === undefined ? '' : ` -d '${description.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  return `complete -c replicate-agent -n '${condition}' ${flags}${about}`
}

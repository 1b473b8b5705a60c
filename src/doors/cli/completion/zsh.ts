/** The completion script for zsh: `_arguments` for every verb, with descriptions. */
import type { CompletedCommand, CompletedOption, CompletedProgram, Taken } from './commands.ts'

export function zshScript({ nouns, commands }: CompletedProgram): string {
  const first = [
    ...nouns.map(({ noun, summary }) => described(noun, summary)),
    ...commands.filter(({ words }) => !words.includes(' ')).map(({ words, summary }) => described(words, summary)),
  ]
  return `#compdef replicate-agent
# Completes replicate-agent in zsh.

_replicate_agent_found() {
  # _arguments puts options of its own before.
  local kind=$argv[-1] value description
  local -a found
  "$replicate_agent_words[1]" __complete $kind "\${(@)replicate_agent_words[2,-1]}" 2>/dev/null |
    while IFS=$'\\t' read -r value description; do found+=("\${value//:/\\\\:}\${description:+:$description}"); done
  _describe -V -t \${kind}s $kind found
}

_replicate_agent_workflow() {
  _alternative 'workflows:workflow:_replicate_agent_found workflow' 'files:file:_files -g "*.(yaml|yml)"'
}

_replicate-agent() {
  local -a replicate_agent_words=("\${(@)words[1,CURRENT-1]}")
  local command
  if (( CURRENT == 2 )); then
    local -a verbs=(
${first.map((line) => `      ${line}`).join('\n')}
    )
    _describe -V -t commands command verbs
    return
  fi
  case $words[2] in
    ${nouns.map(({ noun }) => noun).join(' | ')})
      if (( CURRENT == 3 )); then
        local -a verbs
        case $words[2] in
${nouns.map(({ noun }) => verbsCase(noun, commands)).join('\n')}
        esac
        _describe -V -t commands verb verbs
        return
      fi
      command="$words[2] $words[3]"
      shift 2 words
      (( CURRENT -= 2 ))
      ;;
    *)
      command=$words[2]
      shift words
      (( CURRENT -= 1 ))
      ;;
  esac
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

# Loaded by compinit this file is the function itself; sourced it has to be made known.
if [[ $funcstack[1] == _replicate-agent ]]; then _replicate-agent "$@"; else compdef _replicate-agent replicate-agent; fi
`
}

function verbsCase(noun: string, commands: readonly CompletedCommand[]): string {
  const verbs = commands
    .filter(({ words }) => words.startsWith(`${noun} `))
    .map(({ words, summary }) => described(words.slice(noun.length + 1), summary))
  return `          ${noun}) verbs=(\n${verbs.map((line) => `            ${line}`).join('\n')}\n          ) ;;`
}

function commandCase({ words, args, options }: CompletedCommand): string {
  const specs = [
    ...options.map(optionSpec),
    ...args.map(({ name, taken, variadic }, at) => quoted(`${variadic ? '*' : at + 1}:${name}:${action(taken)}`)),
  ]
  return `    '${words}') _arguments -s \\\n${specs.map((spec) => `      ${spec}`).join(' \\\n')}\n      ;;`
}

function optionSpec({ names, description, repeatable, takes }: CompletedOption): string {
  const about = `[${description.replaceAll(/[[\]\\]/g, String.raw`\$&`)}]`
  const value = takes ? `:value:${action(takes)}` : ''
  const [long, short] = names as [string, string?]
  const isLong = long.startsWith('--')
  const spec = (name: string) => `${name}${takes && name.startsWith('--') ? '=' : ''}${about}${value}`
  if (short === undefined) return quoted(`${repeatable ? '*' : ''}${spec(long)}`)
  const others = repeatable || !isLong ? '*' : `(${names.join(' ')})`
  return [long, short].map((name) => quoted(`${others}${spec(name)}`)).join(' ')
}

function action(taken: Taken): string {
  if ('choices' in taken) return `(${taken.choices.join(' ')})`
  switch (taken.kind) {
    case 'file':
      return '_files'
    case 'folder':
      return '_files -/'
    case 'anything':
      return ' '
    case 'workflow':
      return '_replicate_agent_workflow'
    default:
      return `_replicate_agent_found ${taken.kind}`
  }
}

function described(name: string, summary: string): string {
  return quoted(`${name}:${summary.replaceAll(':', String.raw`\:`)}`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

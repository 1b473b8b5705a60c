/** The completion script for bash, 3.2 and newer: tables as `case`s, and one function that walks the words. */
import type { CompletedCommand, CompletedProgram, Taken } from './commands.ts'

export function bashScript({ nouns, commands }: CompletedProgram): string {
  const first = [...nouns.map(({ noun }) => noun), ...commands.map(({ words }) => words).filter(isOneWord)]
  return `# Completes replicate-agent in bash.

_replicate_agent_verbs() {
  case $1 in
    '') echo '${first.join(' ')}' ;;
${nouns.map(({ noun }) => `    ${noun}) echo '${verbsOf(noun, commands).join(' ')}' ;;`).join('\n')}
  esac
}

_replicate_agent_options() {
  case $1 in
${commands.map((command) => `    '${command.words}') echo '${optionNames(command).join(' ')}' ;;`).join('\n')}
  esac
}

# What the value of an option is; nothing for a flag.
_replicate_agent_value() {
  case $1 in
${commands.flatMap(valueCases).join('\n')}
  esac
}

# What the argument at a place is, from 0.
_replicate_agent_argument() {
  case $1 in
${commands.flatMap(argumentCases).join('\n')}
  esac
}

_replicate_agent_take() {
  local program=$1 kind=$2 cur=$3
  local IFS=$'\\n'
  case $kind in
    '' | anything) ;;
    ':'*) COMPREPLY=($(IFS=' '; compgen -W "\${kind:1}" -- "$cur")) ;;
    folder) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
    file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
    *)
      COMPREPLY=($(compgen -W "$("$program" __complete "$kind" "\${words[@]}" 2>/dev/null | cut -f1)" -- "$cur"))
      if [[ $kind == workflow ]]; then
        local path
        for path in $(compgen -f -- "$cur"); do
          if [[ -d $path ]]; then COMPREPLY+=("$path/"); compopt -o nospace 2>/dev/null
          elif [[ $path == *.yaml || $path == *.yml ]]; then COMPREPLY+=("$path"); fi
        done
      fi
      ;;
  esac
}

_replicate_agent() {
  local cur=\${COMP_WORDS[COMP_CWORD]} noun='' command='' option='' place=0 only='' word
  local -a words=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  COMPREPLY=()
  # bash takes "--option=value" apart.
  [[ $cur == '=' ]] && cur=''
  for word in "\${words[@]}"; do
    if [[ $word == '=' ]]; then continue
    elif [[ -n $option ]]; then option=''
    elif [[ -n $only ]]; then place=$((place + 1))
    elif [[ $word == -- ]]; then only=yes
    elif [[ $word == -* ]]; then
      if [[ -n $(_replicate_agent_value "$command $word") ]]; then option=$word; fi
    elif [[ -n $command ]]; then place=$((place + 1))
    elif [[ -z $noun && -n $(_replicate_agent_verbs "$word") ]]; then noun=$word
    else command=\${noun:+$noun }$word
    fi
  done
  if [[ -n $option ]]; then _replicate_agent_take "$1" "$(_replicate_agent_value "$command $option")" "$cur"
  elif [[ -z $command ]]; then COMPREPLY=($(compgen -W "$(_replicate_agent_verbs "$noun")" -- "$cur"))
  elif [[ $cur == -* && -z $only ]]; then COMPREPLY=($(compgen -W "$(_replicate_agent_options "$command")" -- "$cur"))
  else _replicate_agent_take "$1" "$(_replicate_agent_argument "$command $place")" "$cur"
  fi
}

complete -F _replicate_agent replicate-agent
`
}

function isOneWord(words: string): boolean {
  return !words.includes(' ')
}

function verbsOf(noun: string, commands: readonly CompletedCommand[]): string[] {
  return commands.filter(({ words }) => words.startsWith(`${noun} `)).map(({ words }) => words.slice(noun.length + 1))
}

function optionNames({ options }: CompletedCommand): string[] {
  return options.flatMap(({ names }) => names.filter((name, at) => at === 0 || name === '-i'))
}

function valueCases({ words, options }: CompletedCommand): string[] {
  return options.flatMap(({ names, takes }) =>
    takes ? [`    ${names.map((name) => `'${words} ${name}'`).join(' | ')}) echo '${word(takes)}' ;;`] : [],
  )
}

function argumentCases({ words, args }: CompletedCommand): string[] {
  return args.map(({ taken, variadic }, at) => {
    const place = variadic ? `'${words} '*` : `'${words} ${at}'`
    return `    ${place}) echo '${word(taken)}' ;;`
  })
}

function word(taken: Taken): string {
  return 'kind' in taken ? taken.kind : `:${taken.choices.join(' ')}`
}

/** `completion`: prints the script that completes commands in a shell. */
import { defineCommand } from '../command.ts'
import { bashScript } from '../completion/bash.ts'
import { completedProgram } from '../completion/commands.ts'
import { fishScript } from '../completion/fish.ts'
import { zshScript } from '../completion/zsh.ts'
import { requiredChoice } from '../option.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }
const shells = ['bash', 'zsh', 'fish'] as const

export const completion = defineCommand({
  description:
    'Prints a script that completes verbs, options, their values, and the names of workflows, runs, steps and agents. Save it where your shell looks for such scripts; print it again after an update.',
  args: { shell: requiredChoice('bash, zsh or fish', shells) },
  options: {},
  examples: [
    {
      command: 'replicate-agent completion bash > ~/.local/share/bash-completion/completions/replicate-agent',
      what: 'bash, with the package bash-completion (make the folder first); without it, in ~/.bashrc: source <(replicate-agent completion bash)',
    },
    {
      command: 'replicate-agent completion zsh > "${fpath[1]}/_replicate-agent"',
      what: 'zsh, with `autoload -U compinit; compinit` in ~/.zshrc',
    },
    {
      command: 'replicate-agent completion fish > ~/.config/fish/completions/replicate-agent.fish',
      what: 'fish',
    },
  ],
  async run(context, { shell }) {
    context.print(scripts[shell](await completedProgram()).trimEnd())
  },
})

/** `agents unpin`: takes models out of the lock file. */
import { unpinAgents } from '../../../../app/actions/agents/unpin.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, zeroOrMore } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { versionText } from '../../output/version-text.ts'

export const unpin = defineCommand({
  description: 'Takes models out of replicate-agent.lock: their next use finds their version anew.',
  args: { agent: zeroOrMore('agents, or models: owner/name') },
  options: {
    all: flag('--all', 'everything that is in it'),
    json: flag('--json', 'print {file, removed}'),
    ...appOptions,
  },
  examples: [{ command: 'replicate-agent agents unpin stability-ai/sdxl', what: 'one model' }],
  async run(context, given) {
    const app = await context.app(given)
    const { file, removed } = await context.call(app, unpinAgents, { agents: given.agent, all: given.all })
    if (context.json) return context.printJson({ file, removed })
    for (const { model, before } of removed)
      context.print(`${context.style.bold(model)}  ${context.style.dim(versionText(before))}`)
    context.note(
      removed.length === 0
        ? `${shortPath(file, context.cwd)} holds nothing`
        : `no longer in ${shortPath(file, context.cwd)}`,
    )
    return undefined
  },
})

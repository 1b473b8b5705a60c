/** Says that a variable of an agent is not set before anything is journaled, instead of in the middle of a run. */
import { ConfigurationError } from '../domain/errors.ts'
import type { AgentDefinition, WorkflowDefinition } from '../domain/definition.ts'
import { fillVariables, variablesIn } from '../documents/variables.ts'
import type { App } from './app.ts'

/** Throws `missing_secret` for the first agent whose `defaults` name a variable that is not set (ruling 55). */
export async function needVariables(app: Pick<App, 'env' | 'config'>, definition: WorkflowDefinition): Promise<void> {
  for (const [name, agent] of Object.entries(definition.agents)) {
    const missing = agent.env && missingIn(agent, app.env)
    if (missing === undefined) continue
    const { unset } = await app.config()
    const at = unset.find(({ path }) => path[0] === 'agents' && path[1] === name)
    if (at) (await app.config()).use(...at.path)
    throw new ConfigurationError('missing_secret', `agent "${name}" needs ${missing}, which is not set`, {
      hint: `set ${missing} in the environment or in .env`,
    })
  }
  for (const nested of Object.values(definition.workflows)) await needVariables(app, nested)
}

function missingIn({ defaults }: AgentDefinition, env: App['env']): string | undefined {
  const texts: string[] = []
  fillVariables(
    defaults,
    (name) => env[name],
    (text) => texts.push(text),
  )
  const [text] = texts
  if (text === undefined) return undefined
  return variablesIn(text).variables.find(({ name, otherwise }) => otherwise === undefined && env[name] === undefined)
    ?.name
}

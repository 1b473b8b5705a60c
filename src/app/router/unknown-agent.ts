/** What is said of an agent that the router knows nothing of, though it knows others. */
import { UsageError } from '../../domain/errors.ts'
import { suggest } from '../../std/suggest.ts'

export function unknownAgent(agent: string, known: readonly string[]): UsageError {
  const near = suggest(agent, known)
  return new UsageError(`nothing was learned of an agent "${agent}"`, {
    hint: near === undefined ? '`router stats` lists those of which something was' : `did you mean "${near}"?`,
  })
}

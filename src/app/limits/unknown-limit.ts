/** What is said of something that nothing holds back. */
import { UsageError } from '../../domain/errors.ts'
import { suggest } from '../../std/suggest.ts'

export function unknownLimit(name: string, known: readonly { name: string }[]): UsageError {
  const near = suggest(
    name,
    known.map((one) => one.name),
  )
  return new UsageError(`there is no limit of "${name}"`, {
    hint: near === undefined ? '`limits list` shows those that there are' : `did you mean "${near}"?`,
  })
}

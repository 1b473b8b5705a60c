/** One call as the audit log has it. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { defineAction } from '../../action.ts'
import { type LoggedCall, loggedCallShape, openCallLog, worldField } from '../../audit/filter.ts'

/** Of several that are meant. */
const mostNamed = 5

const tooShort = /^[0-9a-z]{1,3}$/
const idPattern = /^[0-9a-z]{4,20}$/

export const showAudit = defineAction({
  noun: 'audit',
  verb: 'show',
  summary: 'one call: who made it, every attempt, where its time and money went',
  input: z.object({ id: z.string().describe('of a record, or the beginning of it'), sandbox: worldField }),
  output: loggedCallShape,
  async run(app, { id, sandbox }, context) {
    if (tooShort.test(id))
      throw new UsageError(`"${id}" is too short to tell one record`, {
        hint: 'give four characters of its id or more',
      })
    if (!idPattern.test(id)) throw unknown(id)
    const log = openCallLog(app, { since: '1970-01-01', sandbox }, context)
    const found: LoggedCall[] = []
    for await (const calls of log.calls({ containing: `"id":"${id}` })) {
      found.push(...calls.filter((call) => call.id.startsWith(id)))
      if (found.length > mostNamed) break
    }
    const [first, ...others] = found
    if (!first) throw unknown(id)
    if (others.length === 0) return first
    const ids = found.slice(0, mostNamed).map((call) => call.id)
    throw new UsageError(`several records begin with "${id}"`, { hint: `such as ${ids.join(', ')}` })
  },
})

function unknown(id: string): UsageError {
  return new UsageError(`no record of the audit log has the id "${id}"`, {
    hint: '`replicate-agent audit list` shows them; with --sandbox those of the sandbox',
  })
}

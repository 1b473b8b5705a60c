/** A call that is cut off anywhere goes on where it was: property tests over random ends of candidates, and cuts. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ServerError, ValidationError } from '../../src/domain/errors.ts'
import { defaultRouting, strategyNames } from '../../src/domain/routing.ts'
import type { CallFact, CallOutcome, PriorCalls } from '../../src/executor/contract.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import type { RunEventBody } from '../../src/domain/events.ts'
import { foldEvents } from '../../src/workflow/fold.ts'
import { priorCalls } from '../../src/workflow/running/prior-calls.ts'
import { seededRandom } from '../../src/std/random.ts'
import type { Target } from '../../src/targets/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, retry, spec } from './harness.ts'

/** What each prediction of a model comes to, in turn; the last one again and again. */
type End = 'ok' | 'server' | 'refused'
class Cut extends Error {}

/** A provider that outlives processes: a prediction that was created is found again, by its id or by a search. */
function provider(ends: Readonly<Record<string, readonly End[]>>) {
  const creates: { id: string; model: string; known: boolean }[] = []
  const target: Target = {
    kind: 'function',
    async call({ model }, input, { record, open }) {
      let made = open && creates.find(({ id, known }) => (open.id === undefined ? !known : id === open.id))
      if (made) await record.reattached(made.known ? 'known_id' : 'searched', made.id)
      else {
        if (open) await record.reattached('not_found')
        await record.intended(input, undefined)
        made = { id: `${model}#${creates.filter((each) => each.model === model).length}`, model, known: false }
        creates.push(made)
      }
      if (!made.known) await record.created(made.id, open ? 'searched' : 'created')
      made.known = true
      const own = ends[model] as readonly End[]
      const end = own[Number(made.id.split('#')[1])] ?? own.at(-1)
      if (end === 'server') throw new ServerError('down', { details: { cost_usd: 1 } })
      if (end === 'refused') throw new ValidationError('no')
      return { output: model, files: [], cost_usd: 1, model }
    },
    estimate: async () => 1,
    close: async () => {},
  }
  return { target, creates }
}

/** As the workflow's journal gives it to the next process. */
function priorOf(facts: readonly CallFact[]): PriorCalls {
  const begun: RunEventBody[] = [{ type: 'step.started', step: 'draw' }]
  const bodies = facts.map(
    ({ body, ...fact }) =>
      ({ ...fact, step: 'draw', ...(body !== undefined && { body: { value: body } }) }) as RunEventBody,
  )
  const events = [...begun, ...bodies].map((body, at) => ({ seq: at + 1, time: 0, ...body }))
  return priorCalls(foldEvents('run1', events), new Map(), { step: 'draw' })
}

const ends = fc.array(fc.constantFrom<End>('ok', 'server', 'refused'), { minLength: 1, maxLength: 3 })
const cases = fc.record({
  ends: fc.record({ a: ends, b: ends, c: ends, y: ends, z: ends }),
  strategy: fc.constantFrom(...strategyNames),
  attempts: fc.integer({ min: 1, max: 3 }),
  cuts: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }),
  seed: fc.integer(),
})

it('A call that is cut off after any fact calls nobody that was finished with, and pays nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ ends: outcomes, strategy, attempts, cuts, seed }) => {
      const { target, creates } = provider(outcomes)
      const chain = [
        ...['a', 'b', 'c'].map((model) => candidate(model, { name: 'first' })),
        ...['y', 'z'].map((model) => candidate(model, { name: 'second' })),
      ]
      const routing = { ...defaultRouting, strategy }
      const routes = new Map(['first', 'second'].map((name) => [name, { routing }]))
      const random = seededRandom(seed)
      const journal: CallFact[] = []
      let end: CallOutcome | undefined
      for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
        const executor = createExecutor({ targets: async () => target, clock: eagerClock(), random })
        let left = cut
        const made = memoryCall({ prior: priorOf(journal) })
        made.context.record = async (...facts) => {
          if (left <= 0) throw new Cut('killed')
          left -= 1
          journal.push(...facts)
        }
        // The end of the work would be in the same commit: a cut before it loses both.
        const last: CallFact[] = []
        made.context.recordLast = (fact) => last.push(fact)
        try {
          const asked = spec({ chain, routes, retry: retry({ attempts, on: ['server'] }) })
          end = await executor.execute(asked, made.context)
          if (left <= 0) continue
          journal.push(...last)
          break
        } catch (error) {
          if (!(error instanceof Cut)) throw error
        }
      }
      check(journal, creates.length, attempts, end as CallOutcome)
    }),
    { numRuns: 300 },
  )
})

function check(journal: CallFact[], creates: number, attempts: number, end: CallOutcome) {
  const intents = journal.filter((fact) => fact.type === 'call.intended')
  const order = intents.map((fact) => fact.candidate).filter((position, at, all) => position !== all[at - 1])
  // Each candidate is come to once, and the second agent's only after all of the first's.
  expect(new Set(order).size).toBe(order.length)
  const groups = order.map((position) => (position < 3 ? 0 : 1))
  expect(groups).toEqual(groups.toSorted((a, b) => a - b))
  if (groups.includes(1)) expect(order.filter((position) => position < 3)).toHaveLength(3)
  // Each create is that of one call, which settled once.
  const settled = journal.filter((fact) => fact.type === 'call.settled')
  expect(new Set(settled.map(({ call }) => call)).size).toBe(settled.length)
  expect(creates).toBe(settled.length)
  for (const position of order) {
    const calls = new Set(intents.filter((fact) => fact.candidate === position).map(({ call }) => call))
    expect(calls.size).toBeLessThanOrEqual(attempts)
  }
  expect(end.cost_usd).toBe(settled.reduce((sum, fact) => sum + (fact.cost_usd ?? 0), 0))
  if (end.status === 'failed') expect(order).toHaveLength(5)
  // What was chosen among several was decided; the last of an agent's is all that is left.
  const decided = journal.flatMap((fact) => (fact.type === 'call.routed' ? [fact.decision.chosen] : []))
  expect(decided).toEqual(order.filter((_, at) => at !== 2 && at !== 4))
}

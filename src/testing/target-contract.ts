/** What every target must do, as tests that each member of the family runs. */
import { describe, expect, it } from 'vitest'
import { CancelledError, isCalledOff, ReplicateAgentError, StoreError } from '../domain/errors.ts'
import type { CallFact } from '../executor/contract.ts'
import { systemClock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import { seededRandom } from '../std/random.ts'
import type { Candidate, OpenCall, Target, TargetContext } from '../targets/target.ts'
import { memoryCall, type MemoryCall, type MemoryCallOptions } from './memory-call.ts'

export interface TargetUnderTest {
  target: Target
  /** Something that succeeds soon. */
  good: { candidate: Candidate; input: JsonObject }
  /** Something that fails when it is called. */
  bad: { candidate: Candidate; input: JsonObject }
  /** Something that takes longer than a test. */
  slow: { candidate: Candidate; input: JsonObject }
  /** How often something was really begun. */
  begun(): number
  close(): Promise<void>
}

export interface TargetSubject {
  kind: string
  open(): Promise<TargetUnderTest>
  /** Tests that make no sense for it, each with the reason. */
  skips?: Partial<Record<'asks for a known id again', string>>
}

/** Registers the suite for one target. */
export function describeTarget(subject: TargetSubject): void {
  const within = async (test: (under: TargetUnderTest) => Promise<void>): Promise<void> => {
    const under = await subject.open()
    try {
      await test(under)
    } finally {
      await under.close()
    }
  }

  describe(`the target ${subject.kind}`, () => {
    it('has its name', () => within(async ({ target }) => expect(target.kind).toBe(subject.kind)))

    it('answers with JSON, its files, what answered, and what it cost', () =>
      within(async ({ target, good }) => {
        const { context } = contextOf(target)
        const result = await target.call(good.candidate, good.input, context)
        expect(JSON.parse(JSON.stringify(result.output))).toEqual(result.output)
        expect(Array.isArray(result.files)).toBe(true)
        expect(result.model).toContain(good.candidate.model)
        expect(result.cost_usd === null || result.cost_usd >= 0).toBe(true)
      }))

    it('reckons at least what it costs', () =>
      within(async ({ target, good }) => {
        const most = await target.estimate(good.candidate, good.input, { timeout_ms: 60_000 })
        const { cost_usd } = await target.call(good.candidate, good.input, contextOf(target).context)
        if (most !== null && cost_usd !== null) expect(most).toBeGreaterThanOrEqual(cost_usd)
      }))

    it('records the intent before it begins, and begins nothing when that fails', () =>
      within(async ({ target, good, begun }) => {
        const counts: number[] = []
        const first = contextOf(target, {
          onRecord: (fact) => void (fact.type === 'call.intended' && counts.push(begun())),
        })
        const before = begun()
        await target.call(good.candidate, good.input, first.context)
        expect(counts).toEqual([before])
        expect(begun()).toBe(before + 1)
        const lost = new StoreError('lease_lost', 'another process drives the run')
        const second = contextOf(target, {
          onRecord: (fact) => {
            if (fact.type === 'call.intended') throw lost
          },
        })
        await expect(target.call(good.candidate, good.input, second.context)).rejects.toBe(lost)
        expect(begun()).toBe(before + 1)
      }))

    it('fails with an error that says what it is', () =>
      within(async ({ target, bad }) => {
        const failure = await target
          .call(bad.candidate, bad.input, contextOf(target).context)
          .catch((error: unknown) => error)
        expect(failure).toBeInstanceOf(Error)
        if (target.kind !== 'function') expect(failure).toBeInstanceOf(ReplicateAgentError)
      }))

    it('ends when it is called off, with the reason or because of it', () =>
      within(async ({ target, slow }) => {
        const controller = new AbortController()
        const reason = new CancelledError('cancelled by a person')
        const { context } = contextOf(target, {
          signal: controller.signal,
          onRecord: (fact) => {
            if (fact.type === 'call.intended') setImmediate(() => controller.abort(reason))
          },
        })
        const failure = await target.call(slow.candidate, slow.input, context).catch((error: unknown) => error)
        expect([failure, (failure as Error).cause]).toContain(reason)
        expect(isCalledOff(failure)).toBe(true)
      }))

    it('makes a call anew that was never sent, and says that it found nothing', () =>
      within(async ({ target, good, begun }) => {
        const open: OpenCall = {
          call: 1,
          model: good.candidate.model,
          body: { input: { never: 'sent' } },
          intended_at: systemClock.now(),
        }
        const { context, facts } = contextOf(target, { open })
        const before = begun()
        await target.call(good.candidate, good.input, context)
        expect(begun()).toBe(before + 1)
        const types = facts.map((fact) => fact.type)
        expect(facts.find((fact) => fact.type === 'call.reattached')).toMatchObject({ how: 'not_found' })
        expect(types.indexOf('call.reattached')).toBeLessThan(types.indexOf('call.intended'))
      }))

    const name = 'asks for a known id again'
    const reason = subject.skips?.[name]
    it.skipIf(reason !== undefined)(
      reason === undefined ? `${name} and begins nothing` : `${name}: not here, ${reason}`,
      () =>
        within(async ({ target, good, begun }) => {
          const first = contextOf(target)
          const { output } = await target.call(good.candidate, good.input, first.context)
          const created = first.facts.find((fact) => fact.type === 'call.created')
          const intended = first.facts.find((fact) => fact.type === 'call.intended')
          const open: OpenCall = {
            call: 1,
            model: good.candidate.model,
            body: intended?.body ?? null,
            intended_at: systemClock.now(),
            ...(created && { id: created.id }),
          }
          const before = begun()
          const second = contextOf(target, { open })
          for (const [model, version] of first.versions) second.versions.set(model, version)
          const again = await target.call(good.candidate, good.input, second.context)
          expect(again.output).toEqual(output)
          expect(begun()).toBe(before)
          expect(second.facts).toMatchObject([{ type: 'call.reattached', how: 'known_id' }])
        }),
    )

    it('may be closed twice', () =>
      within(async ({ target }) => {
        await target.close()
        await target.close()
      }))
  })
}

interface ContextOptions extends MemoryCallOptions {
  open?: OpenCall
}

/** A target's context that records in memory, without an executor around it. */
function contextOf(
  target: Target,
  options: ContextOptions = {},
): Omit<MemoryCall, 'context'> & { context: TargetContext } {
  const memory = memoryCall(options)
  const { context } = memory
  const call = 1
  const record = (fact: CallFact): Promise<void> => context.record(fact)
  return {
    ...memory,
    context: {
      signal: context.signal,
      clock: systemClock,
      random: seededRandom(5),
      files: context.files,
      versionOf: (model) => context.versionOf(model),
      mask: (value) => context.mask(value),
      progress: (news) => context.progress({ call, ...news }),
      labels: context.labels,
      ...(options.open && { open: options.open }),
      record: {
        async resolved(model, version) {
          await record({ type: 'model.resolved', model, version })
          return context.versionOf(model) ?? version
        },
        uploaded: (sha256, url) => record({ type: 'call.uploaded', call, sha256, url }),
        intended: (body, version) =>
          record({
            ...{ type: 'call.intended', call, candidate: 0, target: target.kind, model: '', body },
            ...(version !== undefined && { version }),
          }),
        created: (id, how, matches) =>
          record({ type: 'call.created', call, id, how, ...(matches !== undefined && { matches }) }),
        reattached: (how, id) => record({ type: 'call.reattached', call, how, ...(id !== undefined && { id }) }),
        claim: (id) => context.claim(id),
      },
    },
  }
}

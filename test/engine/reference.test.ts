import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startRun } from '../../src/workflow/engine.ts'
import { journalFaults } from '../chaos/journal-rules.ts'
import { expectedOf } from './naive-scheduler.ts'
import { workflowArb } from './random-workflow.ts'
import { callsOf, openSimulation, stepsOf } from './simulation.ts'

const numRuns = Number(process.env.RANDOM_RUNS ?? 300)

describe('a random workflow', () => {
  it('comes to what a naive scheduler says: statuses, outputs, calls; within its limits, in the order of its needs', async () => {
    const kinds = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(workflowArb, fc.nat(1_000), async (workflow, seed) => {
        const simulation = await openSimulation(workflow, seed)
        const expected = expectedOf(workflow)
        const driving = await startRun(simulation.process(), simulation.workflow, { inputs: {}, runId: 'r' })
        const result = await simulation.until(driving.done)
        expect(stepsOf(result)).toEqual(expected.steps)
        expect(result.status).toBe(expected.status)
        expect(callsOf(simulation.provider).toSorted()).toEqual(expected.calls.toSorted())
        expect(simulation.faults).toEqual([])
        const events = await simulation.events('r')
        expect(journalFaults(events, true)).toEqual([])
        const settledAt = new Map<string, number>()
        for (const event of events) {
          if (event.type === 'step.settled' && event.index === undefined) settledAt.set(event.step, event.seq)
          if (event.type !== 'step.started' || event.index !== undefined) continue
          const needs = simulation.workflow.plan.steps.get(event.step)?.needs ?? []
          for (const { id } of needs)
            expect(settledAt.get(id), `${event.step} began before ${id} was settled`).toBeDefined()
        }
        for (const { status } of Object.values(expected.steps)) kinds.set(status, (kinds.get(status) ?? 0) + 1)
        kinds.set(result.status, (kinds.get(result.status) ?? 0) + 1)
        await simulation.store.close()
      }),
      { numRuns },
    )
    // The generator has not gone blind.
    for (const status of ['succeeded', 'failed', 'skipped']) expect(kinds.get(status)).toBeGreaterThan(numRuns / 4)
  })
})

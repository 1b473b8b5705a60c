import { expect, test } from 'vitest'
import { eventObject } from './event-object.ts'

test('The line of a nested run that begins keeps the id of its own run, and names the nested one beside it', () => {
  const event = { seq: 7, time: 0, type: 'child.started', step: 'inner', run_id: 'run.inner' } as const
  expect(eventObject({ run_id: 'run', event })).toEqual({
    ...{ v: 1, seq: 7, time: '1970-01-01T00:00:00.000Z', run_id: 'run', type: 'child.started' },
    ...{ step: 'inner', child_run_id: 'run.inner' },
  })
})

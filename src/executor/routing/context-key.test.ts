import { expect, it } from 'vitest'
import { contextParts } from '../../domain/routing.ts'
import { contextKey } from './context-key.ts'

const labels = { run_id: 'r', workflow: 'demo', step: 'write' }
const all = { context: [...contextParts], task: 'summaries' }

it('A context names task, step and length, as far as they are asked for and known', () => {
  const input = { prompt: 'x'.repeat(1_000), picture: 'artifact:1234', options: ['data:image/png;base64,AAAA'] }
  expect(contextKey(all, labels, input)).toBe('task=summaries step=demo/write length=128')
  expect(contextKey({ ...all, context: ['length'] }, labels, input)).toBe('length=128')
  expect(contextKey({ context: ['task', 'step'] }, labels, input)).toBe('step=demo/write')
  expect(contextKey({ context: [] }, labels, input)).toBe('')
})

it('A context has no spaces in its values', () => {
  expect(contextKey({ ...all, task: 'a b=c' }, labels, {})).toBe('task=a%20b%3Dc step=demo/write length=0')
})

it('Lengths fall into powers of two of the estimated tokens', () => {
  const lengths = [1, 4, 5, 8, 9, 16, 17, 4_000].map((characters) =>
    contextKey({ context: ['length'] }, labels, { prompt: 'x'.repeat(characters) }),
  )
  expect(lengths).toEqual([1, 1, 2, 2, 2, 4, 4, 512].map((bucket) => `length=${bucket}`))
})

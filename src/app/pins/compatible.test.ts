import { describe, expect, test } from 'vitest'
import type { ModelVersion } from '../../domain/version-pin.ts'
import { isCompatible, newestCompatible } from './compatible.ts'

const one = 'a'.repeat(64)
const other = 'b'.repeat(64)

describe('two versions', () => {
  test.each([
    ['of one schema', {}, {}, true],
    ['of different schemas', {}, { fingerprint: other }, false],
    ['of one major line', { tag: '1.2.0' }, { tag: '1.9.3', fingerprint: other }, true],
    ['of different major lines', { tag: '1.2.0' }, { tag: '2.0.0' }, false],
    ['of one minor line before 1.0.0', { tag: '0.3.1' }, { tag: '0.3.9', fingerprint: other }, true],
    ['of different minor lines before 1.0.0', { tag: '0.3.1' }, { tag: '0.4.0' }, false],
    ['of which one has no tag, by their schema', { tag: '1.0.0' }, {}, true],
    ['of which one has no tag, by their schemas', { tag: '1.0.0' }, { fingerprint: other }, false],
  ])('%s', (_what, a, b, compatible) => {
    expect(isCompatible({ fingerprint: one, ...a }, { fingerprint: one, ...b })).toBe(compatible)
  })

  test('of which no schema is known are not compatible', () => {
    expect(isCompatible({}, {})).toBe(false)
  })
})

describe('the newest that is compatible', () => {
  const version = (id: string, more: Partial<ModelVersion> = {}): ModelVersion => ({
    version: id,
    fingerprint: one,
    ...more,
  })
  const locked = { fingerprint: one }

  test('is the first of the list that fits', () => {
    const newer = [version('3', { fingerprint: other }), version('2'), version('1')]
    expect(newestCompatible(locked, newer)?.version).toBe('2')
  })

  test('is the highest by its tag, whatever was published last', () => {
    const newer = [version('a', { tag: '1.3.5' }), version('b', { tag: '2.0.0' }), version('c', { tag: '1.10.0' })]
    expect(newestCompatible({ ...locked, tag: '1.3.0' }, newer)?.version).toBe('c')
  })

  test('is never a lower tag, and no prerelease', () => {
    const newer = [version('a', { tag: '1.2.9' }), version('b', { tag: '1.4.0-rc.1' })]
    expect(newestCompatible({ ...locked, tag: '1.3.0' }, newer)).toBeUndefined()
    expect(newestCompatible({ ...locked, tag: '1.3.0-rc.1' }, newer)?.version).toBe('b')
  })

  test('is none where nothing fits', () => {
    expect(newestCompatible(locked, [version('a', { fingerprint: other })])).toBeUndefined()
    expect(newestCompatible(locked, [])).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import { jsonChanges } from './json-changes.ts'

describe('the changes between two JSON values', () => {
  it('are none when only the order of keys differs', () => {
    expect(jsonChanges({ a: 1, b: [null, 'x'] }, { b: [null, 'x'], a: 1 })).toEqual([])
  })

  it('name the smallest parts that differ, with what was there before and after', () => {
    const before = { a: { x: 1, y: 'old' }, gone: [1], same: true, kind: 1 }
    const after = { a: { x: 1, y: 'new' }, same: true, kind: '1', more: null }
    expect(jsonChanges(before, after)).toEqual([
      { kind: 'changed', path: ['a', 'y'], before: 'old', after: 'new' },
      { kind: 'removed', path: ['gone'], before: [1] },
      { kind: 'changed', path: ['kind'], before: 1, after: '1' },
      { kind: 'added', path: ['more'], after: null },
    ])
  })

  it('show an item that was put into a list, or taken out, as one change', () => {
    expect(jsonChanges([1, 2, 3], [1, 9, 2, 3])).toEqual([{ kind: 'added', path: [1], after: 9 }])
    expect(jsonChanges([1, 2, 3], [1, 3])).toEqual([{ kind: 'removed', path: [1], before: 2 }])
    expect(jsonChanges([1, { a: 1 }, 3], [1, { a: 2 }, 3])).toEqual([
      { kind: 'changed', path: [1, 'a'], before: 1, after: 2 },
    ])
    expect(jsonChanges([1, 1], [1, 1, 1])).toEqual([{ kind: 'added', path: [2], after: 1 }])
  })

  it('take keys as they are, whatever they are called', () => {
    const [before, after] = [JSON.parse('{"__proto__": 1}'), JSON.parse('{"constructor": 1}')]
    expect(jsonChanges(before, after)).toEqual([
      { kind: 'removed', path: ['__proto__'], before: 1 },
      { kind: 'added', path: ['constructor'], after: 1 },
    ])
  })

  it('leave out what the caller calls equal', () => {
    const sameLength = (a: unknown, b: unknown) => String(a).length === String(b).length
    expect(jsonChanges('abc', 'xyz', sameLength)).toEqual([])
  })
})

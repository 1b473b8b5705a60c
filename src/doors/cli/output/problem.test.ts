import { describe, expect, test } from 'vitest'
import { complaintLines, shortPath } from './problem.ts'
import { styleFor } from './style.ts'

const style = styleFor({ write: () => {} }, {})

describe('a complaint', () => {
  test('shows what, where, the source with a caret, and help', () => {
    const place = { file: '/p/w/x.yaml', line: 12, column: 5, source: '    a: b' }
    expect(complaintLines({ severity: 'error', message: 'no', hint: 'yes', place }, style, '/p')).toEqual([
      'error: no',
      '  --> w/x.yaml:12:5',
      '   |',
      '12 |     a: b',
      '   |     ^',
      'help: yes',
    ])
  })

  test('without a place is one line, and a warning says so', () => {
    expect(complaintLines({ severity: 'warning', message: 'hm' }, style, '/')).toEqual(['warning: hm'])
  })

  test('keeps the caret under its column in a line with tabs, or one that is cut', () => {
    const tabs = complaintLines(
      { severity: 'error', message: 'x', place: { line: 1, column: 3, source: '\t\tab' } },
      style,
      '/',
    )
    expect(tabs.slice(-2)).toEqual(['1 |   ab', '  |   ^'])
    const source = `${'a'.repeat(300)}!${'b'.repeat(300)}`
    const [line = '', caret = ''] = complaintLines(
      { severity: 'error', message: 'x', place: { line: 1, column: 301, source } },
      style,
      '/',
    ).slice(-2)
    expect(line[caret.indexOf('^')]).toBe('!')
    expect(line.length).toBeLessThan(140)
  })

  test('shows a source that tries to write to the terminal as harmless text', () => {
    const lines = complaintLines(
      { severity: 'error', message: 'x\u001b[2J', place: { line: 1, column: 1, source: '\u001b[2J' } },
      style,
      '/',
    )
    expect(lines.join('')).not.toContain('\u001b')
  })

  test('names files that lie in the working folder by their short path only', () => {
    expect(shortPath('/p/w/x.yaml', '/p')).toBe('w/x.yaml')
    expect(shortPath('/q/x.yaml', '/p')).toBe('/q/x.yaml')
  })
})

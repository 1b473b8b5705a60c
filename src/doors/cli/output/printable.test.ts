import { describe, expect, test } from 'vitest'
import { oneLine, printable } from './printable.ts'

describe('text that others wrote', () => {
  test('can not move the cursor, change the title or ring', () => {
    const nasty = 'a\u001b[2Jb\u001b]0;title\u0007c\u009b31md\u007f'
    expect(printable(nasty)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
    expect(printable(nasty)).toContain('a')
  })

  test('keeps its lines, tabs and every other letter', () => {
    expect(printable('één\tkop\r\n日本 🫖')).toBe('één\tkop\n日本 🫖')
  })

  test('fits on a line when it has to', () => {
    expect(oneLine('  a\n b  ', 10)).toBe('a b')
    expect(oneLine('🫖🫖🫖🫖', 3)).toBe('🫖🫖…')
  })
})

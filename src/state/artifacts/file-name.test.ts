import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanName, numberedName } from './file-name.ts'

/** Names made of what is treated in a special way. */
const tricky = fc
  .array(
    fc.constantFrom(
      '.',
      ' ',
      '/',
      '\\',
      '\u3000',
      '\u200d',
      'e',
      '\u0301',
      '<',
      '\u0338',
      '😀',
      'x'.repeat(70),
      '.png',
      '\n',
    ),
  )
  .map((parts) => parts.join(''))

describe('a clean file name', () => {
  it('has no path, control or direction characters, no dots in front, and is never empty', () => {
    const names = {
      'draw.png': 'draw.png',
      'a b (1).tar.gz': 'a b (1).tar.gz',
      'übung – ✨.txt': 'übung – ✨.txt',
      '../../etc/passwd': 'passwd',
      'C:\\temp\\x.txt': 'x.txt',
      '.bashrc': 'bashrc',
      '..': 'file',
      '': 'file',
      'folder/': 'file',
      'a\u0000b\n\u202egnp.exe': 'abgnp.exe',
      'what?.png': 'what_.png',
      ' x. ': 'x',
    }
    for (const [given, clean] of Object.entries(names)) expect(cleanName(given), given).toBe(clean)
  })

  it('is cut to what file systems take, keeping its extension and whole characters', () => {
    const long = cleanName(`${'é'.repeat(300)}.png`)
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200)
    expect(long).toMatch(/^é+\.png$/)
    expect(Buffer.byteLength(cleanName('😀'.repeat(100)))).toBe(200)
  })

  it('is a plain name of at most 200 bytes whatever is given, and stays as it is when cleaned again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), tricky), (given) => {
        const clean = cleanName(given)
        expect(clean).not.toMatch(/[/\\\u0000-\u001f]|^\.|^$/)
        expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(200)
        expect(cleanName(clean)).toBe(clean)
      }),
    )
  })

  it('gets its number before the extension', () => {
    expect(['draw.png', 'a.tar.gz', 'plain'].map((name) => numberedName(name, 2))).toEqual([
      'draw-2.png',
      'a.tar-2.gz',
      'plain-2',
    ])
  })
})

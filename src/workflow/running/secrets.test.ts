import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMask } from './secrets.ts'

describe('the mask', () => {
  it('replaces secrets in texts, keys and nested values, in any case, and what is special in patterns literally', () => {
    const mask = createMask(['Hunter.2$', { deep: ['tok_(99)'] }, 'ab'])
    expect(mask({ 'x hunter.2$': ['HUNTER.2$!', 'Tok_(99) and hunterX2$'], n: 1 })).toEqual({
      'x ***': ['***!', '*** and hunterX2$'],
      n: 1,
    })
    expect([mask('ab'), mask('cab')]).toEqual(['***', 'cab'])
  })

  it('leaves no rest of a secret that holds another one', () => {
    expect(createMask(['pass', 'password1'])('my password1, pass')).toBe('my ***, ***')
  })

  it('never lets a secret of four characters or more through, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!'***'.includes(secret) && !secret.includes('*'))
        expect(createMask([secret])(before + secret + after)).not.toContain(secret)
      }),
    )
  })
})

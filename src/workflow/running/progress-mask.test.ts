import { describe, expect, it } from 'vitest'
import { progressMask } from './progress-mask.ts'
import { createMask } from './secrets.ts'

const ref = { step: 'write' }

describe('the mask of what is shown meanwhile', () => {
  it('finds a secret that comes in pieces, also when another one follows', () => {
    const secrets = ['hunter2-secret']
    const show = progressMask(createMask(secrets), secrets)
    const long = 'and so it goes on for a while, until nothing of it can be held back any more. '.repeat(2)
    const pieces = ['the key is hun', 'ter2', '-secrethunter2-s', 'ecret!', ' ', long]
    const shown = pieces.map((text) => show(ref, { call: 1, text }).text).join('')
    expect(shown).toMatch(/^the key is \*\*\*\*\*\*! and so it goes on/)
    expect(shown).not.toContain('hunter')
  })

  it('keeps calls apart, and masks what they say of themselves', () => {
    const secrets = ['abcdef']
    const show = progressMask(createMask(secrets), secrets)
    show(ref, { call: 1, text: 'abc' })
    expect(show(ref, { call: 2, text: `def${' '.repeat(40)}` }).text).toMatch(/^def/)
    expect(show(ref, { call: 1, status: 'waiting for abcdef', fraction: 0.5 })).toEqual({
      call: 1,
      status: 'waiting for ***',
      fraction: 0.5,
    })
  })

  it('changes nothing where nothing is secret', () => {
    const news = { call: 1, text: 'as it is' }
    expect(progressMask(createMask([]), [])(ref, news)).toBe(news)
  })
})

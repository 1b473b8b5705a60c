import { describe, expect, it } from 'vitest'
import { type Account, type AccountHolder, newAccount, settled, withHolder } from './account.ts'

const holder: AccountHolder = { pid: 7, host: 'here', started: '1', boot: 'b', usd: 0, spent: 0, since: 0 }
const seen: Account = withHolder(newAccount(1, 0), 'dead', holder)

describe('The end of the lease of a process that died', () => {
  it('adds what the journals say that it spent', () => {
    expect(settled(seen, seen, ['dead'], 3)).toMatchObject({ spent: 4, holders: {}, settlements: 1 })
  })

  it.each([
    { what: 'leased more', now: withHolder(seen, 'dead', { ...holder, usd: 5 }) },
    { what: 'reported what it spent', now: withHolder({ ...seen, spent: 3 }, 'dead', { ...holder, spent: 2 }) },
    { what: 'was settled by somebody else', now: { ...withHolder(seen, 'dead', undefined), settlements: 1 } },
    { what: 'was joined by another one', now: { ...withHolder(seen, 'new', holder), settlements: 1 } },
  ])('is left to another look when, after the first one, it $what', ({ now }) => {
    expect(settled(now, seen, ['dead'], 0)).toBeUndefined()
  })
})

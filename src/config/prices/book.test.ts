import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ageDays, costOfAmounts, isDay, isOld, type Price, units } from '../../domain/price.ts'
import { ProblemsError } from '../../domain/problem.ts'
import { createPriceBook } from './book.ts'
import { readPriceFile } from './read.ts'
import type { PriceSheet } from './sheet.ts'

const sheet = (models: Record<string, Price>, more: Partial<PriceSheet> = {}): PriceSheet => ({
  models: new Map(
    Object.entries(models).map(([name, price]) => [
      name,
      { price, from: { kind: 'user', file: 'prices.yaml', line: 1 } },
    ]),
  ),
  hardware: new Map(),
  ...more,
})

describe('The book of prices', () => {
  it("says the agent's own price, else that of the strongest place, by version or name, else the list's, else nothing", () => {
    const model = `stability-ai/sdxl:${'a'.repeat(64)}`
    const book = createPriceBook([
      sheet({ 'stability-ai/sdxl': { usd_per_call: 2 } }),
      sheet({ [model]: { usd_per_call: 3 }, 'acme/weak': { usd_per_call: 4 } }),
    ])
    expect(book.find({ model, price: { usd_per_call: 1 } })).toEqual({
      rates: { usd_per_call: 1 },
      from: { kind: 'agent' },
    })
    expect(book.find({ model })?.rates).toEqual({ usd_per_call: 2 })
    expect(book.find({ model: 'acme/weak:1' })?.rates).toEqual({ usd_per_call: 4 })
    expect(createPriceBook([]).find({ model })).toMatchObject({
      rates: { usd_per_second: 0.000975 },
      hardware: 'gpu-l40s',
      as_of: '2026-11-01',
      from: { kind: 'built_in' },
    })
    expect(book.find({ model: 'acme/x' })).toBeUndefined()
    expect(book.find({ model: 'constructor' })).toBeUndefined()
  })

  it('says of a deployment only what somebody wrote, whatever model it has the name of', () => {
    expect(createPriceBook([]).find({ model: 'stability-ai/sdxl', deployment: true })).toBeUndefined()
    const book = createPriceBook([sheet({ 'acme/farm': { hardware: 'gpu-t4' } })])
    expect(book.find({ model: 'acme/farm', deployment: true })?.rates).toEqual({ usd_per_second: 0.000225 })
  })

  it('gives hardware the price that a user wrote, to built-in models too, and the older of both days', () => {
    const from = { kind: 'user', file: 'prices.yaml', line: 2 } as const
    const own = new Map([['gpu-t4', { usd_per_second: 0.5, as_of: '2026-12-24', from }]])
    const book = createPriceBook([sheet({ 'acme/x': { hardware: 'gpu-t4' } }, { hardware: own })])
    expect(book.find({ model: 'openai/whisper' })).toMatchObject({
      rates: { usd_per_second: 0.5 },
      as_of: '2026-11-01',
    })
    expect(book.find({ model: 'acme/x' })).toMatchObject({ rates: { usd_per_second: 0.5 }, as_of: '2026-12-24' })
  })

  it('does not know what a call on unknown hardware costs', () => {
    const found = createPriceBook([]).find({ model: 'acme/x', price: { hardware: 'gpu-z9', usd_per_call: 1 } })
    expect(found).toMatchObject({ hardware: 'gpu-z9' })
    expect(found?.rates).toBeUndefined()
  })

  it('has a day and a source for everything that is built in', () => {
    const book = createPriceBook([])
    expect(book.models.size).toBeGreaterThan(30)
    for (const price of [...book.models.values(), ...book.hardware.values()]) {
      expect(isDay(price.as_of ?? '')).toBe(true)
      expect(price.source).toBeTruthy()
    }
  })
})

describe('The arithmetic of prices', () => {
  const dollars = fc.double({ min: 0, max: 1e6, noNaN: true })
  const rates = fc.record(Object.fromEntries(units.map((unit) => [`usd_per_${unit}`, dollars])), { requiredKeys: [] })
  const amounts = fc.record(Object.fromEntries(units.map((unit) => [unit, fc.nat({ max: 1e6 })])), { requiredKeys: [] })

  test('never gives less than nothing, and nothing at all where an amount is not known', () => {
    fc.assert(
      fc.property(rates, amounts, (price, counted) => {
        const usd = costOfAmounts(price, counted)
        const missing = units.some((unit) => (price[`usd_per_${unit}`] ?? 0) > 0 && counted[unit] === undefined)
        if (missing) expect(usd).toBeNull()
        else expect(usd).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('adds up the parts of a price', () => {
    fc.assert(
      fc.property(rates, (price) => {
        const all = Object.fromEntries(units.map((unit) => [unit, 3]))
        const sum = units.reduce((total, unit) => total + 3 * (price[`usd_per_${unit}`] ?? 0), 0)
        expect(costOfAmounts(price, all)).toBeCloseTo(sum, 6)
      }),
    )
  })

  test('never takes what is no finite number for money', () => {
    expect(costOfAmounts({ usd_per_call: 1e300 }, { call: 1e300 })).toBeNull()
    expect(costOfAmounts(undefined, { call: 1 })).toBeNull()
  })

  test('tells how old a day is, and which days there are', () => {
    const now = Date.parse('2026-11-21T12:00:00Z')
    expect(ageDays('2026-11-21', now)).toBe(0)
    expect(ageDays('2026-08-23', now)).toBe(90)
    expect(ageDays('2026-11-23', now)).toBe(-2)
    expect(isOld({ as_of: '2026-08-23' }, 90, now)).toBe(false)
    expect(isOld({ as_of: '2026-08-22' }, 90, now)).toBe(true)
    expect(isOld({}, 0, now)).toBe(false)
    expect(['2026-02-28', '2028-02-29'].map(isDay)).toEqual([true, true])
    expect(['2026-02-30', '2026-13-01', '26-1-1', 'yesterday', '2026-11-21T00:00'].map(isDay)).toEqual(
      Array(5).fill(false),
    )
  })
})

describe('A file of prices', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prices-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function read(text: string) {
    const file = join(folder, 'prices.yaml')
    await writeFile(file, text)
    return readPriceFile(file, 'environment')
  }

  it('is read with the lines that its prices stand on', async () => {
    const sheet_ = await read(
      [
        'max_age_days: 30',
        'hardware:',
        '  gpu-h100: 0.0015',
        '  gpu-b200: {usd_per_second: 0.004, as_of: 2026-11-20}',
        'acme/x: {usd_per_second: 0.001, source: the bill of October}',
        'acme/y:',
        '  hardware: gpu-b200',
      ].join('\n'),
    )
    const book = createPriceBook([sheet_])
    const file = join(folder, 'prices.yaml')
    expect(book.max_age_days).toBe(30)
    expect(book.find({ model: 'acme/x' })).toEqual({
      ...{ rates: { usd_per_second: 0.001 }, source: 'the bill of October' },
      from: { kind: 'environment', file, line: 5 },
    })
    expect(book.find({ model: 'acme/y' })).toEqual({
      ...{ rates: { usd_per_second: 0.004 }, hardware: 'gpu-b200', as_of: '2026-11-20' },
      from: { kind: 'environment', file, line: 6 },
    })
    expect(book.hardware.get('gpu-h100')).toMatchObject({ usd_per_second: 0.0015, from: { line: 3 } })
  })

  it.each([
    ['acme/x: {usd_per_secnd: 1}', 'prices.yaml:1:10', 'did you mean `usd_per_second`?'],
    ['acme/x: {usd_per_call: -1}', 'must be 0 or more dollars', undefined],
    ['acme/x: {usd_per_call: .nan}', '.nan is not a number of JSON', undefined],
    ['acme/x: {usd_per_call: 1e300}', 'must be at most 1000000 dollars', undefined],
    ['acme/x: {usd_per_call: "1"}', 'must be a number of dollars, but is', undefined],
    ['acme/x: {usd_per_call: 1, as_of: 2026-02-30}', 'must be a day that there is', undefined],
    ['acme/x: {usd_per_call: 1, as_of: 2026}', 'must be a day: YYYY-MM-DD', undefined],
    ['acme/x: {usd_per_second: 1, hardware: cpu}', 'has both `hardware` and `usd_per_second`', undefined],
    ['acme/x: {as_of: 2026-11-01}', 'says no price', undefined],
    ['acme/x: 3', 'must be a mapping', undefined],
    ['acme: {usd_per_call: 1}', 'there is no field `acme`', undefined],
    ['hardwre: {cpu: 1}', 'there is no field `hardwre`', 'did you mean `hardware`?'],
    ['hardware: {cpu: -1}', 'must be 0 or more dollars', undefined],
    ['hardware: {cpu: {usd: 1}}', '`usd_per_second` is missing in hardware.cpu', undefined],
    ['max_age_days: 1.5', 'must be a whole number', undefined],
    ['[]', 'must be a mapping of models to prices', undefined],
    ['acme/x: &a {usd_per_call: *a}', 'within its own anchor', undefined],
    ['__proto__: {usd_per_call: 1}', '__proto__', undefined],
    ['acme/x: {usd_per_call: 1}\nacme/x: {usd_per_call: 2}', 'stands here twice', undefined],
  ])('refuses %s, saying where and why', async (text, message, hint) => {
    const error = await read(text).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(ProblemsError)
    const { message: said, hint: told } = error as ProblemsError
    expect(said).toContain(message)
    expect(said).toMatch(/prices\.yaml:\d+:\d+: /)
    if (hint !== undefined) expect(told).toBe(hint)
  })
})

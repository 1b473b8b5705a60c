import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { modelName, type Price } from './catalogue/model.ts'
import { models } from './catalogue/models.ts'
import { parseFaultRule } from './faults/rules.ts'
import { parseLatency } from './latency.ts'

const page = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8')

/** The first cells of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''))
}

function written(price: Price): string {
  if (price.per === 'second') return 'by the second'
  if (price.per === 'image') return `$${price.usd} an image`
  if (price.per === 'characters') return `$${price.usdPerThousand} per 1,000 characters`
  return `$${price.inputUsdPerMillion} / $${price.outputUsdPerMillion} per million tokens`
}

describe('docs/sandbox.md', () => {
  it('lists every model as it is', () => {
    for (const model of models) {
      const called = model.official ? 'official' : 'by version'
      expect(page).toContain(`| \`${modelName(model)}\` | ${called} | ${model.hardware} | ${written(model.price)} |`)
    }
    expect(firstCells('Models')).toEqual(models.map(modelName))
  })

  it('names only clauses that are understood', () => {
    const clauses = firstCells('Failures')
    expect(clauses.length).toBeGreaterThan(15)
    for (const clause of clauses) {
      const example = clause.replace('SECONDS', '2').replace('FACTOR', '2').replace('TEXT', 'x').replace('=N', '=3')
      expect(() => parseFaultRule(example === 'on=get' ? '*:status=500:on=get' : `*:${example}`)).not.toThrow()
    }
    for (const [, rule] of page.matchAll(/--fail '([^']+)'/g)) expect(() => parseFaultRule(rule ?? '')).not.toThrow()
  })

  it('names only latencies that are understood', () => {
    const specs = firstCells('Latency')
    expect(specs.length).toBeGreaterThan(4)
    for (const spec of specs) expect(() => parseLatency(spec)).not.toThrow()
  })
})

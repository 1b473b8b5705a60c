import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { modelName, type Price } from './catalogue/model.ts'
import { models } from './catalogue/models.ts'
import { trainingFields } from './catalogue/training-fields.ts'
import { parseFaultRule } from './faults/rules.ts'
import { readScenario } from './faults/scenario.ts'
import { routes } from './http/routes.ts'
import { parseLatency } from './latency.ts'
import { startSandbox } from './sandbox.ts'

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

/** Runs a program of the page against a sandbox, in this project's folder; what it printed. */
async function printed(program: string): Promise<string> {
  const sandbox = await startSandbox({ latency: '0' })
  try {
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
      cwd: new URL('../..', import.meta.url),
      env: { ...process.env, REPLICATE_BASE_URL: sandbox.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return await text(child.stdout)
  } finally {
    await sandbox.close()
  }
}

describe('docs/sandbox.md', () => {
  it('lists every operation that the sandbox has, and no other', () => {
    const section = page.split('## The API\n')[1]?.split('\n\n**')[0] ?? ''
    const listed = [...section.matchAll(/`([A-Z]+ \/[^`]*)`/g)].map(([, operation = '']) =>
      operation.replace(/[A-Z]+(?=\/|$)/g, ':x'),
    )
    const real = routes
      .filter(({ path }) => path.startsWith('/v1/'))
      .map(({ method, path }) => `${method} ${path.slice(3).replace(/:\w+/g, ':x')}`)
    expect(listed.toSorted()).toEqual(real.toSorted())
  })

  it('names the models that can be trained', () => {
    const sentence = /\*\*Trainings\*\* take versions of ([^;]*), and of/.exec(page)?.[1] ?? ''
    expect(sentence.match(/[\w-]+\/[\w-]+/g)).toEqual(Object.keys(trainingFields))
  })

  it('shows programs that work', async () => {
    const [run = '', receive = ''] = [...page.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code)
    const onSandbox = run.replace("'http://127.0.0.1:8091/v1'", 'process.env.REPLICATE_BASE_URL')
    expect(await printed(`${onSandbox}\nconsole.log(String(picture))`)).toMatch(/^http:.*\/delivery\/.*\.png\n$/)
    expect(await printed(receive)).toBe('succeeded\n')
  })

  it('lists every model as it is', () => {
    for (const model of models) {
      const called = model.official ? 'official' : 'by version'
      expect(page).toContain(`| \`${modelName(model)}\` | ${called} | ${model.hardware} | ${written(model.price)} |`)
    }
    expect(firstCells('Models')).toEqual(models.map(modelName))
  })

  it('names only clauses that are understood', () => {
    const clauses = firstCells('Failures').slice(0, firstCells('Failures').indexOf('model'))
    expect(clauses.length).toBeGreaterThan(20)
    for (const clause of clauses) {
      const example = clause.replace('SECONDS', '2').replace('FACTOR', '2').replace('TEXT', 'x').replace('=N', '=3')
      expect(() => parseFaultRule(example === 'on=get' ? '*:status=500:on=get' : `*:${example}`)).not.toThrow()
    }
    for (const [, rule] of page.matchAll(/--fail '([^']+)'/g)) expect(() => parseFaultRule(rule ?? '')).not.toThrow()
  })

  it('shows a scenario that is understood, and every field and fault', () => {
    const yaml = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? ''
    const { scenario, problems } = readScenario(parse(yaml))
    expect(problems).toEqual([])
    expect(scenario.faults.length).toBeGreaterThan(8)
    const rows = page.split('| field | value |')[1]?.split('\n\n')[0] ?? ''
    const unknown = readScenario({ faults: [{ fault: 'drop', qqqqq: 1 }] }).problems[0]?.hint ?? ''
    const known = unknown.replace('fields are ', '').split(', ')
    const shown = [...rows.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? [])
    expect(new Set(shown)).toEqual(new Set(known))
    const faults = /one of (.*), not/.exec(readScenario({ faults: [{ fault: 'x' }] }).problems[0]?.message ?? '')?.[1]
    for (const fault of (faults ?? '').split(', ')) expect(rows).toContain(`\`${fault}\``)
  })

  it('names only latencies that are understood', () => {
    const specs = firstCells('Latency')
    expect(specs.length).toBeGreaterThan(4)
    for (const spec of specs) expect(() => parseLatency(spec)).not.toThrow()
  })
})

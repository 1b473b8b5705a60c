/** Everything that says what a run cost says the same. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('still.yaml', "latency: 0\nfaults: ['stability-ai/sdxl:failed:times=1']\n")
  await cli.write('workflows/inner.yaml', inner)
})
afterEach(() => cli.close())

// Every agent's price is a digit of its own, so that a sum says which calls are in it.
const agents = `
  writer: {model: openai/gpt-5-nano, price: {usd_per_call: 1}}
  judged: {model: openai/gpt-4o-mini, price: {usd_per_call: 0.1}, routing: {quality: {judge: {agent: critic, score: '0.9'}}}}
  critic: {model: meta/meta-llama-3-8b-instruct, price: {usd_per_call: 0.01}}
  painter: {model: black-forest-labs/flux-schnell, price: {usd_per_call: 0.001}, cache: true}
  shaky: {model: stability-ai/sdxl, price: {usd_per_call: 0.0001}, retry: {attempts: 2, base_delay: 0}}
  picky: {model: openai/gpt-5-nano, price: {usd_per_call: 0.0002}, routing: {quality: {expression: '0', accept: 0.5}}, fallback: shaky}
  guard: {model: meta/meta-llama-3-70b-instruct, price: {usd_per_call: 0.00001}}
`
const inner = `
name: inner
inputs: {topic: {type: string}}
steps:
  judge: {agent: judged, input: {prompt: "\${{ inputs.topic }}"}}
  draw: {agent: painter, input: {prompt: same}}
  pair: {agent: writer, foreach: {in: [a, b]}, input: {prompt: "\${{ inputs.topic }} \${{ item }}"}}
outputs: {done: true}
`
const outer = (repeat: string) => `
name: outer
steps:
  each: {agent: writer, foreach: {in: [a, b, c]}, input: {prompt: "\${{ item }}"}}
  again: {agent: judged, ${repeat}input: {prompt: again}}
  both: {agent: writer, foreach: {in: [d, e]}, ${repeat}input: {prompt: "\${{ item }}"}}
  draw: {agent: painter, foreach: {in: [x, x, y]}, input: {prompt: "\${{ item }}"}}
  retry: {agent: picky, input: {prompt: z}}
  nested: {workflow: inner, foreach: {in: [f, g]}, needs: [draw], input: {topic: "\${{ item }}"}}
  rounds: {workflow: inner, repeat: {max: 2}, needs: [nested], input: {topic: h}}
`
/** Two pictures of the step, and one that all nested runs share. */
const pictures = 3

async function json(command: string, code = 0): Promise<JsonObject> {
  const end = await cli.run(`${command} --json`)
  expect(end.code, end.stderr).toBe(code)
  return end.json()
}

interface Work {
  cost_usd: number
  items?: Work[]
}

test.each([
  { rounds: 2, question: 0, plugins: '' },
  {
    ...{ rounds: 1, question: 0.00001 },
    plugins: 'plugins: [{name: content_filter, options: {agent: guard, score: "0", direction: input}}]\n',
  },
])(
  'The run, its steps, budgets, costs and the audit log agree on what items, rounds, nested runs, judges, retries and hits of the cache cost, also once it was stopped and resumed: $plugins',
  async ({ rounds, plugins, question }) => {
    await cli.write('workflows/outer.yaml', outer(rounds > 1 ? `repeat: {max: ${rounds}}, ` : ''))
    await cli.write('replicate-agent.yaml', `${plugins}budgets: {day: 1000}\nagents: ${agents}`)
    const stopped = await json('run outer --sandbox --faults still.yaml --budget 9', 1)
    expect(stopped['error']).toMatchObject({ code: 'budget_exceeded' })
    const id = String(stopped['run_id'])
    const run = await json(`runs resume ${id} --budget 100`)
    expect(run['status']).toBe('succeeded')
    const close = (usd: unknown, wanted: number) => expect(usd).toBeCloseTo(wanted, 6)

    const steps = Object.values(run['steps'] as unknown as Record<string, Work>)
    for (const { cost_usd, items } of steps) if (items) close(cost_usd, sum(items))
    const total = Number(run['cost_usd'])
    // Three items, two of some rounds, and two in each of four nested runs.
    const letters = 3 + 2 * rounds + 4 * 2
    // Rounds, and one in each nested run; each is judged.
    const judged = rounds + 4
    // Every call is asked about: hits of the cache and judges, too, but an agent with its fallback once.
    const questions = letters + 2 * judged + pictures + 4 + 1
    // The answer that was not good enough is paid; that of a model that failed is not.
    const retried = 0.0002 + 0.0001
    close(total, letters + judged * 0.11 + pictures * 0.001 + retried + questions * question)
    close(sum(steps), total)
    close((await json(`runs show ${id}`))['cost_usd'], total)

    const shown = await json(`budgets show run:${id}`)
    close((shown['budgets'] as JsonObject[])[0]?.['spent_usd'], total)
    const spenders = shown['agents'] as unknown as { agent: string; calls: number; usd: number }[]
    expect(spenders.find(({ agent }) => agent === 'writer')).toMatchObject({ calls: letters, usd: letters })
    close(
      spenders.reduce((all, { usd }) => all + usd, 0),
      total,
    )
    for (const check of ['', '--check'])
      close(((await json(`budgets list --sandbox ${check}`))['budgets'] as JsonObject[])[0]?.['spent_usd'], total)

    for (const command of ['costs', 'audit costs']) {
      for (const by of ['model', 'day', 'agent']) {
        const { rows, total: all } = (await json(`${command} --sandbox --by ${by}`)) as unknown as {
          rows: Work[]
          total: Work & { saved_usd: number }
        }
        close(all.cost_usd, total)
        close(sum(rows), total)
        // The second x, and three of four nested runs.
        close(all.saved_usd, 4 * 0.001)
      }
    }
  },
)

const sum = (all: readonly Work[]): number => all.reduce((usd, { cost_usd }) => usd + cost_usd, 0)

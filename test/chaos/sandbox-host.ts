/** A process that keeps sandboxes for another one: asked by messages, one sandbox for each life of a run. */
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'

/** What goes wrong at the provider in every life: a lost answer, a first failure, a model that always fails. */
const faults = [
  'meta/meta-llama-3-8b-instruct:lost:times=1',
  'openai/gpt-5-nano:failed:times=1',
  'openai/gpt-4o-mini:failed',
]

export type Ask = { open: number; logFile: string } | { close: number }
export type Answer = { open: number; url: string } | { close: number }

const open = new Map<number, Sandbox>()

async function answer(ask: Ask): Promise<Answer> {
  if ('open' in ask) {
    const sandbox = await startSandbox({ latency: 'uniform:2,25', logFile: ask.logFile, faults })
    open.set(ask.open, sandbox)
    return { open: ask.open, url: sandbox.url }
  }
  await open.get(ask.close)?.close()
  open.delete(ask.close)
  return { close: ask.close }
}

process.on('message', (ask: Ask) => {
  void answer(ask).then((said) => process.send?.(said))
})
process.on('disconnect', () => process.exit(0))

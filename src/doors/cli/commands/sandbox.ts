/** `sandbox`: a local server that speaks Replicate's API, until it is stopped. */
import { ConfigurationError } from '../../../domain/errors.ts'
import { defined } from '../../../std/defined.ts'
import { deferred } from '../../../std/deferred.ts'
import { resolve } from 'node:path'
import { defineCommand } from '../command.ts'
import { flag, text, texts, wholeNumber } from '../option.ts'
import { count, formatUsd } from '../output/quantity.ts'
import { type StopSignal, stopCodes } from '../surroundings.ts'

export const sandbox = defineCommand({
  description:
    "Starts a local server that speaks Replicate's HTTP API: real names and schemas, deterministic answers, bills like the real thing, no token needed. Runs until Ctrl-C.",
  args: {},
  options: {
    port: wholeNumber('--port <n>', 'the port (default: a free one)', 0),
    latency: text(
      '--latency <spec>',
      'how long predictions take: 250, 2s, uniform:100,500, lognormal:300,0.5 (default: by model)',
    ),
    seed: wholeNumber('--seed <n>', 'the same seed gives the same answers and faults (default: 1)', 0),
    fail: texts(
      '--fail <rule>',
      'what goes wrong, such as owner/name:0.3 or *:429=2; may be repeated (docs/sandbox.md)',
    ),
    data: text('--data <folder>', 'keep predictions and files in this folder (default: in memory)'),
    log: text('--log <file>', 'write a JSON line for every prediction that it is asked for'),
    json: flag('--json', 'print {url, port} once it listens'),
  },
  examples: [
    { command: 'replicate-agent sandbox --port 4010', what: 'for any client of the API' },
    {
      command: "replicate-agent sandbox --latency 50 --fail '*:503=2' --log predictions.jsonl",
      what: 'quick, and failing at times',
    },
  ],
  async run(context, { port, latency, seed, fail, data, log }) {
    const { startSandbox } = await import('../../../sandbox/sandbox.ts')
    const path = (given: string | undefined) => (given === undefined ? undefined : resolve(context.cwd, given))
    const options = defined({
      port,
      latency,
      seed,
      fail,
      dataDir: path(data),
      logFile: path(log),
      clock: context.clock,
    })
    const stopped = deferred<StopSignal>()
    const unsubscribe = context.onStop((signal) => stopped.resolve(signal))
    const server = await startSandbox(options).catch((error: unknown) => {
      unsubscribe()
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
      const why = code === 'EADDRINUSE' ? 'is taken' : 'may not be used'
      throw new ConfigurationError('configuration', `port ${port} ${why}`, {
        hint: 'choose another --port, or leave it out for a free one',
      })
    })
    try {
      if (context.json) context.printJson({ url: server.url, port: server.port })
      else for (const line of hello(server.url, data, context.style.bold)) context.print(line)
      const signal = await stopped.promise
      const bill = server.bill()
      context.note(`${count(bill.predictions, 'prediction')}, ${formatUsd(bill.usd)} billed`)
      return stopCodes[signal]
    } finally {
      unsubscribe()
      await server.close()
    }
  },
})

function hello(url: string, data: string | undefined, bold: (text: string) => string): string[] {
  return [
    `${bold(url)} speaks Replicate's API; data is ${data === undefined ? 'in memory' : `kept in ${data}`}. Ctrl-C stops it.`,
    '',
    'point a client at it:',
    `  export REPLICATE_BASE_URL=${url}`,
    '  export REPLICATE_API_TOKEN=any-text-will-do',
  ]
}

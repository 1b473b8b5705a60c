/** `sandbox`: a local server that speaks Replicate's API, until it is stopped. */
import { ConfigurationError } from '../../../domain/errors.ts'
import { defined } from '../../../std/defined.ts'
import { deferred } from '../../../std/deferred.ts'
import { resolve } from 'node:path'
import { defineCommand } from '../command.ts'
import { readScenarioFile } from '../scenario-file.ts'
import { flag, text, texts, wholeNumber } from '../option.ts'
import { count, formatUsd } from '../output/quantity.ts'
import { type StopSignal, stopCodes } from '../surroundings.ts'

export const sandbox = defineCommand({
  description:
    "Starts a local server that speaks Replicate's HTTP API: real names and schemas, deterministic answers, bills like the real thing, no token needed. Runs until Ctrl-C.",
  args: {},
  options: {
    port: wholeNumber('--port <n>', 'the port (default: a free one)', 0),
    host: text('--host <name>', 'the address to listen on (default: 127.0.0.1)'),
    latency: text(
      '--latency <spec>',
      'how long predictions take: 250, 2s, uniform:100,500, lognormal:300,0.5 (default: by model)',
    ),
    seed: wholeNumber('--seed <n>', 'the same seed gives the same answers and faults (default: 1)', 0),
    fail: texts(
      '--fail <rule>',
      'what goes wrong, such as owner/name:0.3 or *:429=2; may be repeated (docs/sandbox.md)',
    ),
    faults: text(
      '--faults <file>',
      'a scenario, YAML or JSON: seed, latency and a list of faults with rates and time windows (docs/sandbox.md)',
    ),
    data: text('--data <folder>', 'keep predictions and files in this folder (default: in memory)'),
    log: text('--log <file>', 'write a JSON line for every prediction that it is asked for'),
    webhooksAnywhere: flag('--webhooks-anywhere', 'send webhooks to any host (default: to this machine only)'),
    json: flag('--json', 'print {url, port} once it listens'),
  },
  examples: [
    { command: 'replicate-agent sandbox --port 4010', what: 'for any client of the API' },
    {
      command: "replicate-agent sandbox --latency 50 --fail '*:503=2' --log predictions.jsonl",
      what: 'quick, and failing at times',
    },
    { command: 'replicate-agent sandbox --faults storm.yaml --seed 7', what: 'with a scenario of failures' },
  ],
  async run(context, { port, host, latency, seed, fail, faults, data, log, webhooksAnywhere }) {
    const { startSandbox } = await import('../../../sandbox/sandbox.ts')
    const { parseFaultRule } = await import('../../../sandbox/faults/rules.ts')
    for (const rule of fail) parseFaultRule(rule)
    const path = (given: string | undefined) => (given === undefined ? undefined : resolve(context.cwd, given))
    const file = path(faults)
    const scenario = file === undefined ? { faults: [] } : await readScenarioFile(file)
    const options = defined({
      ...scenario,
      // what is written on the command line comes before the file
      ...defined({ latency, seed }),
      faults: [...fail, ...scenario.faults],
      port,
      host,
      dataDir: path(data),
      logFile: path(log),
      webhooksAnywhere,
      notice: (text: string) => context.note(`${text} --webhooks-anywhere sends it.`),
      clock: context.clock,
    })
    const stopped = deferred<StopSignal>()
    const unsubscribe = context.onStop((signal) => stopped.resolve(signal))
    const server = await startSandbox(options).catch((error: unknown) => {
      unsubscribe()
      const { code } = error as NodeJS.ErrnoException
      throw listenError(code, { host, port }) ?? error
    })
    try {
      if (context.json) context.printJson({ url: server.url, port: server.port })
      else for (const line of hello(server.url, data, context.style.bold)) context.print(line)
      const signal = await stopped.promise
      const bill = server.bill()
      const trained = bill.trainings > 0 ? `, ${count(bill.trainings, 'training')}` : ''
      context.note(`${count(bill.predictions, 'prediction')}${trained}, ${formatUsd(bill.usd)} billed`)
      return stopCodes[signal]
    } finally {
      unsubscribe()
      await server.close()
    }
  },
})

function listenError(
  code: string | undefined,
  { host, port }: { host: string | undefined; port: number | undefined },
): ConfigurationError | undefined {
  if (code === 'EADDRINUSE' || code === 'EACCES') {
    return new ConfigurationError(
      'configuration',
      `port ${port} ${code === 'EACCES' ? 'may not be used' : 'is taken'}`,
      { hint: 'choose another --port, or leave it out for a free one' },
    )
  }
  if (code !== 'EADDRNOTAVAIL' && code !== 'ENOTFOUND' && code !== 'EAI_AGAIN') return undefined
  return new ConfigurationError('configuration', `"${host}" is no address of this machine`, {
    hint: 'leave --host out to listen on 127.0.0.1',
  })
}

function hello(url: string, data: string | undefined, bold: (text: string) => string): string[] {
  return [
    `${bold(url)} speaks Replicate's API; data is ${data === undefined ? 'in memory' : `kept in ${data}`}. Ctrl-C stops it.`,
    '',
    'point a client at it:',
    `  export REPLICATE_BASE_URL=${url}`,
    '  export REPLICATE_API_TOKEN=any-text-will-do',
  ]
}

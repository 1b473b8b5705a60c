/** `breakers configure`: sets keys of a circuit breaker over what agents say. */
import type { InputOf } from '../../../../app/action.ts'
import { configureBreaker } from '../../../../app/actions/breakers/configure.ts'
import { breakerCriteria, type CountedClass } from '../../../../domain/breaker.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { choice, decimal, flag, required, text, wholeNumber } from '../../option.ts'
import { nameText, stateText } from './breaker-lines.ts'

type Settings = NonNullable<InputOf<typeof configureBreaker>['set']>

/** By the keys that they set, as in YAML. */
const settings = {
  criterion: choice('--criterion <name>', 'what opens it', breakerCriteria),
  failureThreshold: wholeNumber('--failure-threshold <n>', 'so many failures open it', 1),
  windowSeconds: decimal('--window-seconds <n>', 'how long a call counts', 0),
  failureRate: decimal('--failure-rate <share>', 'the share of failures that opens it', 0),
  minimumCalls: wholeNumber('--minimum-calls <n>', 'with fewer calls it stays closed', 1),
  windowCalls: wholeNumber('--window-calls <n>', 'so many calls count', 1),
  slowCallSeconds: decimal('--slow-call-seconds <n>', 'a call that takes longer is slow', 0),
  slowCallRate: decimal('--slow-call-rate <share>', 'the share of slow calls that opens it', 0),
  on: text('--on <classes>', 'classes of failure that count, with commas between them'),
  cooldownSeconds: decimal('--cooldown-seconds <n>', 'how long nothing is called', 0),
  halfOpenProbes: wholeNumber('--half-open-probes <n>', 'trial calls on their way at once', 1),
  successThreshold: wholeNumber('--success-threshold <n>', 'so many of them must succeed', 1),
  rampSeconds: decimal('--ramp-seconds <n>', 'over so long its share of calls grows then', 0),
}

export const configure = defineCommand({
  description:
    'Sets numbers of the circuit breaker of a model over what agents and the configuration say, for runs that are under way, too. They hold until `--clear`; the files stay as they are.',
  args: { model: required('owner/name of a model, or a name that `breakers list` shows') },
  options: {
    ...settings,
    clear: flag('--clear', 'what was set before holds no more'),
    sandbox: flag('--sandbox', 'that of calls in the sandbox'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print it as JSON'),
  },
  examples: [
    {
      command:
        'replicate-agent breakers configure meta/meta-llama-3-8b-instruct --failure-threshold 3 --cooldown-seconds 300',
      what: 'be stricter with it for now',
    },
    {
      command: 'replicate-agent breakers configure meta/meta-llama-3-8b-instruct --clear',
      what: 'as agents say again',
    },
  ],
  async run(context, given) {
    const { on, clear } = given
    const set = defined({
      criterion: given.criterion,
      failure_threshold: given.failureThreshold,
      window_seconds: given.windowSeconds,
      failure_rate: given.failureRate,
      minimum_calls: given.minimumCalls,
      window_calls: given.windowCalls,
      slow_call_seconds: given.slowCallSeconds,
      slow_call_rate: given.slowCallRate,
      on: on?.split(',').map((name) => name.trim() as CountedClass),
      cooldown_seconds: given.cooldownSeconds,
      half_open_probes: given.halfOpenProbes,
      success_threshold: given.successThreshold,
      ramp_seconds: given.rampSeconds,
    }) satisfies Settings
    if (Object.keys(set).length === 0 && !clear)
      throw new UsageError('there is nothing to set', { hint: 'give a key, as in `--failure-threshold 3`, or --clear' })
    const app = await context.app(given)
    const shown = await context.call(app, configureBreaker, { breaker: given.model, set, clear })
    if (context.json) return context.printJson(shown)
    const { style } = context
    const held = Object.entries(shown.override ?? {}).map(([key, value]) => `${key} ${String(value)}`)
    const said = held.length === 0 ? 'as agents say' : held.join(', ')
    context.print(`${style.bold(nameText(shown))}  ${stateText(shown, context)}  ${said}`)
    return undefined
  },
})

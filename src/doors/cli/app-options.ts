/** The options that say which store, artifacts and target a verb works with; shared by all verbs that need one. */
import { choice, flag, noText, text } from './option.ts'

/** For verbs that read the configuration. */
export const configOptions = {
  config: noText('--config <file>', 'the configuration, in place of the replicate-agent.yaml that is found from here'),
  noConfig: noText('--no-config', 'read no configuration and no .env'),
}

export const appOptions = {
  ...configOptions,
  sandbox: flag('--sandbox', 'use the built-in sandbox instead of Replicate: no token, no cost'),
  store: text('--store <url>', 'the store of runs (default: in the state folder)'),
  checkpointDir: text(
    '--checkpoint-dir <folder>',
    'keep store and artifacts in this folder, so that it can be carried elsewhere',
  ),
  durability: choice('--durability <level>', 'full (the default) survives power loss, normal a crash', [
    'full',
    'normal',
  ]),
}

/** For verbs that begin a run. */
export const sandboxOptions = {
  faults: text('--faults <file>', 'with --sandbox: what goes wrong in it, as a scenario (docs/sandbox.md)'),
}

/** For verbs that call models. */
export const recordingOptions = {
  record: text('--record <folder>', 'keep what is asked of models, and answered, in this folder, without secrets'),
  replay: text('--replay <folder>', 'answer from the recording in this folder: no token, no connection, no cost'),
}

/** For verbs that find the versions of models. */
export const pinOptions = {
  frozen: flag(
    '--frozen',
    'take the versions in the lock file, and no others: an error, before any call, where it does not fit',
  ),
}

export interface AppChoice {
  sandbox?: boolean
  /** A scenario of the sandbox. */
  faults?: string | undefined
  record?: string | undefined
  /** The recording that is there is gone on with, not replaced. */
  recordsOn?: boolean
  replay?: string | undefined
  /** The lock file decides on versions, and stays as it is. */
  frozen?: boolean
  store?: string | undefined
  checkpointDir?: string | undefined
  durability?: 'full' | 'normal' | undefined
  /** False: none is read. */
  config?: string | false | undefined
  /** The sandbox keeps nothing: for a look at it. */
  sandboxInMemory?: boolean
}

/** The options that the next command on the same run needs, too. */
export function repeatedOptions({ config, store, checkpointDir }: AppChoice): string {
  const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
  return [
    config === false ? ' --no-config' : config === undefined ? '' : ` --config ${quoted(config)}`,
    store === undefined ? '' : ` --store ${quoted(store)}`,
    checkpointDir === undefined ? '' : ` --checkpoint-dir ${quoted(checkpointDir)}`,
  ].join('')
}

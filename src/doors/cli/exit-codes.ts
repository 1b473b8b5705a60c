/** What the program's exit code says (ruling 29): one table from error codes, one rule for runs. */
import type { ErrorCode } from '../../domain/errors.ts'
import type { RunResult } from '../../domain/run.ts'

/** Every code that the program ends with, for the docs and for people. */
export const exitCodes = {
  0: 'succeeded',
  1: 'failed: the run failed, timed out, went over its budget or was cancelled by somebody else; a test failed; `doctor` found faults',
  2: 'usage: the command makes no sense, or there is no such run',
  3: 'invalid: a workflow, test file, input, expression or configuration is wrong, the lock file does not fit (--frozen), or a file is missing',
  4: 'waiting: the run waits for an approval or is paused',
  5: 'configuration: a token, a secret or credit is missing, or a port is taken',
  69: 'the runtime is too old',
  74: 'the store or its disk failed, or something in it is damaged',
  75: 'another process holds the run',
  129: 'the terminal was closed (SIGHUP); the run can be resumed',
  130: 'interrupted (SIGINT)',
  141: 'nobody reads the output any more; the run can be resumed',
  143: 'ended by SIGTERM',
} as const

const failed = 1
const usage = 2
const invalid = 3
const configuration = 5
const store = 74
const held = 75

export const exitCodeOfError = {
  usage,
  unknown_run: usage,
  run_mismatch: usage,
  invalid_workflow: invalid,
  invalid_expression: invalid,
  expression_failed: invalid,
  invalid_input: invalid,
  invalid_config: invalid,
  invalid_test: invalid,
  lock_mismatch: invalid,
  file_not_found: invalid,
  file_unreadable: invalid,
  file_too_large: invalid,
  timeout: failed,
  network: failed,
  server: failed,
  rate_limited: failed,
  exception: failed,
  quality_failure: failed,
  resource_exhausted: failed,
  invalid_output: failed,
  authentication: configuration,
  payment_required: configuration,
  validation: failed,
  not_found: failed,
  outcome_unknown: failed,
  no_candidate: failed,
  circuit_open: failed,
  budget_exceeded: failed,
  refused: failed,
  withheld: failed,
  plugin_failed: failed,
  repeat_exhausted: failed,
  rejected: failed,
  approval_timeout: failed,
  step_failed: failed,
  run_failed: failed,
  cancelled: failed,
  missing_token: configuration,
  missing_secret: configuration,
  configuration,
  store,
  store_newer: store,
  store_corrupt: store,
  disk_full: store,
  held,
  lease_lost: held,
  runtime_too_old: 69,
  interrupted: 130,
  internal: failed,
} as const satisfies Record<ErrorCode, keyof typeof exitCodes>

/** The code of a command that drove a run to where it is now. */
export function exitCodeOfRun(run: Pick<RunResult, 'status' | 'error'>): number {
  switch (run.status) {
    case 'succeeded':
      return 0
    case 'waiting':
    case 'running':
      // Stopped by something that a person has to set right: 401, 402, a missing token.
      return run.error ? exitCodeOfError[run.error.code] : 4
    default:
      return 1
  }
}

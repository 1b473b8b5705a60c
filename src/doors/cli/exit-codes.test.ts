import { describe, expect, test } from 'vitest'
import { type ErrorCode, errorCodes } from '../../domain/errors.ts'
import { exitCodeOfError, exitCodeOfRun, exitCodes } from './exit-codes.ts'
import { stopCodes } from './surroundings.ts'

/** Ruling 29, written out: a change of this table is a change of what scripts rely on. */
const promised: Record<number, ErrorCode[]> = {
  1: [
    'timeout',
    'network',
    'server',
    'rate_limited',
    'exception',
    'quality_failure',
    'resource_exhausted',
    'invalid_output',
    'validation',
    'not_found',
    'outcome_unknown',
    'no_candidate',
    'circuit_open',
    'budget_exceeded',
    'refused',
    'withheld',
    'plugin_failed',
    'repeat_exhausted',
    'rejected',
    'approval_timeout',
    'step_failed',
    'run_failed',
    'cancelled',
    'internal',
  ],
  2: ['usage', 'unknown_run', 'run_mismatch'],
  3: [
    'invalid_workflow',
    'invalid_expression',
    'invalid_input',
    'invalid_config',
    'invalid_test',
    'lock_mismatch',
    'file_not_found',
    'file_unreadable',
    'file_too_large',
    'expression_failed',
  ],
  5: ['authentication', 'payment_required', 'missing_token', 'missing_secret', 'configuration'],
  69: ['runtime_too_old'],
  74: ['store', 'store_newer', 'store_corrupt', 'disk_full'],
  75: ['held', 'lease_lost'],
  130: ['interrupted'],
}

describe('the exit codes', () => {
  test('are promised for every error code', () => {
    expect(Object.values(promised).flat().toSorted()).toEqual([...errorCodes].toSorted())
  })

  test.each(
    Object.entries(promised).flatMap(([code, errors]) => errors.map((error) => [error, Number(code)] as const)),
  )('%s ends with %i', (error, code) => {
    expect(exitCodeOfError[error]).toBe(code)
  })

  test('are all described', () => {
    for (const code of [...Object.values(exitCodeOfError), ...Object.values(stopCodes), 0, 4])
      expect(exitCodes).toHaveProperty(String(code))
  })

  test.each([
    [{ status: 'succeeded' }, 0],
    [{ status: 'failed' }, 1],
    [{ status: 'failed', error: { code: 'budget_exceeded', message: '', retryable: false } }, 1],
    [{ status: 'failed', error: { code: 'invalid_input', message: '', retryable: false } }, 1],
    [{ status: 'cancelled' }, 1],
    [{ status: 'waiting' }, 4],
    [{ status: 'waiting', error: { code: 'authentication', message: '', retryable: false } }, 5],
    [{ status: 'waiting', error: { code: 'payment_required', message: '', retryable: false } }, 5],
  ] as const)('a run that is %o gives %i', (run, code) => {
    expect(exitCodeOfRun(run)).toBe(code)
  })
})

/** The limits of an agent, a model or a provider: as written, and as kept. */
import { z } from 'zod'
import { type CallLimits, dollarLimitOf, rateLimitOf } from '../../domain/rate-limit.ts'
import type { Report } from '../loading.ts'
import { strict, whole, words } from '../spec-fields.ts'
import type { Path } from '../yaml-places.ts'

const most = 1_000_000_000
const dollarsError = 'must be a number of dollars, more than 0'

const burstField = whole(1, 1_000_000, 'Of these, how many may begin at once: a tenth of them by default.').optional()

/** What is counted of calls besides their number. */
export const amountFields = {
  tokens_per_minute: whole(
    10,
    most,
    'Tokens of input and answer in any minute: guessed before a call, made right after it.',
  ).optional(),
  usd_per_minute: z
    .number({ error: dollarsError })
    .positive({ error: dollarsError })
    .max(most, { error: dollarsError })
    .register(...words('Dollars that calls cost in any minute: what a call may cost, made right after it.'))
    .optional(),
}

export const callFields = {
  requests_per_minute: whole(2, 1_000_000, 'Calls that begin in any minute, retries included.').optional(),
  burst: burstField,
  ...amountFields,
}

export const agentLimitsSpec = strict(
  'agent_limits',
  {
    ...callFields,
    max_concurrency: whole(1, 10_000, 'Another way to write `bulkhead: {max_concurrent}`.').optional(),
  },
  'What calls of this agent keep to, over all runs and processes.',
  'must be a mapping, as in `limits: {requests_per_minute: 60, max_concurrency: 4}`',
)

type AmountsSpec = { [K in keyof typeof amountFields]?: number | undefined }
type CallsSpec = { [K in keyof typeof callFields]?: number | undefined }

/** Undefined where nothing is limited. */
export function normaliseLimits(written: CallsSpec, path: Path, report: Report): CallLimits | undefined {
  const { requests_per_minute: rate, burst } = written
  checkBurst({ rate, burst }, 'requests_per_minute', path, report)
  const limits = callLimits(written)
  return Object.keys(limits).length > 0 ? limits : undefined
}

/** As `normaliseLimits` of what is right. */
export function callLimits({ requests_per_minute: rate, burst, ...amounts }: CallsSpec): CallLimits {
  return { ...(rate !== undefined && { rate: fittingLimit(rate, burst) }), ...amountLimits(amounts) }
}

/** With the burst, unless it does not fit. */
export function fittingLimit(rate: number, burst: number | undefined) {
  return burst !== undefined && burst < rate ? rateLimitOf(rate, burst) : rateLimitOf(rate)
}

export function amountLimits({ tokens_per_minute: tokens, usd_per_minute: usd }: AmountsSpec): CallLimits {
  return {
    ...(tokens !== undefined && { tokens: rateLimitOf(tokens) }),
    ...(usd !== undefined && { usd: dollarLimitOf(usd) }),
  }
}

export function checkBurst(
  { rate, burst }: { rate: number | undefined; burst: number | undefined },
  name: string,
  path: Path,
  report: Report,
): void {
  if (burst === undefined) return
  if (rate === undefined) {
    const message = `\`burst\` is a part of \`${name}\`, which is missing`
    report([...path, 'burst'], { code: 'missing_field', message, at: 'key' })
  } else if (burst >= rate) {
    const message = `\`burst\` (${burst}) must be less than \`${name}\` (${rate}), of which it is a part`
    report([...path, 'burst'], { code: 'contradiction', message })
  }
}

/** The limits of an agent: as written, and as kept. */
import type { z } from 'zod'
import { type AgentLimits, rateLimitOf } from '../../domain/rate-limit.ts'
import type { Report } from '../loading.ts'
import { strict, whole } from '../spec-fields.ts'
import type { Path } from '../yaml-places.ts'

export const agentLimitsSpec = strict(
  'agent_limits',
  {
    requests_per_minute: whole(
      2,
      1_000_000,
      'Calls of this agent that begin in any minute, retries included.',
    ).optional(),
    burst: whole(1, 1_000_000, 'Of these, how many may begin at once: a tenth of them by default.').optional(),
    max_concurrency: whole(1, 10_000, 'Calls of this agent that are under way at once.').optional(),
  },
  'What calls of this agent keep to in this process, over all of its runs.',
  'must be a mapping, as in `limits: {requests_per_minute: 60, max_concurrency: 4}`',
)

type LimitsSpec = z.infer<typeof agentLimitsSpec>

/** Undefined where nothing is limited. */
export function normaliseLimits(written: LimitsSpec, path: Path, report: Report): AgentLimits | undefined {
  const { requests_per_minute: rate, burst, max_concurrency } = written
  checkBurst({ rate, burst }, 'requests_per_minute', path, report)
  const limits: AgentLimits = {}
  if (rate !== undefined) limits.rate = rateLimitOf(rate, burst)
  if (max_concurrency !== undefined) limits.max_concurrency = max_concurrency
  return Object.keys(limits).length > 0 ? limits : undefined
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

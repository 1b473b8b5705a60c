/** The section `audit` of the configuration: what is written down of every call, and for how long. */
import { z } from 'zod'
import { flag, strict, text, words } from '../documents/spec-fields.ts'
import { redactionFault } from '../std/redaction.ts'

export const keepable = ['inputs', 'outputs'] as const

const agePattern = /^\d{1,6}(?:h|d|w)$/
const ageError = 'must be an age such as 90d, 12w or 36h, or forever'
const unitMs = { h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

export const auditSpec = strict(
  'audit',
  {
    enabled: flag('false: calls are not written into the audit log. true by default.').optional(),
    keep: z
      .array(z.enum(keepable, { error: `must be ${keepable.join(' or ')}` }), { error: 'must be a list' })
      .register(...words('What of calls is kept besides their hash and size: inputs, outputs. Nothing by default.'))
      .optional(),
    retention: z
      .string({ error: ageError })
      .refine((written) => written === 'forever' || agePattern.test(written), { error: ageError })
      .register(...words('How old days of the log become before they are removed: 90d by default, or forever.'))
      .optional(),
    redact: z
      .array(text('A path such as input.customer.email or output.items[*].name, or /a pattern/ (RE2).'), {
        error: 'must be a list of paths and /patterns/',
      })
      .superRefine((rules, context) => {
        for (const [index, rule] of rules.entries()) {
          const message = redactionFault(rule)
          if (message !== undefined) context.addIssue({ code: 'custom', message, path: [index] })
        }
      })
      .register(...words('What is taken out of inputs, outputs and messages of errors before they are kept.'))
      .optional(),
    required: flag(
      'true: every call is written down before it is made, and a run stops when that is not possible. false by default: it goes on, with a warning.',
    ).optional(),
  },
  'What is written down of every call.',
)

export interface AuditSettings {
  enabled: boolean
  keep: readonly (typeof keepable)[number][]
  redact: readonly string[]
  required: boolean
  /** Milliseconds; undefined: for ever. */
  retention_ms: number | undefined
}

export const defaultRetention = '90d'

export function auditSettings(spec: z.infer<typeof auditSpec> = {}): AuditSettings {
  const { enabled = true, keep = [], redact = [], required = false, retention = defaultRetention } = spec
  const match = /^(\d+)([hdw])$/.exec(retention)
  const retention_ms = match ? Number(match[1]) * unitMs[match[2] as keyof typeof unitMs] : undefined
  return { enabled, keep, redact, required, retention_ms }
}

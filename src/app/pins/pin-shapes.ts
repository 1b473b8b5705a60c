/** Versions and their differences, as actions put them out. */
import { z } from 'zod'
import { defined } from '../../std/defined.ts'
import type { ModelVersion } from '../../domain/version-pin.ts'

export const versionShape = z.object({
  version: z.string().describe('64 hex digits, or `official`'),
  tag: z.string().optional(),
  fingerprint: z.string().optional().describe('a hash of input and output schema without their prose'),
  created_at: z.string().optional(),
  resolved_at: z.string().optional().describe('when it was locked'),
})

const changeShape = z.object({
  part: z.enum(['input', 'output']),
  kind: z.enum(['added', 'removed', 'changed']),
  name: z.string().optional().describe('of an input'),
  required: z.boolean().optional(),
  field: z.string().optional().describe('what of it changed, such as `type`'),
  before: z.json().optional(),
  after: z.json().optional(),
})

export const changesShape = z.array(changeShape).optional().describe('absent when a schema is not known')

type Shown = Pick<ModelVersion, 'version' | 'tag' | 'fingerprint' | 'created_at'> & { resolved_at?: string }

export function shownVersion({ version, tag, fingerprint, created_at, resolved_at }: Shown) {
  return defined({ version, tag, fingerprint, created_at, resolved_at })
}

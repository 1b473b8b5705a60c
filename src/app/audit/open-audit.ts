/** The audit log that the calls of a world are written into. */
import { hostname, userInfo } from 'node:os'
import type { AuditSettings } from '../../config/audit.ts'
import { keyedHash } from '../../observe/audit/keyed-hash.ts'
import { type AuditLog, type AuditLogOptions, openAuditLog } from '../../observe/audit/log.ts'
import { redactionOf } from '../../std/redaction.ts'
import type { World } from '../app.ts'
import { version } from '../version.ts'
import { auditFolder } from './folder-of.ts'

export interface OpenAuditOptions extends Pick<AuditLogOptions, 'cells' | 'clock' | 'random' | 'durability' | 'warn'> {
  home: string
  world: World
  settings: AuditSettings
  key: Uint8Array
  door: string
}

export function openAudit({ home, world, settings, key, door, ...parts }: OpenAuditOptions): AuditLog {
  const { keep, redact, required, retention_ms } = settings
  return openAuditLog({
    ...parts,
    ...{ required, retention_ms, hash: keyedHash(key), keep: new Set(keep), redaction: redactionOf(redact) },
    folder: auditFolder(home, world !== 'real'),
    who: { user: currentUser(), host: hostname(), door, client: `replicate-agent/${version}` },
  })
}

function currentUser(): string {
  try {
    return userInfo().username
  } catch {
    // Of a user that the system does not know by name.
    return String(process.getuid?.() ?? 'unknown')
  }
}

/** Where the audit log of a world is: the sandbox has one of its own. */
import { join } from 'node:path'

export function auditFolder(home: string, isSandbox: boolean): string {
  return isSandbox ? join(home, 'audit', 'sandbox') : join(home, 'audit')
}

/** Tells the accounts apart whose limits are kept. */
import { sha256 } from '../../std/hash.ts'
import type { World } from '../app.ts'

/** The token itself is kept nowhere. */
export function limitKey(world: World, token: string): string {
  return world === 'real' && token !== '' ? sha256(`limits of ${token}`).slice(0, 12) : ''
}

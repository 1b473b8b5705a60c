/** Tells that a database file on a network file system is not safe from other machines (ruling 35). */
import { networkFileSystem } from '../state/network-file-system.ts'

export async function warnOfNetwork(home: string, warn: ((message: string) => void) | undefined): Promise<void> {
  const kind = await networkFileSystem(home)
  if (kind !== undefined) warn?.(`${home} is on a network file system (${kind}): locks may not hold; use a local disk`)
}

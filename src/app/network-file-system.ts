/** Whether a folder lies on a network file system, where SQLite's locks can't be relied on. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Linux's magic numbers (statfs(2)). */
const magic: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x5346414f: 'AFS',
  0x00c36400: 'Ceph',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
}

/** Its name, or undefined for a local one, or where nobody can tell. */
export async function networkFileSystem(folder: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const { type } = await statfs(folder)
    return magic[type >>> 0]
  } catch (error) {
    // Not made yet: it will be where its parent is.
    const parent = dirname(folder)
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== folder
      ? networkFileSystem(parent)
      : undefined
  }
}

/** Whether a folder lies on a network file system, where locks and shared memory can't be relied on (ruling 35). */
import { execFile } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, sep } from 'node:path'
import { promisify } from 'node:util'

const networkKinds =
  /^(nfs\d*|cifs|smb\d*|smbfs|afpfs|webdav|davfs2?|9p|drvfs|afs|ceph|glusterfs|lustre|gpfs|beegfs|orangefs|ncpfs|coda|fuse\.(sshfs|s3fs|gcsfuse|rclone|glusterfs|ceph-fuse|davfs2?|goofys|blobfuse2?|juicefs|cephfs|mount-s3))$/i

/** The kind of network file system under a path (which need not be there yet), or undefined when it is a local one. */
export async function networkFileSystem(path: string): Promise<string | undefined> {
  const mounts =
    process.platform === 'linux' ? linuxMounts(await readFile('/proc/mounts', 'utf8')) : bsdMounts(await mountOutput())
  return networkKindOf(await realParent(path), mounts)
}

export interface Mount {
  folder: string
  kind: string
}

/** The network kind of the innermost mount that holds a path. */
export function networkKindOf(path: string, mounts: readonly Mount[]): string | undefined {
  let innermost: Mount | undefined
  for (const mount of mounts) {
    const holds = mount.folder === sep || path === mount.folder || path.startsWith(mount.folder + sep)
    // Of two on the same folder, the later one covers the earlier.
    if (holds && (!innermost || mount.folder.length >= innermost.folder.length)) innermost = mount
  }
  return innermost && networkKinds.test(innermost.kind) ? innermost.kind : undefined
}

/** Lines of /proc/mounts: device, folder, kind, …; blanks in them are octal. */
export function linuxMounts(text: string): Mount[] {
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields.length >= 3)
    .map(([, folder, kind]) => ({
      folder: (folder as string).replace(/\\(\d{3})/g, (_all, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
      kind: kind as string,
    }))
}

/** Lines of `mount` on macOS: `//user@host/share on /Volumes/share (smbfs, nodev)`. */
export function bsdMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const match = / on (\/.*) \((\w+)[,)]/.exec(line)
    return match ? [{ folder: match[1] as string, kind: match[2] as string }] : []
  })
}

async function mountOutput(): Promise<string> {
  return (await promisify(execFile)('mount', [], { timeout: 5_000 })).stdout
}

/** The nearest folder above that is there, with links followed. */
async function realParent(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    const above = dirname(path)
    if (above === path) throw error
    return realParent(above)
  }
}

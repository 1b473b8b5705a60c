import { mkdir, symlink } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { bsdMounts, linuxMounts, networkFileSystem, networkKindOf } from './network-file-system.ts'

describe('the file system under a folder', () => {
  it('is a network one when the innermost mount is', () => {
    const mounts = linuxMounts(
      [
        '/dev/sda1 / ext4 rw 0 0',
        'server:/export /home nfs4 rw,vers=4.2 0 0',
        '/dev/sdb1 /home/ada/local xfs rw 0 0',
        'me@host: /mnt/my\\040files fuse.sshfs rw 0 0',
        'tmpfs /home/over tmpfs rw 0 0',
        '//nas/x /home/over cifs rw 0 0',
        '',
      ].join('\n'),
    )
    const kinds = ['/var/x', '/home', '/home/ada', '/homework', '/home/ada/local/x', '/mnt/my files/x', '/home/over/x']
    expect(kinds.map((path) => networkKindOf(path, mounts))).toEqual([
      undefined,
      'nfs4',
      'nfs4',
      undefined,
      undefined,
      'fuse.sshfs',
      'cifs',
    ])
  })

  it('is read from what macOS prints, too', () => {
    const mounts = bsdMounts(
      '/dev/disk1 on / (apfs, local)\n//ada@nas/my share on /Volumes/my share (smbfs, nodev, nosuid)\n',
    )
    expect([networkKindOf('/Users/ada', mounts), networkKindOf('/Volumes/my share/x', mounts)]).toEqual([
      undefined,
      'smbfs',
    ])
  })

  it('is looked up on this machine, through links and for folders that are not there yet', async () => {
    const folder = await temporaryFolder()
    await mkdir(folder.file('real'))
    await symlink(folder.file('real'), folder.file('link'))
    const here = await networkFileSystem(folder.path)
    expect(await networkFileSystem(folder.file('link', 'not', 'there'))).toBe(here)
    expect(await networkFileSystem('/proc/self')).toBe(undefined)
    await folder.remove()
  })
})

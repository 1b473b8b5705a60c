/** A file system of its own, small or read-only, where this user may mount one. */
import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'

export interface SmallDisk {
  /** Its size in bytes from now on, counted from what it was made with. */
  resize(bytes: number): void
  readOnly(): void
  remove(): void
}

/** Undefined where only another user could do that. */
export async function mountSmallDisk(folder: string, bytes: number): Promise<SmallDisk | undefined> {
  await mkdir(folder)
  const mount = (...words: string[]) => execFileSync('mount', words, { stdio: 'ignore' })
  try {
    mount('-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'tmpfs', folder)
  } catch {
    return undefined
  }
  return {
    resize: (size) => void mount('-o', `remount,size=${size}`, folder),
    readOnly: () => void mount('-o', 'remount,ro', folder),
    remove: () => void execFileSync('umount', ['-l', folder]),
  }
}

import { execFileSync } from 'node:child_process'
import { chmod, link, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../domain/errors.ts'
import { sha256 } from '../../std/hash.ts'
import { type TemporaryFolder, temporaryFolder } from '../../testing/temporary-folder.ts'
import type { ArtifactStore, ShelvedFile } from './contract.ts'
import { openArtifacts } from './open.ts'

let folder: TemporaryFolder
let artifacts: ArtifactStore
beforeEach(async () => {
  folder = await temporaryFolder()
  artifacts = await openArtifacts(folder.file('artifacts'))
})
afterEach(async () => {
  await folder.remove()
})

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const unfinished = () => readdir(folder.file('artifacts', 'unfinished'))

/** In place, as a failing disk would: the file itself may not be written. */
async function overwrite(path: string, text: string): Promise<void> {
  await chmod(path, 0o644)
  await writeFile(path, text)
}

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield bytesOf(text)
}

describe('the artifact store', () => {
  it('keeps bytes under their hash and gives them back', async () => {
    const hash = sha256('hello world')
    const kept = await artifacts.put(bytesOf('hello world'), 'greeting.txt')
    expect(kept).toEqual({ name: 'greeting.txt', sha256: hash, bytes: 11, media_type: 'text/plain' })
    expect(artifacts.pathOf(hash)).toBe(folder.file('artifacts', hash.slice(0, 2), hash))
    expect(await readFile(artifacts.pathOf(hash), 'utf8')).toBe('hello world')
    expect(new TextDecoder().decode(await artifacts.read(hash))).toBe('hello world')
    expect([await artifacts.has(hash), await artifacts.has(sha256('other'))]).toEqual([true, false])
    expect(await unfinished()).toEqual([])
    expect((await stat(folder.file('artifacts'))).mode & 0o777).toBe(0o700)
  })

  it('shows kept bytes under a path that ends as their name does', async () => {
    const kept = await artifacts.put(bytesOf('hello world'), 'greeting.txt')
    expect(artifacts.shownPath(kept)).toBe(`${artifacts.pathOf(kept.sha256)}.txt`)
    expect(await readFile(artifacts.shownPath(kept), 'utf8')).toBe('hello world')
    const bare = await artifacts.put(bytesOf('hello world'), 'greeting')
    expect(artifacts.shownPath(bare)).toBe(artifacts.pathOf(kept.sha256))
  })

  it('keeps a stream as it keeps the same bytes, and nothing twice', async () => {
    const streamed = await artifacts.put(pieces('hel', '', 'lo'), 'a.txt')
    const { ino } = await stat(artifacts.pathOf(streamed.sha256))
    const whole = await artifacts.put(bytesOf('hello'), 'b.txt')
    expect(whole).toEqual({ ...streamed, name: 'b.txt' })
    expect((await stat(artifacts.pathOf(streamed.sha256))).ino).toBe(ino)
    expect((await artifacts.put(new Uint8Array(), 'empty')).bytes).toBe(0)
  })

  it('lets many put at once, in several stores over one folder', async () => {
    const other = await openArtifacts(folder.file('artifacts'))
    const puts = Array.from({ length: 60 }, (_each, at) =>
      (at % 2 ? artifacts : other).put(pieces('x', String(at % 5)), 'x'),
    )
    const kept = await Promise.all(puts)
    expect(new Set(kept.map((file) => file.sha256)).size).toBe(5)
    for (const file of kept) expect((await artifacts.read(file.sha256)).byteLength).toBe(2)
    expect(await unfinished()).toEqual([])
  })

  it('keeps nothing of a stream that breaks off, and passes its error on', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytesOf('half')
      throw new TypeError('the connection is gone')
    }
    await expect(artifacts.put(broken(), 'x')).rejects.toThrow(TypeError)
    expect(await readdir(folder.file('artifacts'))).toEqual(['unfinished'])
    expect(await unfinished()).toEqual([])
  })

  it('tells the media type by what was said, by the bytes, or by the name', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000', 'hex')
    const said: [string | Uint8Array, string, string | undefined, string][] = [
      ['x', 'a.png', 'text/x-special; charset=utf-8', 'text/x-special'],
      [png, 'a.txt', 'application/octet-stream', 'image/png'],
      [png, 'a', 'not a type', 'image/png'],
      ['RIFF....WEBPVP8 ', 'a', undefined, 'image/webp'],
      ['RIFF....WAVEfmt ', 'a', undefined, 'audio/wav'],
      ['....ftypisom', 'a', undefined, 'video/mp4'],
      [Buffer.from('fffb9064', 'hex'), 'a', undefined, 'audio/mpeg'],
      [Buffer.from('ffd8ffe0', 'hex'), 'a', undefined, 'image/jpeg'],
      [
        'PK\u0003\u0004',
        'a.docx',
        undefined,
        'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      ],
      ['PK\u0003\u0004', 'a', undefined, 'application/zip'],
      ['{}', 'a.JSON', undefined, 'application/json'],
      ['?', 'constructor', undefined, 'application/octet-stream'],
      ['?', 'x.unknown', undefined, 'application/octet-stream'],
    ]
    for (const [bytes, name, given, expected] of said) {
      const kept = await artifacts.put(typeof bytes === 'string' ? bytesOf(bytes) : bytes, name, given)
      expect(kept.media_type, `${name} ${given}`).toBe(expected)
    }
  })

  it('tells the media type of a stream whose beginning comes in small pieces', async () => {
    const kept = await artifacts.put(pieces('%', 'PD', 'F-1.7 and so on'), 'paper')
    expect(kept.media_type).toBe('application/pdf')
  })

  it('says so when a file is missing or not what its name says', async () => {
    const { sha256: hash } = await artifacts.put(bytesOf('precious'), 'a')
    await overwrite(artifacts.pathOf(hash), 'precioux')
    const file = { name: 'a', sha256: hash, bytes: 8, media_type: 'text/plain' }
    await expect(artifacts.read(hash)).rejects.toMatchObject({
      code: 'store_corrupt',
      message: expect.stringContaining('damaged'),
    })
    await expect(artifacts.exportTo(file, folder.path)).rejects.toMatchObject({ code: 'store_corrupt' })
    await rm(artifacts.pathOf(hash))
    await expect(artifacts.read(hash)).rejects.toMatchObject({
      code: 'store_corrupt',
      message: expect.stringContaining('missing'),
    })
    await expect(artifacts.exportTo(file, folder.path)).rejects.toMatchObject({ code: 'store_corrupt' })
    for (const odd of ['', '../../etc/passwd', hash.toUpperCase()])
      expect(() => artifacts.pathOf(odd)).toThrow(StoreError)
  })

  it('replaces a file that something else has cut short', async () => {
    const kept = await artifacts.put(bytesOf('precious'), 'a.txt')
    await overwrite(artifacts.pathOf(kept.sha256), 'prec')
    await artifacts.put(bytesOf('precious'), 'a.txt')
    expect(await readFile(artifacts.pathOf(kept.sha256), 'utf8')).toBe('precious')
    expect(await readFile(artifacts.shownPath(kept), 'utf8')).toBe('precious')
  })

  it('clears away what a writer that died a day ago left behind, and nothing younger', async () => {
    const [old, young] = ['old', 'young'].map((name) => folder.file('artifacts', 'unfinished', name)) as [
      string,
      string,
    ]
    await Promise.all([writeFile(old, ''), writeFile(young, '')])
    const dayAgo = Date.now() / 1_000 - 25 * 3_600
    await utimes(old, dayAgo, dayAgo)
    await openArtifacts(folder.file('artifacts'))
    expect(await unfinished()).toEqual(['young'])
  })

  it('says that the disk is full, and keeps no half file', async (context) => {
    const mount = folder.file('small')
    await mkdir(mount)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount], { stdio: 'ignore' })
    } catch {
      return context.skip('a small file system can only be mounted by root')
    }
    try {
      const small = await openArtifacts(mount)
      await expect(small.put(new Uint8Array(1_000_000), 'large')).rejects.toMatchObject({ code: 'disk_full' })
      expect(await readdir(`${mount}/unfinished`)).toEqual([])
      await small.put(new Uint8Array(10_000), 'small')
      const file = await artifacts.put(new Uint8Array(1_000_000), 'large')
      await expect(artifacts.exportTo(file, mount)).rejects.toMatchObject({ code: 'disk_full' })
      expect((await readdir(mount)).toSorted()).toEqual(['95', 'unfinished'])
    } finally {
      execFileSync('umount', [mount])
    }
    return undefined
  })

  it('says why when it can not be opened', async () => {
    await writeFile(folder.file('plain'), '')
    await expect(openArtifacts(folder.file('plain', 'artifacts'))).rejects.toMatchObject({
      code: 'store',
      hint: expect.any(String),
    })
  })
})

describe('exporting a file', () => {
  it('copies it under its name, numbers names that are taken, and uses again what is the same', async () => {
    const out = folder.file('out', 'deep')
    const one = await artifacts.put(bytesOf('one'), 'draw.png', 'image/png')
    const two = await artifacts.put(bytesOf('two'), 'draw.png', 'image/png')
    expect(await artifacts.exportTo(one, out)).toBe(`${out}/draw.png`)
    expect(await artifacts.exportTo(two, out)).toBe(`${out}/draw-2.png`)
    expect(await artifacts.exportTo(one, out)).toBe(`${out}/draw.png`)
    expect(await artifacts.exportTo(two, out)).toBe(`${out}/draw-2.png`)
    expect((await readdir(out)).toSorted()).toEqual(['draw-2.png', 'draw.png'])
    expect(await readFile(`${out}/draw-2.png`, 'utf8')).toBe('two')
  })

  it('gives each of many of one name its own, at once', async () => {
    const files = await Promise.all(
      Array.from({ length: 12 }, (_each, at) => artifacts.put(bytesOf(`n${at}`), 'x.txt')),
    )
    const paths = await Promise.all(files.map((file) => artifacts.exportTo(file, folder.file('out'))))
    expect(new Set(paths).size).toBe(12)
    for (const [at, path] of paths.entries()) expect(await readFile(path, 'utf8')).toBe(`n${at}`)
    expect((await readdir(folder.file('out'))).length).toBe(12)
  })

  it('gives a copy: writing to it changes nothing that is kept', async () => {
    const file = await artifacts.put(bytesOf('kept'), 'a.txt')
    expect((await stat(artifacts.shownPath(file))).mode & 0o222).toBe(0)
    const path = await artifacts.exportTo(file, folder.file('out'))
    await writeFile(folder.file('new'), '')
    expect((await stat(path)).mode).toBe((await stat(folder.file('new'))).mode)
    await writeFile(path, 'changed')
    expect(new TextDecoder().decode(await artifacts.read(file.sha256))).toBe('kept')
  })

  it('never leaves the folder, whatever the name says or lies there', async () => {
    const out = folder.file('out')
    await mkdir(out)
    await writeFile(folder.file('outside'), 'mine')
    await symlink(folder.file('outside'), folder.file('out', 'link.txt'))
    await symlink(folder.file('nowhere'), folder.file('out', 'dangling.txt'))
    await link(folder.file('outside'), folder.file('out', 'hard.txt'))
    await mkdir(folder.file('out', 'dir.txt'))
    const file = await artifacts.put(bytesOf('new'), 'x')
    const names = {
      'link.txt': 'link-2.txt',
      'dangling.txt': 'dangling-2.txt',
      'hard.txt': 'hard-2.txt',
      'dir.txt': 'dir-2.txt',
      '../../up.txt': 'up.txt',
      '/etc/passwd': 'passwd',
    }
    for (const [name, expected] of Object.entries(names)) {
      expect(await artifacts.exportTo({ ...file, name }, out)).toBe(`${out}/${expected}`)
    }
    expect(await readFile(folder.file('outside'), 'utf8')).toBe('mine')
    expect((await readdir(folder.path)).toSorted()).toEqual(['artifacts', 'out', 'outside'])
  })
})

describe('removing files', () => {
  it('leaves nothing unfinished when a file can not be put in its place', async () => {
    const { sha256: hash } = await artifacts.put(bytesOf('hello'), 'a.txt')
    await rm(artifacts.pathOf(hash))
    await mkdir(join(artifacts.pathOf(hash), 'in the way'), { recursive: true })
    await expect(artifacts.put(bytesOf('hello'), 'a.txt')).rejects.toMatchObject({ code: 'store' })
    expect(await unfinished()).toEqual([])
  })

  it('lists what is kept, and nothing else that lies in the folder', async () => {
    const kept = [await artifacts.put(bytesOf('one'), 'a.txt'), await artifacts.put(bytesOf('three'), 'b')]
    await writeFile(folder.file('artifacts', 'notes.txt'), 'mine')
    await mkdir(folder.file('artifacts', 'zz'))
    const listed: ShelvedFile[] = []
    for await (const file of artifacts.list()) listed.push(file)
    expect(new Map(listed.map(({ sha256, bytes }) => [sha256, bytes]))).toEqual(
      new Map(kept.map(({ sha256, bytes }) => [sha256, bytes])),
    )
  })

  it('takes all names of a file away, unless it was put or renewed since', async () => {
    const kept = await artifacts.put(bytesOf('hello'), 'a.txt')
    await artifacts.put(bytesOf('hello'), 'b.png')
    const path = artifacts.pathOf(kept.sha256)
    await utimes(path, 1_000, 1_000)
    expect(await artifacts.remove(kept.sha256, 999_000)).toBe(false)
    expect(await artifacts.renew(kept.sha256)).toBe(true)
    expect(await artifacts.remove(kept.sha256, 1_000_000)).toBe(false)
    await utimes(path, 1_000, 1_000)
    await artifacts.put(bytesOf('hello'), 'c.txt')
    expect(await artifacts.remove(kept.sha256, 1_000_000)).toBe(false)
    await utimes(path, 1_000, 1_000)
    expect(await artifacts.remove(kept.sha256, 1_000_000)).toBe(true)
    expect(await readdir(folder.file('artifacts', kept.sha256.slice(0, 2)))).toEqual([])
    expect(await unfinished()).toEqual([])
    expect(await artifacts.remove(kept.sha256, 0)).toBe(true)
    expect(await artifacts.renew(kept.sha256)).toBe(false)
  })

  it('lets many remove and put the same bytes at once: whoever has put them has them', async () => {
    const other = await openArtifacts(folder.file('artifacts'))
    for (let round = 0; round < 40; round += 1) {
      const { sha256: hash, name } = await artifacts.put(bytesOf('x'), 'x.txt')
      await utimes(artifacts.pathOf(hash), 1_000, 1_000)
      const removing = [artifacts, other].map((each) => each.remove(hash, 1_000_000))
      const putting = [artifacts, other].map((each) => each.put(bytesOf('x'), 'x.txt'))
      await Promise.all([...removing, ...putting])
      expect(new TextDecoder().decode(await other.read(hash))).toBe('x')
      expect(await readFile(other.shownPath({ sha256: hash, name }), 'utf8')).toBe('x')
    }
    expect(await unfinished()).toEqual([])
  })

  it('puts back what a process that was killed had moved aside, but nothing that another is just removing', async () => {
    const kept = await artifacts.put(bytesOf('hello'), 'a')
    const aside = folder.file('artifacts', 'unfinished', `removing-${kept.sha256}-0`)
    await rename(artifacts.pathOf(kept.sha256), aside)
    await openArtifacts(folder.file('artifacts'))
    expect(await artifacts.has(kept.sha256)).toBe(false)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    try {
      await openArtifacts(folder.file('artifacts'))
    } finally {
      vi.useRealTimers()
    }
    expect(new TextDecoder().decode(await artifacts.read(kept.sha256))).toBe('hello')
    expect(await unfinished()).toEqual([])
  })
})

import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eagerClock } from '../../testing/eager-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../../testing/temporary-folder.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { type FileWatch, watchFiles } from './watch-files.ts'

let folder: TemporaryFolder
let over: AbortController

beforeEach(async () => {
  folder = await temporaryFolder()
  over = new AbortController()
})

afterEach(async () => {
  over.abort()
  await folder.remove()
})

function watching(...names: string[]): FileWatch {
  const watch = watchFiles({ clock: eagerClock(), signal: over.signal })
  watch.set(names.map((name) => folder.file(name)))
  return watch
}

function write(name: string, text: string): void {
  writeFileSync(folder.file(name), text)
}

describe('watching files', () => {
  it('tells the file that was written, and not the one beside it', async () => {
    write('a.yaml', 'one')
    write('b.yaml', 'one')
    const watch = watching('a.yaml')
    write('b.yaml', 'two and more')
    write('a.yaml', 'two and more')
    expect(await watch.changed()).toEqual([folder.file('a.yaml')])
  })

  it('goes on after an editor has put another file in the place of the first', async () => {
    write('a.yaml', 'one')
    const watch = watching('a.yaml')
    for (const text of ['two', 'three', 'four']) {
      write('.a.yaml.swp', text)
      renameSync(folder.file('.a.yaml.swp'), folder.file('a.yaml'))
      expect(await watch.changed()).toEqual([folder.file('a.yaml')])
    }
  })

  it('tells a file that goes and comes back', async () => {
    write('a.yaml', 'one')
    const watch = watching('a.yaml')
    rmSync(folder.file('a.yaml'))
    expect(await watch.changed()).toEqual([folder.file('a.yaml')])
    write('a.yaml', 'one')
    expect(await watch.changed()).toEqual([folder.file('a.yaml')])
  })

  it('waits for files whose folders are not there yet', async () => {
    const watch = watching('deep/er/a.yaml')
    const told = watch.changed()
    mkdirSync(folder.file('deep'))
    mkdirSync(folder.file('deep/er'))
    write('deep/er/a.yaml', 'one')
    expect(await told).toEqual([folder.file('deep/er/a.yaml')])
  })

  it('sees that its folder was replaced by another with the same name', async () => {
    mkdirSync(folder.file('in'))
    write('in/a.yaml', 'one')
    const watch = watching('in/a.yaml')
    for (const text of ['second', 'the third']) {
      renameSync(folder.file('in'), folder.file(`old of ${text}`))
      mkdirSync(folder.file('in'))
      write('in/a.yaml', text)
      expect(await watch.changed()).toEqual([folder.file('in/a.yaml')])
    }
  })

  it('goes on when the folder is removed and made again', async () => {
    mkdirSync(folder.file('in'))
    write('in/a.yaml', 'one')
    const watch = watching('in/a.yaml')
    rmSync(folder.file('in'), { recursive: true })
    expect(await watch.changed()).toEqual([folder.file('in/a.yaml')])
    mkdirSync(folder.file('in'))
    write('in/a.yaml', 'two')
    expect(await watch.changed()).toEqual([folder.file('in/a.yaml')])
    write('in/a.yaml', 'three')
    expect(await watch.changed()).toEqual([folder.file('in/a.yaml')])
  })

  it('tells a folder when an entry comes, changes or goes', async () => {
    mkdirSync(folder.file('tests'))
    const watch = watching('tests')
    write('tests/a.test.yaml', 'one')
    expect(await watch.changed()).toEqual([folder.file('tests')])
    write('tests/a.test.yaml', 'two, longer')
    expect(await watch.changed()).toEqual([folder.file('tests')])
    rmSync(folder.file('tests/a.test.yaml'))
    expect(await watch.changed()).toEqual([folder.file('tests')])
  })

  it('follows a link to the file that is really written', async () => {
    mkdirSync(folder.file('real'))
    write('real/a.yaml', 'one')
    symlinkSync(folder.file('real/a.yaml'), folder.file('a.yaml'))
    const watch = watching('a.yaml')
    write('real/a.yaml', 'two and more')
    expect(await watch.changed()).toEqual([folder.file('a.yaml')])
  })

  it('remembers what changed while nobody waited, also of files that are watched on', async () => {
    write('a.yaml', 'one')
    const watch = watching('a.yaml')
    write('a.yaml', 'two and more')
    watch.set([folder.file('a.yaml'), folder.file('b.yaml')])
    expect(await watch.changed()).toEqual([folder.file('a.yaml')])
    write('b.yaml', 'new')
    expect(await watch.changed()).toEqual([folder.file('b.yaml')])
  })

  it('forgets files that are no longer watched', async () => {
    const watch = watching('a.yaml', 'b.yaml')
    watch.set([folder.file('b.yaml')])
    write('a.yaml', 'one')
    write('b.yaml', 'one')
    expect(await watch.changed()).toEqual([folder.file('b.yaml')])
  })

  it('tells changes that follow each other closely at once, when they are over', async () => {
    const clock = virtualClock()
    const watch = watchFiles({ clock, signal: over.signal, quietMs: 100 })
    watch.set([folder.file('a.yaml'), folder.file('b.yaml')])
    const told = watch.changed()
    write('a.yaml', 'one')
    await expect.poll(() => clock.sleeping).toBe(1)
    write('b.yaml', 'one')
    await clock.advance(1_000)
    expect(await told).toEqual([folder.file('a.yaml'), folder.file('b.yaml')])
  })

  it('says nothing about a file that is only looked at', async () => {
    write('a.yaml', 'one')
    const written = new Date('2026-01-01T00:00:00Z')
    utimesSync(folder.file('a.yaml'), written, written)
    const watch = watching('a.yaml', 'b.yaml')
    utimesSync(folder.file('a.yaml'), new Date('2026-01-02T00:00:00Z'), written)
    write('b.yaml', 'one')
    expect(await watch.changed()).toEqual([folder.file('b.yaml')])
  })

  it('gives everybody who waits the same answer', async () => {
    const watch = watching('a.yaml')
    const told = [watch.changed(), watch.changed()]
    write('a.yaml', 'one')
    expect(await Promise.all(told)).toEqual([[folder.file('a.yaml')], [folder.file('a.yaml')]])
  })

  it('ends with the reason of its signal', async () => {
    const watch = watching('a.yaml')
    const told = watch.changed()
    over.abort(new Error('enough'))
    await expect(told).rejects.toThrow('enough')
    await expect(watch.changed()).rejects.toThrow('enough')
  })
})

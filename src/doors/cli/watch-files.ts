/** Watches a changing set of files and folders, and says which of them are no longer what they were. */
import { type FSWatcher, readdirSync, realpathSync, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ConfigurationError } from '../../domain/errors.ts'
import { untilAborted } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'
import { deferred } from '../../std/deferred.ts'

export interface FileWatch {
  /**
   * From now on these absolute paths are watched, and no others. They need not exist. Of a folder, its entries are
   * watched, but not what lies deeper. What has changed since it was watched before is still told.
   */
  set(paths: Iterable<string>): void
  /**
   * Waits until something has changed and is quiet again, and gives the paths that did, sorted. What changed while
   * nobody waited is given at once. Who calls it again before it settled waits for the same. Rejects with the
   * signal's reason.
   */
  changed(): Promise<string[]>
}

export interface FileWatchOptions {
  clock: Clock
  /** Ends the watching. */
  signal: AbortSignal
  /** Changes closer than this are one: editors write a file in several steps. */
  quietMs?: number
}

/** A file that never comes to rest is told of all the same. */
const mostQuietWaits = 20

/** Folders are what is watched, not files: who replaces a file by renaming leaves the watcher of the old one behind. */
interface Watched {
  watcher: FSWatcher
  /** A folder that was removed and made again has the same name and another identity. */
  identity: string
  /** Names in it that matter; what happens beside them does not. */
  names: Set<string>
  /** All names in it matter. */
  whole: boolean
}

export function watchFiles({ clock, signal, quietMs = 100 }: FileWatchOptions): FileWatch {
  let paths = new Map<string, string>()
  const folders = new Map<string, Watched>()
  let stirred = deferred()
  let pending: Promise<string[]> | undefined

  const close = () => {
    for (const { watcher } of folders.values()) watcher.close()
    folders.clear()
  }
  signal.addEventListener('abort', close, { once: true })

  /** Watches the folders that hold the paths as they are now: they come, go and are replaced, even meanwhile. */
  function arm(): void {
    for (let wanted = foldersOf(paths.keys()), before = ''; !signal.aborted; wanted = foldersOf(paths.keys())) {
      const names = [...wanted.keys()].join('\n')
      if (names === before) return
      before = names
      watchOnly(wanted)
    }
  }

  function watchOnly(wanted: ReadonlyMap<string, { names: Set<string>; whole: boolean }>): void {
    for (const [folder, { watcher, identity }] of folders) {
      if (wanted.has(folder) && identityOf(folder) === identity) continue
      watcher.close()
      folders.delete(folder)
    }
    for (const [folder, { names, whole }] of wanted) {
      const held = folders.get(folder)
      if (held) Object.assign(held, { names, whole })
      else open(folder, names, whole)
    }
  }

  function open(folder: string, names: Set<string>, whole: boolean): void {
    const stir = () => stirred.resolve()
    const watcher = watchFolder(folder, (name) => {
      const held = folders.get(folder)
      // Without a name, and with that of the folder itself, anything may have happened.
      if (held && (name === null || held.whole || held.names.has(name) || name === basename(folder))) stir()
    })
    watcher?.on('error', stir)
    if (watcher) folders.set(folder, { watcher, identity: identityOf(folder), names, whole })
  }

  function differences(): string[] {
    const found: string[] = []
    for (const [path, before] of paths) {
      const now = stateOf(path)
      if (now === before) continue
      paths.set(path, now)
      found.push(path)
    }
    return found.toSorted()
  }

  async function quiet(): Promise<void> {
    for (let waits = 0; waits < mostQuietWaits; waits += 1) {
      stirred = deferred()
      let moved = false
      void stirred.promise.then(() => (moved = true))
      await clock.sleep(quietMs, signal)
      if (!moved) return
    }
  }

  async function next(): Promise<string[]> {
    for (;;) {
      await untilAborted(stirred.promise, signal)
      await quiet()
      arm()
      const found = differences()
      if (found.length > 0) return found
    }
  }

  return {
    set(wanted) {
      const before = paths
      paths = new Map([...wanted].map((path) => [path, before.get(path) ?? '']))
      arm()
      for (const path of paths.keys()) if (!before.has(path)) paths.set(path, stateOf(path))
    },
    changed: () => (pending ??= next().finally(() => (pending = undefined))),
  }
}

/** What has to be watched for the paths, and through which names. */
function foldersOf(paths: Iterable<string>): Map<string, { names: Set<string>; whole: boolean }> {
  const wanted = new Map<string, { names: Set<string>; whole: boolean }>()
  const of = (folder: string) => {
    const found = wanted.get(folder) ?? { names: new Set<string>(), whole: false }
    wanted.set(folder, found)
    return found
  }
  const addPath = (path: string) => {
    let name = path
    // What isn't there yet comes through the nearest folder that is.
    do of(dirname(name)).names.add(basename(name))
    while (!isFolder(dirname(name)) && (name = dirname(name)) !== dirname(name))
  }
  for (const path of paths) {
    addPath(path)
    const real = realPathOf(path)
    // A link changes where it lies and where it leads to.
    if (real !== path && real !== undefined) addPath(real)
    if (isFolder(path)) of(real ?? path).whole = true
  }
  for (const folder of wanted.keys()) if (!isFolder(folder)) wanted.delete(folder)
  return wanted
}

function watchFolder(folder: string, changed: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => changed(name))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Gone between two looks at it: whoever removed it stirred the folder above.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const full = code === 'ENOSPC' || code === 'EMFILE'
    throw new ConfigurationError(
      'configuration',
      `the folder "${folder}" can't be watched: ${(error as Error).message}`,
      {
        hint: full
          ? 'the system watches too many files: close what else watches files, or raise `fs.inotify.max_user_watches` and `fs.inotify.max_user_instances`'
          : undefined,
        cause: error,
      },
    )
  }
}

/** Text that is another one when the file is, or when an entry of the folder is. */
function stateOf(path: string): string {
  const own = identityOf(path, true)
  if (!isFolder(path)) return own
  return [own, ...entriesOf(path).map((name) => `${name} ${identityOf(join(path, name), true)}`)].join('\n')
}

function identityOf(path: string, withContent = false): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true })
  if (!stats) return 'absent'
  const content = withContent && !stats.isDirectory() ? ` ${stats.size} ${stats.mtimeNs}` : ''
  return `${stats.dev} ${stats.ino} ${stats.birthtimeNs}${content}`
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch {
    return []
  }
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

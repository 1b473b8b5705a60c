/** A folder for one test, gone with everything in it when it is disposed of. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
  /** A path in it. */
  file(...parts: string[]): string
  /** The same as disposing of it; may be called twice. */
  remove(): Promise<void>
}

export async function temporaryFolder(prefix = 'replicate-agent-'): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)))
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3 })
  return { path, file: (...parts) => join(path, ...parts), remove, [Symbol.asyncDispose]: remove }
}

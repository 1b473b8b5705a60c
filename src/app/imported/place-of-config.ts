/** The configuration that something is written into. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { configName, userFile } from '../../config/discover.ts'
import { StoreError } from '../../domain/errors.ts'
import type { App } from '../app.ts'

export const configScopes = ['project', 'user'] as const

export interface ConfigPlace {
  file: string
  scope: (typeof configScopes)[number] | 'named'
}

/** Without a wish: the project's that is read here if there is one, else the user's. */
export async function placeOfConfig(
  app: Pick<App, 'config' | 'env' | 'cwd'>,
  scope: (typeof configScopes)[number] | undefined,
): Promise<ConfigPlace> {
  const { files } = await app.config()
  const found = files.find((one) => one.scope !== 'user')
  if (scope === 'user') return { file: userFile(app.env), scope }
  if (found) return { file: found.file, scope: found.scope }
  return scope === 'project' ? { file: join(app.cwd, configName), scope } : { file: userFile(app.env), scope: 'user' }
}

export async function makeFolderOf(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError('store', `"${file}" can't be written: ${why}`, { cause })
  })
}

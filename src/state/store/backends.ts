/** The databases that a store can stand on, by the scheme of their URL; each is loaded when it is first asked for. */
import { join } from 'node:path'
import { StoreError } from '../../domain/errors.ts'
import type { StoreReport } from './check.ts'
import type { Store } from './contract.ts'
import type { OpenStoreOptions } from './open.ts'

export interface Backend {
  open(url: string, options: OpenStoreOptions): Promise<Store>
  /** Looks a store over without changing it. */
  check(url: string): Promise<StoreReport>
}

const backends: Record<string, Backend> = {
  sqlite: {
    open: async (url, options) => (await import('./sqlite/open.ts')).openSqlite(url, options),
    check: async (url) => (await import('./sqlite/check.ts')).checkSqlite(url),
  },
}

/** Without a URL: the file `store.db` in the home folder. Throws StoreError when nothing knows the scheme. */
export function findBackend(where: { url?: string; home: string }): { url: string; backend: Backend } {
  const url = where.url ?? `sqlite:${join(where.home, 'store.db')}`
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  const known = Object.keys(backends).map((name) => `${name}:`)
  if (scheme === undefined) {
    throw new StoreError('store', `${JSON.stringify(url)} is not the URL of a store`, {
      hint: `For a file, write sqlite:${url}.`,
    })
  }
  const backend = Object.hasOwn(backends, scheme) ? backends[scheme] : undefined
  if (!backend) {
    throw new StoreError('store', `no store can be opened by a URL that begins with ${scheme}:`, {
      hint: `Known: ${known.join(', ')} (for example sqlite:./store.db).`,
    })
  }
  return { url, backend }
}

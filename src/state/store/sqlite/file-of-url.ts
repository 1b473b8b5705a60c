/** The file that a `sqlite:` URL names. */
import { resolve } from 'node:path'
import { StoreError } from '../../../domain/errors.ts'

/** `sqlite:/a/b.db`, `sqlite:///a/b.db` or, from the working folder, `sqlite:b.db`. Throws StoreError. */
export function fileOfUrl(url: string): string {
  const path = url.replace(/^sqlite:(?:\/\/(?=\/))?/i, '')
  if (path === '' || path.startsWith('//') || path.startsWith(':') || /[?#\0]/.test(path)) {
    throw new StoreError('store', `${JSON.stringify(url)} names no file`, {
      hint: 'Write sqlite:/path/to/store.db or sqlite:relative/store.db.',
    })
  }
  return resolve(path)
}

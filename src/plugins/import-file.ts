/** Imports a file that a user names: the one place where the program runs code that is not its own. */
import { pathToFileURL } from 'node:url'

/** `file` is absolute. */
export function importFile(file: string): Promise<unknown> {
  return import(/* @vite-ignore */ pathToFileURL(file).href)
}

/** What goes wrong with files, as the errors of the project. */
import { StoreError } from '../../domain/errors.ts'

/** An error of the file system as a StoreError; any other is given back as it is. */
export function fileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).syscall === undefined) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoreError('disk_full', `there is no room left on the disk of ${path}`, {
      cause: error,
      hint: 'Nothing was half written. Make room, then resume the run.',
    })
  }
  return new StoreError('store', `files can't be kept in ${path}: ${message}`, {
    cause: error,
    hint: 'This user must be able to write there, and the disk must work.',
  })
}

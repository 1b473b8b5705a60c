/** Why a file that was asked for could not be written, as an error that says what to do. */
import { dirname } from 'node:path'
import { NonRetryableError, StoreError } from '../domain/errors.ts'

/** `error`: of the file system, about a temporary file beside `file`. */
export function unwritableFile(file: string, error: unknown): NonRetryableError | StoreError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StoreError('disk_full', `there is no room left on the disk of ${file}`, { cause: error })
  // The message of the file system names the temporary file, which nobody asked for.
  const why = code === 'ENOENT' ? `there is no folder ${dirname(file)}` : message.replace(/, \w+ '.*$/s, '')
  return new NonRetryableError('file_unreadable', `${file} can't be written: ${why}`, { cause: error })
}

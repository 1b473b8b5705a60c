/** The lines of a file or pipe, one after the other, however long it is. */
import { createReadStream } from 'node:fs'
import { NonRetryableError } from '../../domain/errors.ts'

export interface Line {
  /** From 1. */
  number: number
  text: string
  /** It ends the file, and no line break ends it. */
  cut: boolean
}

const longest = 1_000_000
const newline = 0x0a

/** Throws `file_not_found`, `file_unreadable`, and `invalid_input` for a line that is no UTF-8 or without an end. */
export async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = 1
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let from = 0
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
        yield lineOf(bytes.subarray(from, end), false)
        from = end + 1
      }
      rest = bytes.subarray(from)
      if (rest.length > longest) throw tooLong()
    }
  } catch (cause) {
    throw cause instanceof NonRetryableError || signal.aborted ? cause : unreadable(path, cause)
  }
  if (rest.length > 0) yield lineOf(rest, true)

  function lineOf(bytes: Buffer, cut: boolean): Line {
    if (bytes.length > longest) throw tooLong()
    try {
      return { number: number++, text: decoder.decode(bytes), cut }
    } catch {
      throw new NonRetryableError('invalid_input', `${path}:${number - 1} is not UTF-8`, { hint })
    }
  }

  function tooLong(): NonRetryableError {
    return new NonRetryableError('invalid_input', `${path}:${number} is longer than ${longest} bytes`, { hint })
  }
}

export const hint = 'give a log of decisions: `replicate-agent router log -o decisions.jsonl` writes one'

function unreadable(path: string, cause: unknown): NonRetryableError {
  const { code = String(cause) } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new NonRetryableError('file_not_found', `there is no file ${path}`, { hint })
  const why = code === 'EISDIR' ? 'is a folder' : code === 'EACCES' ? 'may not be read' : `can't be read (${code})`
  return new NonRetryableError('file_unreadable', `${path} ${why}`, { cause, hint })
}

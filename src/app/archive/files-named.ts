/** The files that a journal names, as the fields of its events say it. */
import type { RunEvent, Spilled } from '../../domain/events.ts'
import type { KeptFile } from '../../domain/file.ts'

/** By hash. `value`: a large value of the journal itself. */
export function filesNamedBy(events: readonly RunEvent[]): Map<string, { bytes: number; value: boolean }> {
  const named = new Map<string, { bytes: number; value: boolean }>()
  for (const event of events) {
    const { files, output, outputs, body } = event as {
      files?: KeptFile[]
      output?: Spilled
      outputs?: Spilled
      body?: Spilled
    }
    for (const { sha256, bytes } of files ?? []) named.set(sha256, { bytes, value: named.get(sha256)?.value ?? false })
    for (const value of [output, outputs, body]) {
      if (value && 'spilled' in value) named.set(value.spilled.sha256, { bytes: value.spilled.bytes, value: true })
    }
  }
  return named
}

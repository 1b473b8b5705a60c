/** What an archive of runs holds: its first entry says it of all others, with their checksums. */
import { z } from 'zod'
import { hashText, plainText, runIdText } from '../../domain/event-shapes.ts'

export const archiveFormat = 'replicate-agent runs'
/** Read by this version of the program, and written by it. */
export const archiveVersion = 1

const whole = z.number().int().nonnegative()

export const manifestShape = z.strictObject({
  format: z.literal(archiveFormat),
  version: z.literal(archiveVersion),
  /** Parents before what is nested in them. */
  runs: z
    .array(
      z.strictObject({
        run_id: runIdText,
        workflow: plainText,
        parent_run_id: runIdText.optional(),
        definition_hash: hashText,
        events: whole,
        bytes: whole,
        sha256: hashText,
      }),
    )
    .nonempty(),
  definitions: z.array(z.strictObject({ hash: hashText, bytes: whole, sha256: hashText })),
  files: z.array(
    z.strictObject({
      sha256: hashText,
      bytes: whole,
      /** Why it is not in here: it was not wanted, it was gone already, or a secret stands in it. */
      left_out: z.enum(['unwanted', 'missing', 'secret']).optional(),
    }),
  ),
})
export type Manifest = z.infer<typeof manifestShape>

export const manifestName = 'manifest.json'
export const journalName = (runId: string): string => `runs/${runId}.jsonl`
export const definitionName = (hash: string): string => `definitions/${hash}.json`
export const fileName = (sha256: string): string => `files/${sha256}`

/** Every entry after the manifest, in order. */
export function entriesOf({ runs, definitions, files }: Manifest): { name: string; bytes: number; sha256: string }[] {
  return [
    ...definitions.map(({ hash, bytes, sha256 }) => ({ name: definitionName(hash), bytes, sha256 })),
    ...runs.map(({ run_id, bytes, sha256 }) => ({ name: journalName(run_id), bytes, sha256 })),
    ...files
      .filter(({ left_out }) => left_out === undefined)
      .map(({ sha256, bytes }) => ({ name: fileName(sha256), bytes, sha256 })),
  ]
}

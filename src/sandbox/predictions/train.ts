/** What a training gives: a version of its destination, and the weights as a file. */
import { ReplicateAgentError } from '../../domain/errors.ts'
import { sha256 } from '../../std/hash.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { ignoredFields, withDefaults } from '../catalogue/check-input.ts'
import { type CatalogueModel, fileMark, type InputFile } from '../catalogue/model.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import type { Computed } from './compute.ts'

/** 64 hex digits; the same for the `nth` training of its destination with equal data. */
export function trainedVersion(row: Pick<PredictionRow, 'version' | 'input_key' | 'destination'>, nth: number): string {
  return sha256(`replicate-agent sandbox training ${nth} of ${row.destination} from ${row.version} on ${row.input_key}`)
}

/** Fails, as a prediction does, when the data can't be read. */
export async function trainModel(
  row: PredictionRow,
  model: CatalogueModel,
  options: { version: string; file: (link: string) => Promise<InputFile> },
): Promise<Computed> {
  const sent = JSON.parse(row.input) as JsonObject
  const fields = model.training ?? {}
  const ignored = ignoredFields(fields, sent)
  const logs = ignored.length > 0 ? `${ignored.join('\n')}\n` : ''
  const input = withDefaults(fields, sent)
  const data: Json[] = []
  try {
    for (const [name, field] of Object.entries(fields)) {
      if (!field.file || typeof input[name] !== 'string') continue
      const { bytes, mediaType } = await options.file(input[name])
      data.push({ field: name, media_type: mediaType, bytes: bytes.byteLength, sha256: sha256(bytes) })
    }
  } catch (error) {
    if (error instanceof ReplicateAgentError) return { ok: false, error: error.message, logs }
    throw error
  }
  const settings = Object.fromEntries(Object.entries(input).filter(([name]) => !fields[name]?.file))
  const weights = { model: row.destination, version: options.version, trained_from: row.version, settings, data }
  const bytes = Buffer.from(`${JSON.stringify(weights, null, 2)}\n`)
  return {
    ok: true,
    logs,
    answer: {
      output: { version: `${row.destination}:${options.version}`, weights: fileMark(0) },
      files: [{ name: 'trained_model.json', mediaType: 'application/json', bytes }],
    },
  }
}

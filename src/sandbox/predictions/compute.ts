/** Runs a model for a prediction: the same row gives the same answer, in any process and however often it is asked. */
import { ReplicateAgentError } from '../../domain/errors.ts'
import type { JsonObject } from '../../std/json.ts'
import { seededRandom } from '../../std/random.ts'
import { ignoredFields, withDefaults } from '../catalogue/check-input.ts'
import type { CatalogueModel, InputFile, ModelAnswer } from '../catalogue/model.ts'
import { seedFrom } from '../seed.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'

export type Computed = { ok: true; answer: ModelAnswer; logs: string } | { ok: false; error: string; logs: string }

export async function computeAnswer(
  row: Pick<PredictionRow, 'version' | 'input' | 'input_key'>,
  model: CatalogueModel,
  options: { seed: number; file: (link: string) => Promise<InputFile> },
): Promise<Computed> {
  const sent = JSON.parse(row.input) as JsonObject
  const input = withDefaults(model.fields, sent)
  const seed = seedFrom(`${options.seed} ${row.version} ${row.input_key}`)
  const ignored = ignoredFields(model.fields, sent)
  const logs = ignored.length > 0 ? `${ignored.join('\n')}\n` : ''
  try {
    const answer = await model.run({ input, seed, random: seededRandom(seed), file: options.file })
    return { ok: true, answer, logs: logs + (answer.logs ?? '') }
  } catch (error) {
    if (error instanceof ReplicateAgentError) return { ok: false, error: error.message, logs }
    const message = error instanceof Error ? error.message : String(error)
    return { ok: false, error: `E1000: ${message}`, logs: `${logs}${error instanceof Error ? error.stack : ''}\n` }
  }
}

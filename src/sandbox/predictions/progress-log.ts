/** The progress bar that diffusion models and trainings write into `logs`, in the form that clients parse. */
import type { JsonObject } from '../../std/json.ts'
import type { CatalogueModel } from '../catalogue/model.ts'
import { trainingSteps } from '../catalogue/training-fields.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'

/** Empty for models without steps. `share` of the work is done, in [0, 1]. */
export function progressLog(
  row: Pick<PredictionRow, 'input' | 'destination'>,
  model: CatalogueModel,
  share: number,
): string {
  const steps = stepsOf(row, model)
  if (steps === undefined) return ''
  const done = Math.floor(steps * Math.min(1, share))
  const lines = []
  for (const at of new Set([0, Math.floor(done / 2), done])) {
    const percent = Math.floor((at / steps) * 100)
    const bar = '█'.repeat(Math.floor(percent / 10)).padEnd(10, ' ')
    lines.push(`${String(percent).padStart(3)}%|${bar}| ${at}/${steps}`)
  }
  return `${lines.join('\n')}\n`
}

function stepsOf(row: Pick<PredictionRow, 'input' | 'destination'>, model: CatalogueModel): number | undefined {
  if (row.destination !== null) return trainingSteps(model.training ?? {}, JSON.parse(row.input) as JsonObject)
  const field = model.fields['num_inference_steps']
  if (!field) return undefined
  const steps = (JSON.parse(row.input) as JsonObject)['num_inference_steps'] ?? field.default
  return typeof steps === 'number' && steps >= 1 ? steps : undefined
}

/** The progress bar that diffusion models write into `logs`, in the form that clients parse. */
import type { JsonObject } from '../../std/json.ts'
import type { CatalogueModel } from '../catalogue/model.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'

/** Empty for models without steps. `share` of the work is done, in [0, 1]. */
export function progressLog(row: Pick<PredictionRow, 'input'>, model: CatalogueModel, share: number): string {
  const field = model.fields['num_inference_steps']
  if (!field) return ''
  const steps = (JSON.parse(row.input) as JsonObject)['num_inference_steps'] ?? field.default
  if (typeof steps !== 'number' || steps < 1) return ''
  const done = Math.floor(steps * Math.min(1, share))
  const lines = []
  for (const at of new Set([0, Math.floor(done / 2), done])) {
    const percent = Math.floor((at / steps) * 100)
    const bar = '█'.repeat(Math.floor(percent / 10)).padEnd(10, ' ')
    lines.push(`${String(percent).padStart(3)}%|${bar}| ${at}/${steps}`)
  }
  return `${lines.join('\n')}\n`
}

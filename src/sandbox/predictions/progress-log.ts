/** The progress bar that diffusion models write into `logs`, in the form that clients parse. */
import type { JsonObject } from '../../std/json.ts'

/** Empty for models without steps. `share` of the work is done, in [0, 1]. */
export function progressLog(input: JsonObject, share: number): string {
  const steps = input['num_inference_steps']
  if (typeof steps !== 'number' || steps < 1) return ''
  const done = Math.floor(steps * share)
  const lines = []
  for (const at of new Set([0, Math.floor(done / 2), done])) {
    const percent = Math.floor((at / steps) * 100)
    const bar = '█'.repeat(Math.floor(percent / 10)).padEnd(10, ' ')
    lines.push(`${String(percent).padStart(3)}%|${bar}| ${at}/${steps}`)
  }
  return `${lines.join('\n')}\n`
}

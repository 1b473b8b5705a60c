/** Which model a step called next when it was recorded: a replay has to choose what was chosen. */
import type { Candidate } from '../../target.ts'
import { readPrediction } from '../prediction.ts'
import { stemOf } from './request.ts'

/** A create that was not replayed yet. */
export interface OpenCreate {
  url: string
  /** Of its answer. */
  body: unknown
}

/** How the names of a candidate's creates begin. */
export function createStems({ model, deployment }: Candidate): string[] {
  if (deployment) return [stemOf('POST', `/deployments/${model}/predictions`)]
  return [stemOf('POST', `/models/${nameIn(model)}/predictions`), stemOf('POST', '/predictions')]
}

/** The index of the candidate that was called first; undefined: none of them was. */
export function calledFirst(
  creates: readonly OpenCreate[],
  candidates: readonly Pick<Candidate, 'model' | 'deployment'>[],
): number | undefined {
  const found = creates
    .map(({ url, body }) => {
      const made = readPrediction(body)
      const at = candidates.findIndex((candidate) => isOf(candidate, url, made?.model))
      return { at, time: made?.created_at ?? '' }
    })
    .filter(({ at }) => at >= 0)
  return found.toSorted((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)))[0]?.at
}

function isOf({ model, deployment }: Pick<Candidate, 'model' | 'deployment'>, url: string, made?: string): boolean {
  if (deployment) return url === `/deployments/${model}/predictions`
  const name = nameIn(model)
  return url === `/models/${name}/predictions` || (url === '/predictions' && made === name)
}

function nameIn(model: string): string {
  return model.split(':')[0] as string
}

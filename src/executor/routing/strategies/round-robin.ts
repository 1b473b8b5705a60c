/** Each in turn: the call's number, modulo the arms. */
import { byScore } from '../by-score.ts'

export const roundRobin = byScore((arms, _, { turn }) => {
  const first = turn % arms.length
  return arms.map((_, at) => -((at - first + arms.length) % arms.length))
})

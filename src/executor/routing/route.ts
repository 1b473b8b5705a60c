/** Which candidate of a chain answers a call, and which comes next when it did not. */
import type { Candidate } from '../../targets/target.ts'

/** What a choice may be based on. */
export interface RouteRequest {
  chain: readonly Candidate[]
  /** Positions that may still be tried, in the chain's order. Never empty. */
  open: readonly number[]
}

export interface Router {
  /** Position in the chain of the one to try next. */
  pick(request: RouteRequest): number
}

/** The order as written: candidates, the agent's fallbacks, the step's (ruling 46). */
export const orderRouter: Router = {
  pick: ({ open }) => open[0] as number,
}

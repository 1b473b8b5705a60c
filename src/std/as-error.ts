/** Anything thrown as an error: what is one already stays as it is. */
export function asError(thrown: unknown, otherwise = 'it failed'): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown ?? otherwise))
}

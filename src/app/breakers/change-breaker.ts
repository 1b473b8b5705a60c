/** Changes a circuit breaker from outside of any call; runs in other processes see it at once. */
import { type BreakerCell, readBreaker } from '../../executor/resilience/breaker/cell.ts'
import { breakerPrefix } from '../../executor/resilience/breaker/breaker.ts'
import type { Json } from '../../std/json.ts'
import type { App } from '../app.ts'

/** Gives what is there then. */
export async function changeBreaker(
  app: Pick<App, 'cells' | 'world'>,
  name: string,
  then: (cell: BreakerCell) => BreakerCell,
): Promise<BreakerCell> {
  const cells = await app.cells(app.world)
  return cells.change([breakerPrefix + name], ([before]) => {
    const after = then(readBreaker(before))
    return { after: [after as unknown as Json], result: after }
  })
}

/** The router's state in a file that many short processes share. */
import { type RouterState, stateOver } from './state.ts'
import { type RouterStateOptions, StateKeeper } from './state-keeper.ts'

export async function openRouterState(options: RouterStateOptions): Promise<RouterState> {
  const keeper = new StateKeeper(options)
  await keeper.begin()
  return stateOver(keeper)
}

/** Every function of the language by its name; those that ask for the status of steps stand apart. */
import { dataFunctions } from './data.ts'
import type { FunctionSpec } from './function-spec.ts'
import { listFunctions } from './lists.ts'
import { numberFunctions } from './numbers.ts'
import { stringFunctions } from './strings.ts'

export const functionTable: ReadonlyMap<string, FunctionSpec> = new Map<string, FunctionSpec>(
  Object.entries({ ...numberFunctions, ...stringFunctions, ...listFunctions, ...dataFunctions }),
)

/** Only in conditions. The argument is a literal step id; `always` has none. */
export const statusFunctionNames = ['succeeded', 'failed', 'skipped', 'always'] as const
export type StatusFunctionName = (typeof statusFunctionNames)[number]

export function isStatusFunction(name: string): name is StatusFunctionName {
  return (statusFunctionNames as readonly string[]).includes(name)
}

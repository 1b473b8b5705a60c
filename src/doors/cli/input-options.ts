/** The options with which inputs are given. */
import type { JsonObject } from '../../std/json.ts'
import type { CommandContext } from './context.ts'
import { readJsonObject, readPairs } from './json-argument.ts'
import { text, texts } from './option.ts'

export const inputOptions = {
  set: texts('-i <key=value>', 'an input, typed by the schema; may be repeated'),
  input: text('--input <json>', 'inputs as JSON: text, @FILE, or - for stdin'),
}

/** As actions take them. */
export async function readInputs(
  context: CommandContext,
  { set, input }: { set: string[]; input: string | undefined },
): Promise<{ inputs: JsonObject; typed: Record<string, string> }> {
  const typed = readPairs(set, '-i')
  return { inputs: input === undefined ? {} : await readJsonObject(context, input, '--input'), typed }
}

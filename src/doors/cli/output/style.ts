/** Colour for one stream: NO_COLOR and FORCE_COLOR decide, else whether it is a terminal. */
import { Chalk, type ChalkInstance } from 'chalk'
import type { TextStream } from '../surroundings.ts'

export type Style = ChalkInstance

export function styleFor(stream: TextStream, env: Readonly<Record<string, string | undefined>>): Style {
  return new Chalk({ level: wantsColour(stream, env) ? 1 : 0 })
}

function wantsColour(stream: TextStream, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

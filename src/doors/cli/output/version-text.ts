/** Versions of models, and what differs between two of them, as people read them. */
import { changeText, type SchemaChange } from '../../../app/pins/schema-changes.ts'
import { shortVersion } from '../../../app/pins/short-version.ts'
import { printable } from './printable.ts'
import type { Style } from './style.ts'

export interface ShownVersion {
  version: string
  tag?: string | undefined
}

/** `1.4.0 (7762fd07)`, or a dash where there is none. */
export function versionText(version: ShownVersion | undefined): string {
  if (!version) return '-'
  const { tag } = version
  return printable(shortVersion({ version: version.version, ...(tag !== undefined && { tag }) }))
}

/** `compatible` in green, `breaking` in red; nothing where it can't be told. */
export function compatibilityText(isCompatible: boolean | undefined, style: Style): string {
  if (isCompatible === undefined) return ''
  return isCompatible ? style.green('compatible') : style.red('breaking')
}

/** From one to the other; an official model is only known by its schema. */
export function moveText(before: ShownVersion, after: ShownVersion): string {
  if (before.version === after.version) return `${versionText(after)}, with another schema`
  return `${versionText(before)} → ${versionText(after)}`
}

/** A line for each change, removed in red and added in green. */
export function schemaLines(changes: readonly SchemaChange[] | undefined, style: Style): string[] {
  if (changes === undefined) return [style.dim('  what changed in its schema is not known')]
  if (changes.length === 0) return [style.dim('  its schema is the same')]
  const colour = { added: style.green, removed: style.red, changed: style.yellow }
  return changes.map((change) => `  ${colour[change.kind](printable(changeText(change)))}`)
}

/**
 * Commands to the runner of GitHub Actions, and text that is none. The runner reads both streams of a step line by line
 * (`ScriptHandler` of actions/runner), so that what models wrote could give it commands.
 */

/** Escaped as `@actions/core` does it: `::error file=a.yaml,line=3::what is wrong`. Empty properties are left out. */
export function workflowCommand(
  name: string,
  message: string,
  properties: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const written = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${escapedProperty(String(value))}`)
  return `::${name}${written.length > 0 ? ` ${written.join(',')}` : ''}::${escaped(message)}`
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

const invisible = '\u200b'

/** The same to the eye, without a line that the runner takes for a command (`::name::` at its beginning, `##[name]`). */
export function withoutCommands(text: string): string {
  return text.replaceAll(/^(\s*):(?=:)/gm, `$1:${invisible}`).replaceAll('##[', `##${invisible}[`)
}

/** Text that others wrote, as one line for a file: no control characters, no runs of space, no end of its own. */

export function plainLine(text: string, most: number): string {
  // What a reader can't see may make the line say something else than it shows, such as marks of writing direction.
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\s]+/gu, ' ').trim()
  const characters = [...line.slice(0, most * 2)]
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join('')}…`
}

/** Text that others wrote, made safe for a terminal: control characters would move its cursor or change its title. */

export function printable(text: string): string {
  // Tab and newline stay; everything else below space, DEL and C1 is shown as a visible stand-in.
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (found) => {
    const code = found.charCodeAt(0)
    return code === 13 ? '' : code < 32 ? String.fromCharCode(0x2400 + code) : '\ufffd'
  })
}

/** One line of at most `width` characters. */
export function oneLine(text: string, width: number): string {
  const line = printable(text).replaceAll(/\s+/g, ' ').trim()
  const characters = [...line]
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

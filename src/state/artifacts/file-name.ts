/** Names of files as models and URLs give them, made safe to use in any folder. */
import { extname } from 'node:path'

/** UTF-8 bytes; file systems take 255, and a number may still be added. */
const longestName = 200

/** Without path parts, control and text-direction characters, or dots in front; never empty. */
export function cleanName(given: string): string {
  const last = given.split(/[/\\]/).at(-1) as string
  const clean = last
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .normalize('NFC')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[.\s]+/, '')
    .replace(/[.\s]+$/, '')
  return clean === '' ? 'file' : shorten(clean)
}

/** `draw.png` → `draw-2.png`. */
export function numberedName(name: string, number: number): string {
  const extension = extname(name)
  return `${name.slice(0, name.length - extension.length)}-${number}${extension}`
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return name
  const extension = extname(name)
  const kept = Buffer.byteLength(extension) <= 20 ? extension : ''
  let stem = ''
  for (const character of name) {
    if (Buffer.byteLength(stem + character) > longestName - Buffer.byteLength(kept)) break
    stem += character
  }
  return stem.replace(/[.\s]+$/, '') + kept
}

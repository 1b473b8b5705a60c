/** A file that a run holds: kept by content hash, named in values by an `artifact:` URI. */

/** As `files[]` shows it. `path` is where the bytes lie on this machine; it is filled in when shown, not journaled. */
export interface FileRef {
  name: string
  path: string
  sha256: string
  bytes: number
  media_type: string
}

/** As it is journaled. */
export type KeptFile = Omit<FileRef, 'path'>

/**
 * How a file stands inside a JSON value (an input, an output): `artifact:<sha256>/<name>`.
 * Doors show it as a path; targets turn it into what their API takes.
 */
export function artifactUri(file: { sha256: string; name: string }): string {
  return `artifact:${file.sha256}/${encodeURIComponent(file.name)}`
}

/** The hash and name in an artifact URI, or undefined when the text is none. */
export function parseArtifactUri(text: string): { sha256: string; name: string } | undefined {
  const match = /^artifact:([0-9a-f]{64})\/([^/\s]+)$/.exec(text)
  if (!match) return undefined
  try {
    return { sha256: match[1] as string, name: decodeURIComponent(match[2] as string) }
  } catch {
    return undefined
  }
}

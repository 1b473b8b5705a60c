/** Links to files that the sandbox itself serves: made for the port it has now, recognised on any. */
import type { Json } from '../../std/json.ts'
import { isObject } from '../../std/json.ts'
import type { FileRow } from '../store/file-rows.ts'

/** Output files can be read by whoever knows the link, as on replicate.delivery. */
export function deliveryLink(origin: string, file: Pick<FileRow, 'id' | 'name'>): string {
  return `${origin}/delivery/${file.id}/${encodeURIComponent(file.name)}`
}

export function uploadLink(origin: string, id: string): string {
  return `${origin}/v1/files/${id}`
}

const linkPattern = /https?:\/\/[^\s/"'<>]+\/(?:delivery|v1\/files)\/([a-z2-7]{26})(?![a-z2-7])(?:\/[\w.%-]*)?/g

/** Every such link in a text, whatever its host and port, each once. */
export function linksIn(text: string): string[] {
  return [...new Set(text.match(linkPattern) ?? [])]
}

/** The file id when the whole text is such a link. */
export function fileIdOf(link: string): string | undefined {
  const match = new RegExp(`^${linkPattern.source}(?:\\?.*)?$`).exec(link)
  return match?.[1]
}

/**
 * The value with links to known files replaced by hashes of their content, so that the same work has the same name
 * whichever port and prediction the file came from.
 */
export function withContentNames(value: Json, sha256Of: (id: string) => string | undefined): Json {
  if (typeof value === 'string') {
    return value.replace(linkPattern, (link, id: string) => {
      const sha256 = sha256Of(id)
      return sha256 === undefined ? link : `file:${sha256}`
    })
  }
  if (Array.isArray(value)) return value.map((item) => withContentNames(item, sha256Of))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withContentNames(item, sha256Of)]))
}

/** The output with its `{$file: n}` marks replaced. */
export function withLinks(output: Json, link: (n: number) => string): Json {
  if (Array.isArray(output)) return output.map((item) => withLinks(item, link))
  if (!isObject(output)) return output
  if (typeof output['$file'] === 'number') return link(output['$file'])
  return Object.fromEntries(Object.entries(output).map(([key, item]) => [key, withLinks(item, link)]))
}

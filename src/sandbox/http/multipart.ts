/** Takes a multipart/form-data body apart, without copying its files. */
export interface FormPart {
  filename: string | undefined
  mediaType: string | undefined
  bytes: Buffer
}

/** By field name; undefined when the body is no such form. */
export function readForm(body: Buffer, contentType: string): Map<string, FormPart> | undefined {
  const boundary = /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType)
  if (!boundary) return undefined
  const mark = Buffer.from(`--${boundary[1] ?? boundary[2]}`)
  if (!body.subarray(0, mark.length).equals(mark)) return undefined
  const parts = new Map<string, FormPart>()
  let from = mark.length
  for (;;) {
    if (body.subarray(from, from + 2).toString('latin1') === '--') return parts
    const headEnd = body.indexOf('\r\n\r\n', from)
    const to = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), from)
    if (headEnd < 0 || to < headEnd) return undefined
    const head = body.toString('utf8', from, headEnd)
    const name = field(head, 'name')
    if (name === undefined) return undefined
    const mediaType = /^content-type:\s*([^\r\n]+)/im.exec(head)?.[1]?.trim()
    parts.set(name, { filename: field(head, 'filename'), mediaType, bytes: body.subarray(headEnd + 4, to) })
    from = to + 2 + mark.length
  }
}

/** Browsers and fetch write quotes and line ends in names as %22, %0D and %0A. */
function field(head: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(head)?.[1]
  return found?.replace(/%(22|0D|0A)/gi, (escaped) => decodeURIComponent(escaped))
}

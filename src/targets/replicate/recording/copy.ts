/** Copies a body to a recording while it is read: its end comes once the copy is kept. */
import { type BodyWriter, openBody } from './folder.ts'
import type { RecordedAnswer } from './format.ts'

export type Body = Pick<RecordedAnswer, 'json' | 'text' | 'file'>

export interface CopyParts {
  folder: string
  /** Of the copy's name. */
  extension: string
  /** Text is collected and gone through; other bytes go to the folder as they are. */
  textBody: ((text: string) => Body) | undefined
  kept(body: Body): Promise<void>
  /** Makes what goes wrong with the folder an error that says so. */
  writing<T>(step: () => Promise<T>): Promise<T>
  /** The source broke. */
  failed(error: unknown): Promise<void>
}

/** Nothing is kept of a body that is not read to its end. */
export async function* copied(source: AsyncIterable<Uint8Array>, parts: CopyParts): AsyncGenerator<Uint8Array> {
  const { writing, textBody, folder, extension } = parts
  const sink = textBody ? collectText(textBody) : collectBytes(await writing(() => openBody(folder, extension)))
  let isWhole = false
  try {
    for await (const chunk of broken(source, parts)) {
      await writing(() => sink.write(chunk))
      yield chunk
    }
    isWhole = true
  } finally {
    if (!isWhole) await sink.drop().catch(() => {})
  }
  await parts.kept(await writing(sink.body))
}

interface Sink {
  write(chunk: Uint8Array): Promise<void>
  body(): Promise<Body>
  drop(): Promise<void>
}

/** Tells of what the source throws, and of nothing else. */
async function* broken(source: AsyncIterable<Uint8Array>, { failed }: CopyParts): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch (error) {
    await failed(error)
    throw error
  }
}

function collectText(textBody: (text: string) => Body): Sink {
  const decoder = new TextDecoder()
  let text = ''
  return {
    async write(chunk) {
      text += decoder.decode(chunk, { stream: true })
    },
    body: async () => textBody(text + decoder.decode()),
    drop: async () => {},
  }
}

function collectBytes(copy: BodyWriter): Sink {
  return { write: copy.write, body: async () => ({ file: await copy.keep() }), drop: copy.drop }
}

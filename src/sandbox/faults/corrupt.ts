/** Breaks a model's answer in one of several ways; always the same for the same answer. */
import type { Json } from '../../std/json.ts'
import type { ModelAnswer } from '../catalogue/model.ts'
import type { Corruption } from './fault.ts'

/**
 * `type`: an object that no model's schema knows; `text`: half of the text; `json`: text that no JSON parser reads;
 * `file`: half of every file's bytes. What the output has not can't be broken so: its type is then.
 */
export function corruptAnswer(answer: ModelAnswer, how: Corruption): ModelAnswer {
  if (how === 'file' && answer.files?.length) {
    const files = answer.files.map((file) => ({ ...file, bytes: file.bytes.subarray(0, file.bytes.length >> 1) }))
    return { ...answer, files }
  }
  const text = how === 'text' || how === 'json' ? textOf(answer.output) : undefined
  if (text === undefined) return { ...answer, output: { corrupted: true } }
  return { ...answer, output: how === 'text' ? half(answer.output) : like(answer.output, brokenJson(text)) }
}

/** The text of a text model: a string, or a list of them. */
function textOf(output: Json): string | undefined {
  if (typeof output === 'string') return output
  if (Array.isArray(output) && output.length > 0 && output.every((part) => typeof part === 'string'))
    return output.join('')
  return undefined
}

function half(output: Json): Json {
  const { length } = output as string | Json[]
  return (output as string | Json[]).slice(0, length >> 1)
}

function like(output: Json, text: string): Json {
  return Array.isArray(output) ? [text] : text
}

/** JSON that ends before its last bracket; of other text, an object that was begun. */
function brokenJson(text: string): string {
  const last = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  return last > 0
    ? `${text.slice(0, last)},`
    : `{"text": ${JSON.stringify(text.slice(0, text.length >> 1)).slice(0, -1)}`
}

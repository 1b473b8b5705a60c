/** Reads a YAML (or JSON) file that is no workflow: plain data, with the places of its values. */
import { ProblemsError } from '../domain/problem.ts'
import { decodeSource, readSource } from './source-text.ts'
import { readYaml, type YamlDocument } from './yaml.ts'
import { createPlaces } from './yaml-places.ts'

const maxBytes = 1_000_000

/**
 * `what`: the kind of file, for errors; `emptyHint`: how one begins. Throws `file_not_found`, `file_unreadable`,
 * `file_too_large`, and ProblemsError `invalid_config` for what is no plain YAML.
 */
export async function readYamlFile(file: string, what: string, emptyHint: string): Promise<YamlDocument> {
  const bytes = await readSource(file, maxBytes, what)
  const decoded = decodeSource(bytes)
  if (!decoded.ok) {
    const before = new TextDecoder().decode(bytes.subarray(0, decoded.offset))
    const { problemAt } = createPlaces(before, file)
    const hint = 'save it as UTF-8'
    throw new ProblemsError('invalid_config', [
      problemAt(before.length, 'bad_encoding', 'the file is not valid UTF-8 here', hint),
    ])
  }
  const document = readYaml(decoded.text, file, { emptyHint })
  if (document.problems.length > 0) throw new ProblemsError('invalid_config', document.problems)
  return document
}

/** Reads a YAML (or JSON) file that is no workflow: plain data, with the places of its values. */
import { ProblemsError } from '../domain/problem.ts'
import { readText } from './text-file.ts'
import { readYaml, type YamlDocument } from './yaml.ts'

/**
 * `what`: the kind of file, for errors; `emptyHint`: how one begins. Throws `file_not_found`, `file_unreadable`,
 * `file_too_large`, and ProblemsError `invalid_config` for what is no plain YAML.
 */
export async function readYamlFile(file: string, what: string, emptyHint: string): Promise<YamlDocument> {
  const document = readYaml(await readText(file, what), file, { emptyHint })
  if (document.problems.length > 0) throw new ProblemsError('invalid_config', document.problems)
  return document
}

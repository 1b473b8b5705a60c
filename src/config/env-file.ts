/** Reads a `.env` file: names and values, below what the environment says. */
import { parseEnv } from 'node:util'
import { ProblemsError } from '../domain/problem.ts'
import { readText } from '../documents/text-file.ts'
import { controlCharacterIn } from '../documents/yaml.ts'
import { createPlaces } from '../documents/yaml-places.ts'

export interface EnvFile {
  file: string
  values: Readonly<Record<string, string>>
  /** Of a name, from 1. */
  lineOf(name: string): number | undefined
}

/** Throws `file_unreadable`, `file_too_large`, and ProblemsError `invalid_config` for what is no text. */
export async function readEnvFile(file: string): Promise<EnvFile> {
  const text = await readText(file, '.env file')
  const invisible = controlCharacterIn(text)
  if (invisible !== -1) {
    const problem = createPlaces(text, file).problemAt(
      invisible,
      'invalid_character',
      'the file holds a control character',
      'a .env file is plain text: NAME=value, one a line',
    )
    throw new ProblemsError('invalid_config', [problem])
  }
  return {
    file,
    values: Object.fromEntries(Object.entries(parseEnv(text)).filter((entry) => entry[1] !== undefined)) as Record<
      string,
      string
    >,
    lineOf(name) {
      const lines = text.split('\n')
      // Of a name that stands there twice, the last one counts.
      const at = lines.findLastIndex((line) => /^\s*(?:export\s+)?([^=\s#]+)\s*=/.exec(line)?.[1] === name)
      return at === -1 ? undefined : at + 1
    },
  }
}

/** Reads a file of prices: the section `prices` of a configuration, on its own. */
import { type DocumentKind, readDocument } from '../../documents/document.ts'
import { startLoading } from '../../documents/loading.ts'
import { readYamlFile } from '../../documents/yaml-file.ts'
import { ProblemsError } from '../../domain/problem.ts'
import { type PriceSheet, sheetOf, type SheetKind } from './sheet.ts'
import { type PricesSpec, pricesSpec } from './spec.ts'

const example = 'write `owner/name: {usd_per_second: 0.001}`'

const document: DocumentKind<PricesSpec> = {
  schema: pricesSpec,
  what: 'a price table',
  mend: () => false,
  hint: (issue) => (issue.path.length < 2 ? example : undefined),
}

/** Throws `file_not_found`, `file_unreadable`, `file_too_large`, and ProblemsError `invalid_config`. */
export async function readPriceFile(file: string, kind: SheetKind): Promise<PriceSheet> {
  const { data, places } = await readYamlFile(file, 'price table', example)
  const { value, problems } = readDocument(document, data, places, startLoading(file, places, {}).suggest)
  if (!value || problems.length > 0) throw new ProblemsError('invalid_config', problems)
  return sheetOf(value, kind, file, (path) => places.problem([...path], { code: 'place', message: '', at: 'key' }).line)
}

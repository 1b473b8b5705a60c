/** Brings the tables of docs/cli.md up to date: `node scripts/generate-cli-docs.ts`. */
import { readFile, writeFile } from 'node:fs/promises'
import { withTables } from './cli-docs.ts'

const page = new URL('../docs/cli.md', import.meta.url)
await writeFile(page, await withTables(await readFile(page, 'utf8')))

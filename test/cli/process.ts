/** The command line in a process of its own: `node process.ts WORDS…`, as the launcher starts it. */
import { main } from '../../src/doors/cli/main.ts'

await main(process.argv.slice(2))

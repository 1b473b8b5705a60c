/**
 * Bundles the command line: one entry, split at every import(), so that help and validate load little.
 *
 *   node scripts/bundle.ts FOLDER
 */
import { rolldown } from 'rolldown'
import { cheapBuiltins } from './cheap-builtins.ts'
import { thirdPartyLicenses } from './third-party-licenses.ts'

const folder = process.argv[2]
if (folder === undefined) throw new Error('name the folder to write to')

await using bundle = await rolldown({
  input: { main: 'src/doors/cli/main.ts' },
  platform: 'node',
  // Loaded at first use by few commands, and not small; bundled they would not start sooner.
  external: [/^(ink|react|replicate|undici)(\/|$)/],
  treeshake: { propertyReadSideEffects: false },
  plugins: [cheapBuiltins(), thirdPartyLicenses('THIRD-PARTY-LICENSES.txt')],
  onLog(level, log) {
    if (level === 'warn') process.stderr.write(`warning: ${log.message}\n`)
  },
})
await bundle.write({
  dir: folder,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  // Names stay readable in stack traces; comments and white space only cost time to read.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
})

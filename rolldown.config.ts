/** Bundles the command line: one entry, split at every import(), so that help and validate load little. */
import { defineConfig } from 'rolldown'
import { thirdPartyLicenses } from './scripts/third-party-licenses.ts'

export default defineConfig({
  input: { main: 'src/doors/cli/main.ts' },
  platform: 'node',
  // Loaded at first use by few commands; as one file each they would not start sooner.
  external: [/^(ink|react|replicate|undici)(\/|$)/],
  plugins: [thirdPartyLicenses('THIRD-PARTY-LICENSES.txt')],
  output: {
    dir: 'dist/cli',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // Names stay readable in stack traces; comments and white space only cost time to read.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
})

/** Bundles the command line: one entry, split at every import(), so that help and validate load little. */
import { defineConfig } from 'rolldown'

export default defineConfig({
  input: { main: 'src/doors/cli/main.ts' },
  platform: 'node',
  // Loaded at first use by few commands, or not made to be bundled.
  external: [/^node:/, 'ink', 'react', 'react/jsx-runtime', 'replicate', 'undici'],
  output: {
    dir: 'dist/cli',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunk-[name]-[hash].js',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    sourcemap: false,
  },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
    setupFiles: ['test/child-coverage.ts'],
    // Most tests wait for processes and disks: a core less than there are would leave half of a small machine idle.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
    // scripts/report-coverage.ts reads this, and adds what child processes ran.
    coverage: {
      include: ['src/**/*.{ts,tsx}'],
      exclude: ['src/**/*.{test,fixture}.{ts,tsx}'],
      reporter: ['json'],
      reportsDirectory: 'coverage',
      clean: false,
      reportOnFailure: true,
    },
  },
})

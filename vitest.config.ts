import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 4,
    reporters: ['default', './test/support/reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'tasks/**/*.ts'],
      exclude: ['**/*.d.ts'],
      reporter: ['text-summary'],
      reportOnFailure: true,
    },
  },
});

import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    maxWorkers: Math.max(2, availableParallelism() - 1), // with two CPUs vitest would take one
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    setupFiles: ['test/draws.ts'],
    testTimeout: 30_000,
    reporters: ['default', ['json', { outputFile: 'results/tests/short.json' }]],
  },
});

export default config;

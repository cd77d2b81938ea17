import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    testTimeout: 30_000,
    reporters: ['default', ['json', { outputFile: 'results/tests/short.json' }]],
  },
});

export default config;

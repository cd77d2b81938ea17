import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/long/**/*.long.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    reporters: ['default', ['json', { outputFile: 'results/tests/long.json' }]],
  },
});

export default config;

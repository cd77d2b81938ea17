import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { SLOW } from './vitest.slow.ts';

/**
 * The long tests run on what `npm run build` made, as users do: vitest's own module runner makes every imported name a look-up,
 * which costs a simulator more than half its speed.
 */
const dist = fileURLToPath(new URL('dist', import.meta.url));

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^(?:\.\.?\/)+(sim|machines|workloads|policies|experiments|bench)\/(?!.*fixture)(.+)\.ts$/, replacement: `${dist}/$1/$2.js` },
    ],
  },
  test: {
    maxWorkers: Math.max(2, availableParallelism() - 1), // with two CPUs vitest would take one
    include: ['test/long/**/*.long.ts', ...SLOW],
    server: { deps: { external: [/\/dist\//] } },
    setupFiles: ['test/draws.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    reporters: ['default', ['json', { outputFile: 'results/tests/long.json' }]],
  },
});

export default config;

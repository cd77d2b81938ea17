import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import short from './vitest.config.ts';
import { SLOW } from './vitest.slow.ts';

/**
 * The short tests as `npm test` runs them: the simulator is the one that `npm run build` has just made, which runs a third faster than its
 * sources do in vitest's module runner. `npx vitest run FILE` takes the sources.
 */
const dist = fileURLToPath(new URL('dist', import.meta.url));

const config: ViteUserConfig = mergeConfig(
  short,
  defineConfig({
    resolve: {
      alias: [
        { find: /^(?:\.\.?\/)+(sim|machines|workloads|policies)\/(?!.*(?:fixture|fake-))(.+)\.ts$/, replacement: `${dist}/$1/$2.js` },
      ],
    },
    // modules are loaded once a worker, not once a file: that was near half of the CPU time. So a test leaves nothing behind in a module
    test: { exclude: SLOW, isolate: false, server: { deps: { external: [/\/dist\//] } } },
  }),
);

export default config;

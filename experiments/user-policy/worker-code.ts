import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Esbuild from 'esbuild';

const code = new Map<string, Promise<string>>();

/**
 * What a thread or process for policies runs: one of the modules beside this one, bundled with the engine into one text. So it is the same
 * whether numalab runs from its sources or from dist, and starts without looking for files. `npm run build` keeps the texts, as every
 * thread of a pool would have to make its own.
 */
export function workerCode(module: 'worker' | 'isolated-main'): Promise<string> {
  const known = code.get(module) ?? builtOrBundled(module);
  code.set(module, known);
  return known;
}

async function builtOrBundled(module: string): Promise<string> {
  const end = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const built = new URL(`../../bin/policy-${module}.js`, import.meta.url);
  return end === '.js' && existsSync(built) ? readFileSync(built, 'utf8') : bundled(module, end);
}

async function bundled(module: string, end: string): Promise<string> {
  const { build } = createRequire(import.meta.url)('esbuild') as typeof Esbuild; // takes longer to load than a short run
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./${module}${end}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife', // so that no name of the engine is in the reach of a policy
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    logLevel: 'silent',
    tsconfigRaw: '{}',
  });
  return outputFiles[0]!.text;
}

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const code = new Map<string, Promise<string>>();

/**
 * What a thread or process for policies runs: one of the modules beside this one, bundled with the engine into one text. So it is the same
 * whether numalab runs from its sources or from dist, and starts without looking for files.
 */
export function workerCode(module: 'worker' | 'isolated-main'): Promise<string> {
  const known = code.get(module) ?? bundled(module);
  code.set(module, known);
  return known;
}

async function bundled(module: string): Promise<string> {
  const end = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
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

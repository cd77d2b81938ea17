import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

let bundle: Promise<string> | null = null;

/**
 * The file a thread of the pool loads: where numalab runs compiled what starts the one file that the build has put together, or the
 * compiled module if there is none; from its sources, which a thread of Node 20 cannot load, one bundled for this process.
 */
export function poolModule(): Promise<string> {
  const end = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const path = fileURLToPath(new URL(`./pool-worker${end}`, import.meta.url));
  if (end === '.js') return Promise.resolve(isBuilt() ? fileURLToPath(new URL('./pool-start.cjs', import.meta.url)) : path);
  return (bundle ??= bundled(path));
}

function isBuilt(): boolean {
  return existsSync(new URL('../../bin/pool-worker.cjs', import.meta.url));
}

async function bundled(path: string): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'cjs', // its packages are asked for by a `require` that looks from here

    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'silent',
    tsconfigRaw: '{}',
    banner: { js: `require = require('node:module').createRequire(${JSON.stringify(import.meta.url)});` },
    plugins: [ownPlaces],
  });
  const folder = mkdtempSync(join(tmpdir(), 'numalab-pool-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'pool-worker.cjs');
  writeFileSync(file, outputFiles[0]!.text);
  return file;
}

/** Each source keeps the place it has, for those that look for files beside them. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }));
  },
};

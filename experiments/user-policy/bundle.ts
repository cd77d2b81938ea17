import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build, type BuildFailure, type Message, type Plugin } from 'esbuild';
import { InputError, show } from '../input-error.ts';
import { LIBRARY } from './library-name.ts';
import type { PolicyBundle } from './user-policy.ts';

const MAX_BYTES = 4 * 1024 ** 2;

/**
 * Bundles a policy and the files it imports into one text, in memory; nothing of it is run. Equal files give an equal text, wherever
 * they lie and whatever lies beside them.
 * @throws InputError with file, line and column of the first mistake
 */
export async function bundlePolicy(file: string): Promise<PolicyBundle> {
  const path = resolve(file);
  if (!isFile(path)) throw new InputError(`${show(file)}: want a policy file that can be read`);
  if (!/\.[cm]?[jt]sx?$/.test(path)) throw new InputError(`${show(file)}: want a policy in TypeScript or JavaScript, such as ./mine.ts`);
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      absWorkingDir: dirname(path),
      bundle: true,
      write: false,
      outdir: dirname(path),
      sourcemap: 'external',
      format: 'cjs',
      platform: 'neutral',
      target: 'es2022',
      charset: 'utf8',
      logLevel: 'silent',
      tsconfigRaw: '{}', // nothing of the folder it lies in
      banner: { js: '"use strict";' },
      plugins: [ownFilesOnly],
    });
    const textOf = (end: string): string => outputFiles.find(({ path: name }) => name.endsWith(end))!.text;
    const code = textOf('.js');
    if (code.length > MAX_BYTES) throw new InputError(`${show(file)}: bundled to more than 4MiB, want a policy`);
    return { file, path, sha256: createHash('sha256').update(code).digest('hex'), code, sourceMap: textOf('.map') };
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    throw first ? new InputError(mistake(first, file)) : error;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

const ownFilesOnly: Plugin = {
  name: 'own files only',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      if (path === LIBRARY) return { path, external: true };
      if (kind === 'dynamic-import') return { errors: [{ text: `import(${show(path)}) while running, want an import at the top` }] };
      if (path.startsWith('./') || path.startsWith('../')) return undefined;
      return { errors: [{ text: `import of ${show(path)}, want ${LIBRARY} or a file of the policy's own such as ./queue.ts` }] };
    });
  },
};

/** `mine.ts:3:7: Expected ";" but found "x"`, the file as seen from where the user stands. */
function mistake({ text, location }: Message, file: string): string {
  if (!location) return `${show(file)}: ${show(text)}`;
  const place = relative(process.cwd(), join(dirname(resolve(file)), location.file));
  return `${show(place)}:${location.line}:${location.column + 1}: ${text.slice(0, 300)}`;
}

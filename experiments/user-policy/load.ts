import { resolve } from 'node:path';
import type { GuardedRunner } from './guarded-runner.ts';
import type { PolicyBundle, UserPolicy } from './user-policy.ts';

/** Whether a word names a policy by its file: `./mine.ts`, `../mine.ts:key=value`, `/home/me/mine.ts`. */
export function isPolicyFile(word: string): boolean {
  return /^\.{0,2}\//.test(word) || /^[^:]*\.(ts|mts|js|mjs)(:|$)/.test(word);
}

/** The file a word names, without the options. */
export function fileOfWord(word: string): string {
  const [file] = /^.*?\.(?:ts|mts|js|mjs)(?=:|$)/.exec(word) ?? [word.split(':', 1)[0]!];
  return file;
}

/**
 * Bundles a policy and asks it for its options.
 * @param name the file as it was written, from `folder`
 * @throws InputError with the place of what is wrong
 */
export async function loadPolicy(name: string, runner: GuardedRunner, folder = '.'): Promise<UserPolicy> {
  const { bundlePolicy } = await import('./bundle.ts'); // esbuild takes longer to load than a short run
  return describePolicy({ ...(await bundlePolicy(folder === '.' ? name : resolve(folder, name))), file: name }, runner);
}

/**
 * Asks a bundled policy for its options.
 * @throws InputError with the place of what is wrong
 */
export async function describePolicy(bundle: PolicyBundle, runner: GuardedRunner): Promise<UserPolicy> {
  const name = bundle.file;
  const { title, summary, source, oracle, options, claims } = await runner.describe(bundle);
  const make = (): never => {
    throw new RangeError(`policy ${name} (${title}) is run by a GuardedRunner only`);
  };
  return { name, summary, source, oracle, options, ...(claims && { claims }), make, bundle };
}

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The commit of the checkout numalab runs from, `-dirty` if files of it are changed; null for an installed one, or without git. */
export function commitOf(): string | null {
  let root = fileURLToPath(new URL('../..', import.meta.url));
  if (!existsSync(join(root, 'package.json'))) root = join(root, '..'); // from dist
  if (!existsSync(join(root, '.git'))) return null;
  try {
    const argv = ['-C', root, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return execFileSync('git', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 }).trim() || null;
  } catch {
    return null;
  }
}

/** What is of interest of the host a sweep was planned on. */
export function hostFacts(): Record<string, string | number> {
  return {
    node: process.version,
    platform: platform(),
    release: release(),
    arch: arch(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

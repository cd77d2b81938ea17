import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'numalab-installed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const call = (cwd: string, command: string, ...argv: string[]): SpawnSyncReturns<string> =>
  spawnSync(command, argv, { cwd, encoding: 'utf8', timeout: 120_000, env: { ...process.env, npm_config_update_notifier: 'false' } });

/**
 * The package as npm packs it, unpacked where npm would put it, beside the packages it depends on and no others: nothing of the
 * checkout is in reach.
 */
function installed(): string | null {
  const packed = call(root, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  if (packed.status !== 0) return null;
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  const modules = join(folder, 'home/node_modules');
  mkdirSync(modules, { recursive: true });
  if (call(folder, 'tar', 'xf', join(folder, filename)).status !== 0) return null;
  cpSync(join(folder, 'package'), join(modules, 'numalab'), { recursive: true });
  for (const name of productionPackages()) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  return join(folder, 'home');
}

/** Of the lock: all packages at the top that are not for development alone. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(packages).flatMap(([path, { dev }]) => {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
    return name !== undefined && !dev && existsSync(join(root, path)) ? [name] : [];
  });
}

const home = installed();

test.skipIf(home === null)(
  'an installed numalab runs, writes a policy, checks and runs it (skipped where npm cannot pack)',
  { timeout: 180_000 },
  () => {
    const { bin } = JSON.parse(readFileSync(join(home!, 'node_modules/numalab/package.json'), 'utf8')) as { bin: { numalab: string } };
    const numalab = (...argv: string[]): SpawnSyncReturns<string> =>
      call(home!, process.execPath, join(home!, 'node_modules/numalab', bin.numalab), ...argv);
    const lopsided = ['--machine', 'lopsided', '--duration', '30ms', '--guests', '2', '--json'];

    const run = numalab('run', ...lopsided);
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(JSON.parse(run.stdout)).toMatchObject({ status: 'ok', machine: 'lopsided' });

    expect(numalab('policy', 'new', 'mine')).toMatchObject({ status: 0, stderr: '' });
    const own = numalab('run', '--policy', './mine.ts', ...lopsided);
    expect([own.status, own.stderr]).toEqual([0, '']);
    expect(JSON.parse(own.stdout)).toMatchObject({ status: 'ok', policySource: { file: './mine.ts' } });

    const sound = numalab('policy', 'check', './mine.ts'); // which needs the types of numalab/policy and TypeScript
    expect([sound.status, sound.stderr]).toEqual([0, '']);
    expect(numalab('--help').stdout).toContain('Exit codes:');
  },
);

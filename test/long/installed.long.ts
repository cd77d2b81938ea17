import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

test.skipIf(home === null)('its files of other tools can be imported alone, with their types', { timeout: 180_000 }, () => {
  const program = [
    "import { FormatError, readHwlocSynthetic, type Topology, writeNumactl } from 'numalab/formats';",
    "const topology: Topology = readHwlocSynthetic('pack:2 [numa(memory=3MiB)] core:2 pu:1');",
    'console.log(writeNumactl(topology));',
    "try { readHwlocSynthetic('pack:x'); } catch (error) { console.log(error instanceof FormatError, (error as FormatError).message); }",
  ].join('\n');
  writeFileSync(join(home!, 'formats.mts'), program);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
  const compiled = call(home!, process.execPath, tsc, 'formats.mts', '--module', 'nodenext', '--strict', '--ignoreConfig', ...types);
  expect([compiled.stdout, compiled.status]).toEqual(['', 0]);
  const ran = call(home!, process.execPath, 'formats.mjs');
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  expect(ran.stdout).toMatch(/^available: 2 nodes \(0-1\)\nnode 0 cpus: 0 1\nnode 0 size: 3 MB\n/);
  expect(ran.stdout).toMatch(/\ntrue line 1, column 6: /);
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { commands } from '../../cli/commands/index.ts';
import { type Helps, writtenHelps } from '../../cli/help.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const start = join(root, 'dist/cli/start.cjs');
const program = join(root, 'dist/bin/program.cjs');
const poolStart = join(root, 'dist/experiments/runs/pool-start.cjs');
const poolWorker = join(root, 'dist/bin/pool-worker.cjs');

/** Files outside of Node that a command line had V8 look into, as V8 itself tells when asked for coverage. */
function loadedBy(argv: readonly string[], input = ''): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'numalab-loaded-'));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    const { status, stderr } = spawnSync(process.execPath, [start, ...argv], { encoding: 'utf8', input, env, timeout: 25_000 });
    expect([status, stderr.replace(/^note: .*\n/gm, '')]).toEqual([0, '']);
    const told = readdirSync(folder).flatMap(
      (name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] }).result,
    );
    return told.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `npm test` builds first. */
describe.skipIf(!existsSync(program))('numalab as it is started', () => {
  test.each(['', '--help', 'machine -h', 'help machine import'])('answers %j from the texts of the build, without the program', (line) => {
    const argv = line.split(' ').filter((word) => word !== '');
    expect(loadedBy(argv).map((url) => fileURLToPath(url))).toEqual([start]);
    const helps = JSON.parse(readFileSync(join(dirname(program), 'help.json'), 'utf8')) as Helps;
    const text = helps[argv.filter((word) => !/help|-h/.test(word)).join(' ')];
    expect(spawnSync(process.execPath, [start, ...argv], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: text, stderr: '' });
  });

  test.each([
    ['--version'],
    ['machine'],
    ['run --help --debug'],
    ['check'],
    ['policy list'],
    ['run --duration 1ms --boot 0'],
    ['run --duration 1ms --boot 0 --machine lopsided --policy xl-credit2 --json'],
  ])('%s takes what it needs from one file: no yargs, yaml, esbuild, typescript, highs, piscina', (line) => {
    const others = loadedBy(line.split(' ')).filter((url) => ![start, program].includes(fileURLToPath(url)));
    expect(others).toEqual([]);
  });

  test('a scenario file has yaml loaded, and only then', () => {
    const packages = loadedBy(['check', '--scenario', '-'], 'seed: 7\n').flatMap((url) => /node_modules\/([^/]+)/.exec(url)?.[1] ?? []);
    expect([...new Set(packages)]).toEqual(['yaml']);
  });

  test('a thread of a pool takes what it needs from one file too', () => {
    const line = 'compare --policy pin --policy apart --seeds 2 --duration 1ms --boot 0 --machine lopsided --workers 2 --json';
    const loaded = loadedBy(line.split(' '));
    const packages = new Set(loaded.flatMap((url) => /node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(url)?.[1] ?? []));
    expect([...packages]).toEqual(['piscina']); // what draws pages is for --html alone
    const own = loaded.filter((url) => !url.includes('/node_modules/'));
    expect(new Set(own.map((url) => fileURLToPath(url)))).toEqual(new Set([start, program, poolStart, poolWorker]));
  });

  test('threads of a pool that run a policy of the user have no need of esbuild: only the start, to bundle it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'numalab-mine-'));
    try {
      const policy = join(folder, 'mine.ts');
      const parts = `compose('mine', builtIn('pin'), {})`;
      writeFileSync(
        policy,
        `import { builtIn, compose } from 'numalab/policy';
         export const policy = { name: 'mine', summary: 'x', source: 'x', oracle: false, options: [], make: () => ${parts} };`,
      );
      const line = `compare --policy apart --policy ${policy} --seeds 2 --duration 1ms --boot 0 --machine lopsided --workers 2 --json`;
      const loaded = loadedBy(line.split(' '));
      expect(loaded.filter((url) => url.endsWith('/bin/pool-worker.cjs'))).toHaveLength(2);
      expect(loaded.filter((url) => url.endsWith('/esbuild/lib/main.js'))).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([program, poolWorker])('what V8 made of %s in the build is taken by this Node', (file) => {
    const cachedData = readFileSync(`${file}.${process.version}-${process.platform}-${process.arch}`);
    const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData });
    expect(script.cachedDataRejected).toBe(false);
  });

  test('names its code as its modules one by one do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'numalab-code-'));
    try {
      const codes = [start, join(root, 'dist/cli/main.js')].map((file, at) => {
        const out = join(folder, String(at));
        spawnSync(process.execPath, [file, 'sweep', 'plan', '-', '--out', out], { input: 'seed: 7\n', timeout: 25_000 });
        return (JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as { code: string }).code;
      });
      const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
      expect(codes[0]).toMatch(new RegExp(`^${version}\\+[0-9a-f]{12}\\.node`));
      expect(codes[1]).toBe(codes[0]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the built helps are those that yargs writes', { timeout: 60_000 }, async () => {
    const built = JSON.parse(readFileSync(join(dirname(program), 'help.json'), 'utf8')) as Helps;
    expect(built).toEqual(await writtenHelps(commands));
    expect(spawnSync(process.execPath, [start, 'machine'], { encoding: 'utf8' }).stdout).toBe(built.machine);
  });

  test('says the same as from its modules one by one, also of a policy of the user', { timeout: 60_000 }, () => {
    const policy = join(root, 'test/policies/torture/prints.ts');
    for (const line of [
      'run --duration 1ms --boot 0 --machine lopsided --json',
      `run --duration 1ms --boot 0 --machine lopsided --policy ${policy} --json`,
      `policy show ${policy}`,
      'run --polcy pin',
      'help rnu', // and other lines that ask for a help, but not plainly
      'help run --help',
      '--help --help',
      ' --help', // begins with a word of nothing
      'help toString',
    ]) {
      const [one, other] = [start, join(root, 'dist/cli/main.js')].map((file) =>
        spawnSync(process.execPath, [file, ...line.split(' ')], { encoding: 'utf8', timeout: 25_000 }),
      );
      expect([line, one!.status, one!.stdout, one!.stderr]).toEqual([line, other!.status, other!.stdout, other!.stderr]);
    }
  });
});

test('each command has the words by which it is listed', async () => {
  for (const late of commands) expect((await late.load()).name).toBe(late.name);
});

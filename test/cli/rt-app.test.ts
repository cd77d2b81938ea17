import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import type { RunResult } from '../../experiments/run-result.ts';
import { readRtAppLog } from '../../formats/rt-app/log.ts';
import { session } from './session.ts';

const folder = mkdtempSync(join(tmpdir(), 'numalab-rt-app-'));
afterAll(() => rmSync(folder, { recursive: true }));

const real = lab('1.2.3');
function written(name: string, tasks: object): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ tasks, global: { duration: 1, log_basename: 'mine' } }));
  return file;
}
const line = (file: string, ...more: string[]): string[] =>
  ['run', '--machine', 'vm-2cpu', '--policy', 'kvm-eevdf', '--host-noise', '0', '--workload', `rt-app:${file}`, ...more]; // prettier-ignore
const TICK = { run: 300, timer: { ref: 'unique', period: 100_000 } };

describe('run --rt-app-log', () => {
  test("writes rt-app's logs, a file a thread, by its names, and changes nothing of the result, which a schema describes", async () => {
    const file = written('mix.json', { web: { instance: 2, loop: -1, ...TICK }, 'a/b': { loop: 2, run: 700, fork: 'kid' }, kid: { instance: 0, loop: 1, run: 50 } }); // prettier-ignore
    const logs = join(folder, 'some', 'logs');
    const plain = await session(line(file, '--json'), real);
    const logged = await session(line(file, '--json', '--rt-app-log', logs), real);
    expect([plain.code, logged.code, plain.err, logged.err]).toEqual([0, 0, '', `5 logs in ${logs}\n`]);
    expect(logged.out).toBe(plain.out);
    expect(readdirSync(logs).sort()).toEqual(['mine-a_b-2.log', 'mine-kid-3-0000.log', 'mine-kid-4-0001.log', 'mine-web-0.log', 'mine-web-1.log']); // prettier-ignore
    const { rows } = readRtAppLog(readFileSync(join(logs, 'mine-web-1.log'), 'utf8'));
    expect(rows.map(({ index, periodUs, configuredPeriodUs }) => [index, Math.round(periodUs / 1000), configuredPeriodUs])).toEqual(
      Array.from({ length: 9 }, () => [1, 100, 100_000]), // the tenth ends after the second is over
    );
    const result = JSON.parse(plain.out) as RunResult;
    expect(result.guests[0]!.threads!.map(({ name, figures }) => [name, figures.loops])).toEqual([['web-0', 9], ['web-1', 9], ['a/b-2', 2], ['kid-fork-0000', 1], ['kid-fork-0001', 1]]); // prettier-ignore
    const schema = JSON.parse(readFileSync(new URL('../../docs/run-result.schema.json', import.meta.url), 'utf8'));
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
  });

  test('wants an rt-app file, and a folder that can be written', async () => {
    const none = await session(['run', '--rt-app-log', 'logs']);
    expect([none.code, none.err]).toEqual([2, '--rt-app-log = logs, want an rt-app file beside it (--workload rt-app:FILE)\n']);
    const file = written('one.json', { a: { loop: 1, run: 1 } });
    const { code, err } = await session(line(file, '--rt-app-log', join(file, 'logs')), real);
    expect(code).toBe(2);
    expect(err).toMatch(/^--rt-app-log = .*one\.json\/logs, want a folder that can be written \(ENOTDIR\)\n$/);
  });

  test("writes the same bytes under a policy of the user's own as under the one that it is made of", async () => {
    const file = written('own.json', { web: { instance: 2, loop: 3, ...TICK }, a: { loop: 5, run: 700, fork: 'kid' }, kid: { instance: 0, loop: 1, run: 50 } }); // prettier-ignore
    const mine = join(folder, 'mine.ts');
    writeFileSync(mine, OWN_EEVDF);
    const logsUnder = async (policy: string, logs: string, ...more: string[]): Promise<string[][]> => {
      const words = line(file, '--rt-app-log', logs, ...more).map((word) => (word === 'kvm-eevdf' ? policy : word));
      const { code, err } = await session(words, real);
      expect([code, err]).toEqual([0, `8 logs in ${logs}\n`]); // web twice, a, and a kid for each loop of it
      return readdirSync(logs).sort().map((name) => [name, readFileSync(join(logs, name), 'utf8')]); // prettier-ignore
    };
    const expected = await logsUnder('kvm-eevdf', join(folder, 'built-in'));
    expect(readRtAppLog(expected.find(([name]) => name === 'mine-a-2.log')![1]!).rows).toHaveLength(5);
    expect(await logsUnder(mine, join(folder, 'own'))).toEqual(expected);
    expect(await logsUnder(mine, join(folder, 'isolated'), '--isolate')).toEqual(expected);
  });

  test('writes them up to where a fault of the policy ended the run, and none where its thread had to be ended', async () => {
    const file = written('ends.json', { a: { loop: -1, run: 300, sleep: 700 } });
    const logs = join(folder, 'ends');
    const under = async (fault: string): Promise<string> => {
      const mine = join(folder, 'faulty.ts');
      writeFileSync(mine, OWN_EEVDF.replace('{})', `{ daemons: [{ name: 'd', periodNs: 20_300_000, step() { ${fault} } }] })`)); // prettier-ignore
      const { code, err } = await session(line(file, '--rt-app-log', logs).map((word) => (word === 'kvm-eevdf' ? mine : word)), real); // prettier-ignore
      expect(code).toBe(1);
      return err.split('\n')[0]!;
    };
    expect(await under("throw new Error('broken')")).toBe(`1 logs in ${logs}`);
    const { rows } = readRtAppLog(readFileSync(join(logs, 'mine-a-0.log'), 'utf8'));
    expect([rows.length > 10, rows.length < 21]).toEqual([true, true]); // a loop takes a ms and a little
    expect(await under('for (const all = []; ; ) all.push(new Array(1e6).fill(0.5));')).toBe(
      `${logs}: the thread of the policy had to be ended, no logs are written`,
    );
  });
});

const OWN_EEVDF = `import { builtIn, compose } from 'numalab/policy';
export const policy = { name: 'mine', summary: 'x', source: 'x', oracle: false, options: [], make: () => compose('mine', builtIn('kvm-eevdf'), {}) };
`;

test('run tells of each thread of a file, and where there are many only how many', async () => {
  const few = await session(line(written('few.json', { web: { instance: 2, loop: -1, ...TICK } })), real);
  const rows = few.out.split('\n').filter((row) => /^(thread|web-)/.test(row));
  expect(rows[0]).toMatch(/^thread +ran +waited +blocked +slept +switches +moves +loops +meanPeriod$/);
  expect(rows.slice(1).map((row) => row.split(/ +/)[0])).toEqual(['web-0', 'web-1']);
  expect(rows[1]).toMatch(/ 9 +100 ms$/);
  const many = await session(line(written('many.json', { web: { instance: 33, loop: -1, ...TICK } })), real);
  expect(many.out).toContain('\n33 threads: --json tells of each\n');
});

const NOTE = 'note: left out: line 1, column 17: tasks.rt.policy = "SCHED_FIFO": only SCHED_OTHER is simulated\n';

test('members that rt-app passes over are told, as a misspelt one would be taken for a setting', async () => {
  const file = join(folder, 'typo.json');
  writeFileSync(file, '{"tasks": {"a": {"loop": 1, "run": 40, "prioritty": 7}},\n "globl": {"duration": 3}}');
  const told = `note: line 1, column 40: tasks.a.prioritty = 7: rt-app passes over it\nnote: line 2, column 2: globl = a mapping: rt-app passes over it\n`;
  for (const command of [line(file), ['check', '--workload', `rt-app:${file}`]]) {
    const { code, err } = await session(command, real);
    expect([code, err]).toEqual([0, told]);
  }
});

describe('--lenient', () => {
  const tasks = { rt: { policy: 'SCHED_FIFO', priority: 10, loop: 1, run: 100 } };

  test('leaves out what cannot be simulated, which is refused without it', async () => {
    const file = written('rt.json', tasks);
    const refused = await session(line(file), real);
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/not simulated: line 1, column \d+: tasks\.rt\.policy.*--lenient\) to leave them out\n$/)]); // prettier-ignore
    const run = await session(line(file, '--lenient', '--json'), real);
    expect([run.code, run.err]).toEqual([0, NOTE]);
    expect((JSON.parse(run.out) as RunResult).guests[0]!.completions).toBe(1);
  });

  test('is a word of files as well', async () => {
    const file = written('rt.json', tasks);
    const scenario = join(folder, 's.yaml');
    writeFileSync(scenario, `machine: vm-2cpu\nworkload: "rt-app:rt.json"\nlenient: true\n`);
    expect(file).toBe(join(folder, 'rt.json'));
    const { code, err } = await session(['run', '--scenario', scenario], real);
    expect([code, err]).toEqual([0, NOTE]);
  });
});

test('a thread that does what has no meaning fails its run', async () => {
  const { code, out } = await session(line(written('bad.json', { a: { loop: 1, run: 10, unlock: 'm' } })), real);
  expect(code).toBe(1);
  expect(out).toContain('workload-error: tasks.a.unlock (line 1, column 34): thread a-0 unlocks m, which it does not hold, at ');
});

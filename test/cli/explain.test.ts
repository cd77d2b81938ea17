import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../experiments/explain/explanation.ts';
import { lab } from '../../cli/lab.ts';
import { explainText } from '../../cli/explain-text.ts';
import { policyNamed } from '../../policies/index.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { session } from './session.ts';

const SMALL = '--machine lopsided --memory 128MiB --boot 0 --duration 200ms --seed 5';
const real = lab('1.2.3');
const pinAgain: PolicyEntry = { ...policyNamed('pin')!, name: 'pin-again' };
const known = { ...real, policies: [...real.policies, pinAgain] };
const torture = (name: string): string => fileURLToPath(new URL(`../policies/torture/${name}.ts`, import.meta.url));

const explain = (line: string): ReturnType<typeof session> => session(['explain', ...line.split(' ')], known);
const asJson = async (line: string): Promise<Explanation & { schemaVersion: number }> =>
  JSON.parse((await explain(`${line} --json`)).out) as Explanation & { schemaVersion: number };

describe('explain', () => {
  test('tells where the time went, and what was decided otherwise first', async () => {
    const { code, out, err } = await explain(`random pin --workload lmbench-rd:size=8MiB --guests 2 ${SMALL}`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^lmbench-rd:size=8MiB on lopsided, 2 guests, seed 5\nA {2}random, .*\nB {2}pin, /);
    expect(out).toMatch(/^throughput, GB\/s +[\d.]+ +[\d.]+ +[+-][\d.]+ %$/m);
    expect(out).toMatch(/^distance +[\d.]+ +0\.0+ +-[\d.]+ +-[\d.]+ %$/m);
    expect(out).toMatch(/^ {2}A +[\d.]+ {2}█+$/m);
    expect(out).toMatch(
      /^the first decision that differs is number 1, at 0 ns\n {2}A {2}vm1 is placed: vCPUs on any CPU, .*\n {2}B {2}vm1 is placed: vCPUs on CPU 0, /m,
    );
    expect(out).toMatch(/^what both saw$/m);
  });

  test('what the table and the waterfall show sums exactly', async () => {
    const { out } = await explain(`random pin --workload think:think=1ms,service=3ms --guests 9 ${SMALL}`);
    const rows = [...out.matchAll(/^(\w+) +([\d.]+) +([\d.]+) +([+-]?[\d.]+) +[+-]?[\d.]+ %$/gm)].map(([, cause, ...figures]) => ({
      cause: cause!,
      figures: figures.map((figure) => Math.round(Number(figure) * 1e4)),
    }));
    const all = rows.at(-1)!;
    expect(all.cause).toBe('all');
    expect(rows.length).toBeGreaterThan(4);
    for (const column of [0, 1, 2]) {
      expect(
        rows.slice(0, -1).reduce((sum, { figures }) => sum + figures[column]!, 0),
        `column ${column}`,
      ).toBe(all.figures[column]);
    }
    for (const { cause, figures } of rows) expect(figures[1]! - figures[0]!, cause).toBe(figures[2]);
    const bars = [...out.matchAll(/^ {2}(A|B|\w+|\d+ others) +([+-]?[\d.]+) {2} *[█▓░]/gm)].map(([, label, figure]) => [label, Math.round(Number(figure) * 1e4)] as const); // prettier-ignore
    expect([bars[0]![0], bars.at(-1)![0]]).toEqual(['A', 'B']);
    expect(bars.slice(0, -1).reduce((sum, [, value]) => sum + value, 0)).toBe(bars.at(-1)![1]);
    expect(bars.at(-1)![1]).toBe(all.figures[1]);
  });

  test('equal policies under two names: nothing differs', async () => {
    const { code, out } = await explain(`pin pin-again --workload think:think=1ms,service=3ms --guests 5 ${SMALL}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^no decision differs: both took the same \d+ decisions at the same times$/m);
    expect(out).toMatch(/^all +([\d.]+) +\1 +0\.0+ +0\.00 %$/m);
    expect(out).not.toContain('from A to B');
  });

  test('guests that count in other units are told apart', async () => {
    const scenario = fileURLToPath(new URL('../samples/explain-mixed.yaml', import.meta.url));
    const { out } = await explain(`random pin --scenario ${scenario}`);
    expect(out).toContain("where the time of the tasks went (2 guests, counted in GB/s); B's is told for as much work as A's");
    expect(out).toContain('where the time of the tasks went (1 guest, counted in jobs/s); B');
  });

  test('--json has all of it, each sum exact', async () => {
    const { schemaVersion, groups, parting, a, b, metrics } = await asJson(
      `random pin --workload lmbench-rd:size=8MiB --guests 2 ${SMALL}`,
    );
    expect([schemaVersion, a.policy, b.policy, metrics.length]).toEqual([1, 'random', 'pin', 1]);
    for (const { causes, aNs, bNs } of groups) {
      expect(causes.reduce((sum, cause) => sum + cause.aNs, 0)).toBe(aNs);
      expect(causes.reduce((sum, cause) => sum + cause.bNs, 0)).toBe(bNs);
    }
    expect(parting).toMatchObject({ decision: 0, a: { decided: { event: 'place' } }, b: { decided: { event: 'place' } } });
    expect(parting!.next!.a!.decided.event).toBe('wake');
  });

  test('a policy of the user behind its wall is explained like any other', { timeout: 60_000 }, async () => {
    const line = `${torture('prints')} --workload think:think=1ms,service=3ms --guests 5 ${SMALL}`;
    const plain = await asJson(`random ${line}`);
    const isolated = await asJson(`random ${line} --isolate`);
    expect(isolated).toEqual(plain);
    expect(plain).toMatchObject({ isPartingKnown: true, b: { status: 'ok', policySource: { file: torture('prints') } } });
    expect(plain.parting!.b!.nodes.map(({ cpus }) => cpus)).toEqual([3, 1, 2]);
  });

  test(
    'a policy that fails ends with code 1 and is told; its first decision is known, the time is not compared',
    { timeout: 60_000 },
    async () => {
      const { code, out, err } = await explain(`random ${torture('throw')} --workload think:think=1ms,service=3ms --guests 9 ${SMALL}`);
      expect(code).toBe(1);
      expect(out).toContain('where the time went is not compared: both runs must end well\n\nthe first decision that differs is number');
      expect(err).toMatch(/throw\.ts, policy-error: policy .*boom/);
      expect(err).toContain('\nagain: numalab run --machine lopsided --policy');
    },
  );

  test('one whose thread had to be ended leaves nothing to look at', { timeout: 60_000 }, async () => {
    const { code, out } = await explain(`random ${torture('exit')} --workload think:think=1ms,service=3ms --guests 9 ${SMALL}`);
    expect(code).toBe(1);
    expect(out).toMatch(/first decision/);
  });

  test.each([
    ['random', 'explain: want B after it'],
    ['random random', 'random: given twice, want different policies'],
    ['kvm-cfs kvm-cfs:hz=250', 'kvm-cfs: given twice, want different policies'],
    ['random pin more', 'more: one word too many for explain'],
    ['random pin --policy apart', '--policy: no flag of explain'],
    ['random piin', '--policy = piin, want one of'],
  ])('refuses %s', async (line, message) => {
    const { code, out, err } = await explain(line);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

test('lines keep to the width of the terminal where they can', () => {
  const group = (unit: string): Explanation['groups'][number] => ({
    unit,
    guests: ['a', 'b'],
    aWork: 3,
    bWork: 4,
    aNs: 3_000_000,
    bNs: 2_000_000,
    causes: [
      { cause: 'queueController', aNs: 2_900_000, bNs: 100_000 },
      { cause: 'compute', aNs: 100_000, bNs: 1_900_000 },
    ],
  });
  const run = {
    policySource: null,
    oracle: false,
    status: 'ok',
    message: null,
    exit: null,
    simulatedNs: 5,
    hash: 'c0ffee',
    decisions: 9,
  } as const;
  const explanation: Explanation = {
    machine: 'lopsided',
    workload: 'think',
    guests: 2,
    seed: '1',
    a: { ...run, policy: 'apart' },
    b: { ...run, policy: 'pin' },
    metrics: [],
    groups: [group('jobs/s')],
    parting: null,
    isPartingKnown: true,
  };
  for (const width of [80, 90, 100]) {
    const lines = explainText(explanation, width).split('\n');
    expect(Math.max(...lines.map((line) => line.length)), `${width}`).toBeLessThanOrEqual(width);
  }
});

import { expect, test } from 'vitest';
import { assignNodes } from '../../../experiments/oracle/assignment.ts';
import { solveInteger } from '../../../experiments/oracle/integer-programme.ts';
import { lopsided } from '../../../machines/lopsided.ts';
import { buildMachine } from '../../../sim/machine.ts';
import type { GuestSpec } from '../../../sim/scenario.ts';
import { GiB } from '../../../sim/units.ts';
import { guest, workload } from '../../sim/scenario-fixture.ts';

const machine = buildMachine(lopsided); // CPUs 3, 1, 2; memory 5, 3, 7 GiB; controllers 12, 9, 10 GB/s

const one = (name: string, change: Partial<GuestSpec> = {}): GuestSpec => guest(workload('compute'), { name, ...change });

test('an integer programme is solved, and one without a solution is told apart', () => {
  // 3x + 5y <= 11 in whole numbers: x = 2, y = 1 makes 2 * 2 + 4 = 8; x = 3 makes 6; y = 2 makes 8 with x = 0: 3 * 0 + 10, so 8
  const text = (more: string): string => `Maximize\n obj: 2 x + 4.1 y\nSubject To\n a: 3 x + 5 y <= 11\n${more}General\n x\n y\nEnd\n`;
  expect(solveInteger(text(''))).toEqual(new Map([['x', 0], ['y', 2]])); // prettier-ignore
  expect(solveInteger(text(' b: y <= 1\n'))).toEqual(new Map([['x', 2], ['y', 1]])); // prettier-ignore
  expect(solveInteger(text(' c: x >= 4\n'))).toBeNull();
});

test('guests that draw nothing go where CPUs are, none twice', () => {
  const sets = assignNodes(machine, ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => one(name)), [0, 0, 0, 0, 0, 0]); // prettier-ignore
  expect(sets.map(([node]) => node!).sort()).toEqual([0, 0, 0, 1, 2, 2]);
});

test('guests that draw much share controllers by their capacity', () => {
  // squares of use: 0.67 on 12, 0.8 on 10 and 0.89 on 9, each 8 alone: a second on one of them would add three times its square
  const sets = assignNodes(machine, ['a', 'b', 'c'].map((name) => one(name)), [8, 8, 8]); // prettier-ignore
  expect(sets.map(([node]) => node!).sort()).toEqual([0, 1, 2]);
});

test('memory that does not fit a node keeps a guest away from it', () => {
  const sets = assignNodes(machine, [one('a', { memoryBytes: GiB(6) }), one('b', { memoryBytes: GiB(4) })], [1, 1]);
  expect(sets).toEqual([[2], [0]]);
});

test('a guest larger than a node is divided over nodes', () => {
  const [set] = assignNodes(machine, [one('a', { vcpus: 6 })], [0]);
  expect(set!.length).toBeGreaterThan(1);
});

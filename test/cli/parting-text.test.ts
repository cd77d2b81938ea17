import { describe, expect, test } from 'vitest';
import { partingText } from '../../cli/parting-text.ts';
import type { Explanation } from '../../experiments/explain/explanation.ts';
import type { Parting } from '../../experiments/explain/parting.ts';
import type { Decided, Seen } from '../../sim/look.ts';
import { GiB, MiB, ms, us } from '../../sim/units.ts';

const NOTHING: Decided = {
  event: '',
  guest: null,
  vcpu: null,
  block: null,
  cpu: null,
  node: null,
  weight: null,
  cpus: null,
  placement: null,
};

function seen(decided: Partial<Decided>, change: Partial<Seen> = {}): Seen {
  return {
    timeNs: ms(5),
    decided: { ...NOTHING, ...decided },
    vcpu: null,
    guest: null,
    nodes: [
      { cpus: 3, idleCpus: 2, waiting: 4, freeBytes: GiB(5) },
      { cpus: 1, idleCpus: 0, waiting: 0, freeBytes: MiB(300) },
    ],
    cpus: [
      { cpu: 2, node: 0, isIdle: true, running: null, waiting: 0 },
      { cpu: 3, node: 1, isIdle: false, running: { guest: 'web', vcpu: 6 }, waiting: 2 },
    ],
    ...change,
  };
}

const textOf = (parting: Partial<Parting> | null, change: Partial<Explanation> = {}): string =>
  partingText({
    parting: parting && { decision: 41, isSameQuestion: true, drift: null, next: null, a: null, b: null, ...parting },
    isPartingKnown: true,
    a: { decisions: 77, hash: 'aa' },
    b: { decisions: 77, hash: 'bb' },
    ...change,
  } as Explanation);

describe('a decision is told in a sentence:', () => {
  test.each<[Partial<Decided>, string]>([
    [{ event: 'wake', guest: 'db', vcpu: 1, cpu: 3 }, "db's vCPU 1 wakes, for CPU 3 (node 1)"],
    [{ event: 'run', guest: 'db', vcpu: 1, cpu: 2 }, "CPU 2 (node 0) runs db's vCPU 1"],
    [{ event: 'block', guest: 'db', vcpu: 1, cpu: 2 }, "db's vCPU 1 has nothing to do any more and leaves CPU 2 (node 0)"],
    [{ event: 'idle', cpu: 3 }, 'CPU 3 (node 1) finds nothing to run'],
    [
      { event: 'affinity', guest: 'db', vcpu: 0, cpus: [0, 1, 2, 7, 9, 10] },
      "the affinity of db's vCPU 0, hard or soft, becomes CPUs 0-2,7,9-10",
    ],
    [{ event: 'weight', guest: 'db', weight: 300 }, 'db gets weight 300'],
    [{ event: 'back', guest: 'db', block: 12, node: 1 }, 'block 12 of db gets its memory on node 1'],
    [{ event: 'back', guest: 'db', block: 12 }, 'block 12 of db gets its memory nowhere'],
    [{ event: 'move', guest: 'db', block: 0, node: 1 }, 'block 0 of db is moved to node 1'],
    [{ event: 'copy', guest: 'db', block: 8, node: 0 }, 'block 8 of db is copied to node 0 as well'],
    [{ event: 'merge', guest: 'db', block: 8, node: 0 }, 'the copies of block 8 of db are given up for the one on node 0'],
    [{ event: 'depart', guest: 'db' }, 'db departs'],
    [{ event: 'hotplug', cpu: 3 }, 'hotplug of CPU 3 (node 1)'],
    [
      { event: 'place', guest: 'db', placement: { hardCpus: [[4], [4]], softCpus: [null, null], memoryNodes: [] } },
      'db is placed: vCPUs on CPU 4, memory meant for no node',
    ],
    [
      { event: 'place', guest: 'db', placement: { hardCpus: [[4], [5, 6]], softCpus: [[1], [1]], memoryNodes: [0, 1] } },
      'db is placed: vCPU 0 on CPU 4, vCPU 1 on CPUs 5-6, rather on CPU 1, memory meant for node 0, 1',
    ],
  ])('%j', (decided, sentence) => {
    expect(textOf({ a: seen(decided), b: seen({ event: 'idle', cpu: 2 }) })).toContain(
      `\n  A  ${sentence}\n  B  CPU 2 (node 0) finds nothing to run\n`,
    );
  });
});

test('what both saw is told once: the vCPU, the CPUs, the guest and its memory, the nodes', () => {
  const known: Partial<Seen> = {
    vcpu: { guest: 'db', vcpu: 1, lastCpu: 2, lastNode: 0, waitedNs: us(35), sleptNs: 0, allowedCpus: 4 },
    guest: { name: 'db', nodeBytes: [MiB(3), MiB(1)], nodeRunning: [0, 2] },
  };
  const [a, b] = [{ event: 'run', guest: 'db', vcpu: 1, cpu: 2 }, { event: 'run', guest: 'db', vcpu: 1, cpu: 3 }]; // prettier-ignore
  expect(textOf({ a: seen(a, known), b: seen(b, { ...known, timeNs: ms(6) }) })).toBe(`
the first decision that differs is number 42, at 5 ms and 6 ms
  A  CPU 2 (node 0) runs db's vCPU 1
  B  CPU 3 (node 1) runs db's vCPU 1
what both saw
  db's vCPU 1 ran last on CPU 2 (node 0), has waited for 35 us, may use 4 CPUs
  CPU 2 (node 0) is idle, nobody waits for it
  CPU 3 (node 1) runs web's vCPU 6, 2 vCPUs wait for it
  db has 4 MiB: 75.0 % on node 0, 25.0 % on node 1
  node  CPUs idle  vCPUs waiting  memory free  db: running  its memory
  ----  ---------  -------------  -----------  -----------  ----------
     0     2 of 3              4        5 GiB            0       3 MiB
     1     0 of 1              0      300 MiB            2       1 MiB
`);
});

test('what they saw is told apart where it differs, and a run that has ended saw nothing', () => {
  const a = seen({ event: 'idle', cpu: 2 });
  const text = textOf({ a, b: seen({ event: 'idle', cpu: 3 }, { cpus: [] }) });
  expect(text).toMatch(/what A saw\n(.*\n)+what B saw\n/);
  const ended = textOf({ a, isSameQuestion: false });
  expect(ended).toContain('\nwhat comes next differs first: it is number 42, at 5 ms\n');
  expect(ended).toContain('\n  B  nothing more: its run has ended\nwhat A saw\n');
  expect(ended).not.toContain('what B saw');
});

test('times that had parted before, and the first other answer, are told', () => {
  const a = seen({ event: 'idle', cpu: 2 });
  const text = textOf({
    a,
    b: a,
    drift: { decision: 6, aNs: 1230, bNs: 1245 },
    next: { question: 'turn of the CPU', nth: 8, a: seen({ event: 'run', guest: 'x', vcpu: 0, cpu: 2 }), b: a },
  });
  expect(text).toContain('  alike before it, but not at the same times: number 7 at 1230 ns (A) and 1245 ns (B)\n');
  expect(text).toContain("\nwho runs where differs first at turn 8 of the CPU, at 5 ms\n  A  CPU 2 (node 0) runs x's vCPU 0\n");
});

test('nothing differs, or nothing is known', () => {
  expect(textOf(null)).toBe('\nno decision differs: both took the same 77 decisions\n');
  expect(textOf(null, { isPartingKnown: false })).toContain('no first decision can be told');
});

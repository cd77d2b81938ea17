import { describe, expect, test } from 'vitest';
import { beliefOf, cacheCount } from '../../sim/guest-belief.ts';
import type { GuestSpec } from '../../sim/scenario.ts';
import { GiB, MiB } from '../../sim/units.ts';
import { PLAIN_VNUMA, type VnumaSpec } from '../../sim/vnuma.ts';
import { guest, workload } from './scenario-fixture.ts';

function told(vcpus: number, vnuma: Partial<VnumaSpec>, change: Partial<GuestSpec> = {}): GuestSpec {
  const vnodes = vnuma.nodes?.length ?? change.vnodes ?? 1;
  return guest(workload('compute'), { vcpus, memoryBytes: GiB(7), ...change, vnodes, vnuma: { ...PLAIN_VNUMA, ...vnuma } });
}

/** Seven vCPUs: the second and the last three on a small node, the others on a large one. */
const LOPSIDED: VnumaSpec['nodes'] = [
  { vcpus: [0, 2, 3], memoryBytes: GiB(5) },
  { vcpus: [1, 4, 5, 6], memoryBytes: GiB(2) },
];
const ONES = (count: number): number[] => new Array<number>(count).fill(0);

describe('a guest believes', () => {
  test.each<[what: string, spec: GuestSpec, vcpuVnode: number[], distances: number[], vcpuCache: number[], dropped: string[]]>([
    ['nothing of nodes when it is told none', told(3, {}), ONES(3), [10], [0, 0, 0], []],
    ['equal parts of the simple form', told(5, {}, { vnodes: 2 }), [0, 0, 1, 1, 1], [10, 20, 20, 10], [0, 0, 2, 2, 2], []],
    ['a table', told(7, { nodes: LOPSIDED }), [0, 1, 0, 0, 1, 1, 1], [10, 20, 20, 10], [0, 1, 0, 0, 1, 1, 1], []],
    [
      'distances, even those that differ by direction',
      told(5, { distances: [[10, 31], [17, 10]] }, { vnodes: 2 }), // prettier-ignore
      [0, 0, 1, 1, 1],
      [10, 31, 17, 10],
      [0, 0, 2, 2, 2],
      [],
    ],
    [
      'no distances when a remote one is as a local one',
      told(5, { distances: [[10, 21], [10, 10]] }, { vnodes: 2 }), // prettier-ignore
      [0, 0, 1, 1, 1],
      [10, 20, 20, 10],
      [0, 0, 2, 2, 2],
      ['distances: want 10 from a node to itself and more to others'],
    ],
    [
      'no distances when a local one is not 10',
      told(5, { distances: [[11, 21], [21, 10]] }, { vnodes: 2, kind: 'xen-hvm' }), // prettier-ignore
      [0, 0, 1, 1, 1],
      [10, 20, 20, 10],
      [0, 0, 2, 2, 2],
      ['distances: want 10 from a node to itself and more to others'],
    ],
    [
      'as a PV kernel each distance by itself, but no local one other than 10',
      told(5, { distances: [[12, 9], [23, 10]] }, { vnodes: 2, kind: 'xen-pv' }), // prettier-ignore
      [0, 0, 1, 1, 1],
      [10, 9, 23, 10],
      [0, 1, 2, 3, 4],
      ['distances: want 10 from a node to itself and more to others'],
    ],
    [
      'no table that leaves out 1 MiB, and then no distances of it',
      told(7, { nodes: LOPSIDED, uncoveredBytes: MiB(1), distances: [[10, 21], [21, 10]] }), // prettier-ignore
      ONES(7),
      [10],
      ONES(7),
      ['nodes: they do not cover 1 MiB of memory'],
    ],
    ['a table that leaves out less', told(7, { nodes: LOPSIDED, uncoveredBytes: MiB(1) - 4096 }), [0, 1, 0, 0, 1, 1, 1], [10, 20, 20, 10], [0, 1, 0, 0, 1, 1, 1], []], // prettier-ignore
    ['none with numa=off', told(7, { nodes: LOPSIDED, isHeeded: false }), ONES(7), [10], ONES(7), ['nodes: numa=off']],
    ['sockets without nodes', told(6, { topology: { sockets: 3, cores: 2, threads: 1 } }), ONES(6), [10], [0, 0, 2, 2, 4, 4], []],
    [
      'sockets of its own with numa=off',
      told(6, { topology: { sockets: 2, cores: 1, threads: 3 }, isHeeded: false }, { vnodes: 3 }),
      ONES(6),
      [10],
      [0, 0, 0, 3, 3, 3],
      ['nodes: numa=off'],
    ],
    [
      'sockets that match its nodes',
      told(6, { topology: { sockets: 2, cores: 3, threads: 1 } }, { vnodes: 2 }),
      [0, 0, 0, 1, 1, 1],
      [10, 20, 20, 10],
      [0, 0, 0, 3, 3, 3],
      [],
    ],
    [
      'sockets finer than its nodes',
      told(8, { topology: { sockets: 4, cores: 1, threads: 2 } }, { vnodes: 2 }),
      [0, 0, 0, 0, 1, 1, 1, 1],
      [10, 20, 20, 10],
      [0, 0, 2, 2, 4, 4, 6, 6],
      [],
    ],
    [
      'its nodes, and no siblings of one socket on two of them',
      told(6, { topology: { sockets: 3, cores: 2, threads: 1 } }, { vnodes: 2 }),
      [0, 0, 0, 1, 1, 1],
      [10, 20, 20, 10],
      [0, 0, 2, 3, 4, 4],
      ['siblings: CPUs of one socket are on several nodes'],
    ],
    ['as a PV kernel no siblings at all', told(4, {}, { vnodes: 2, kind: 'xen-pv' }), [0, 0, 1, 1], [10, 20, 20, 10], [0, 1, 2, 3], []],
    ['as bare processes nothing virtual', told(4, {}, { vnodes: 2, kind: 'bare' }), ONES(4), [10], ONES(4), []],
  ])('%s', (_, spec, vcpuVnode, distances, vcpuCache, dropped) => {
    const belief = beliefOf(spec);
    expect([...belief.vcpuVnode]).toEqual(vcpuVnode);
    expect([...belief.distances]).toEqual(distances);
    expect([...belief.vcpuCache]).toEqual(vcpuCache);
    expect(belief.dropped).toEqual(dropped);
    expect(belief.vnodes).toBe(Math.max(...vcpuVnode) + 1);
    expect(cacheCount(belief.vcpuCache)).toBe(new Set(vcpuCache).size);
  });
});

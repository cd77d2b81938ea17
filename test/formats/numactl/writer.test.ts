import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { GuestDescription } from '../../../formats/guest-description.ts';
import { type HostNode, wholeNodes, writeNumactl } from '../../../formats/numactl/writer.ts';

const HOST: readonly HostNode[] = [
  { id: 0, cpus: [0, 1, 2] },
  { id: 33, cpus: [3, 7] },
  { id: 45, cpus: [] },
];

const guestWith = (change: Partial<GuestDescription>): GuestDescription => ({
  name: 'g',
  kind: 'kvm',
  vcpus: 2,
  memoryBytes: 2 ** 30,
  pins: [null, null],
  softPins: [null, null],
  cells: [],
  distances: null,
  topology: null,
  memory: null,
  isPreallocated: false,
  weight: null,
  capPercent: null,
  unsimulated: [],
  ignored: [],
  ...change,
});
const pinned = (...cpus: number[]): Partial<GuestDescription> => ({ pins: [{ cpus }, { cpus }] });

test.each<[change: Partial<GuestDescription>, command: string]>([
  [{}, 'PROGRAM  # nothing is held: no numactl needed'],
  [pinned(0, 1, 2), 'numactl --cpunodebind=0 PROGRAM'],
  [pinned(0, 1, 2, 3, 7), 'numactl --cpunodebind=0,33 PROGRAM'],
  [pinned(0, 2, 3), 'numactl --physcpubind=0,2-3 PROGRAM'],
  [{ pins: [{ nodes: [33] }, { nodes: [33] }] }, 'numactl --cpunodebind=33 PROGRAM'],
  [{ pins: [{ allBut: { cpus: [1] } }, { allBut: { cpus: [1] } }] }, 'numactl --physcpubind=0,2-3,7 PROGRAM'],
  [{ memory: { mode: 'strict', nodes: [0, 45] } }, 'numactl --membind=0,45 PROGRAM'],
  [{ memory: { mode: 'preferred', nodes: [33] } }, 'numactl --preferred=33 PROGRAM'],
  [{ memory: { mode: 'preferred', nodes: [0, 33] } }, 'numactl --preferred-many=0,33 PROGRAM'],
  [{ memory: { mode: 'interleave', nodes: [0, 33, 45] } }, 'numactl --interleave=0,33,45 PROGRAM'],
  [{ memory: { mode: 'default', nodes: [] } }, 'PROGRAM  # nothing is held: no numactl needed'],
  [{ ...pinned(3, 7), memory: { mode: 'strict', nodes: [33] } }, 'numactl --cpunodebind=33 --membind=33 PROGRAM'],
])('%j is `%s`', (change, command) => {
  expect(writeNumactl(guestWith(change), HOST)).toBe(`${command}\n`);
});

test('vCPUs that are held apart are held together by numactl, then each by taskset', () => {
  expect(writeNumactl(guestWith({ pins: [{ cpus: [3, 7] }, { cpus: [1] }] }), HOST).split('\n')).toEqual([
    'numactl --physcpubind=1,3,7 PROGRAM',
    '# once the threads of the vCPUs are there (QEMU tells them: query-cpus-fast):',
    'taskset --cpu-list --pid 3,7 "$VCPU0_TID"',
    'taskset --cpu-list --pid 1 "$VCPU1_TID"',
    '',
  ]);
  const one = writeNumactl(guestWith({ pins: [null, { cpus: [1] }] }), HOST).split('\n');
  expect(one[0]).toBe('PROGRAM  # nothing is held: no numactl needed'); // the other may go anywhere
  expect(one[2]).toBe('taskset --cpu-list --pid 1 "$VCPU1_TID"');
});

test('what numactl has no words for stands in comments', () => {
  const cell = { vcpus: [0, 1], memoryBytes: 2 ** 30, memory: { mode: 'strict', nodes: [0] }, isPreallocated: true } as const;
  const text = writeNumactl(
    guestWith({ softPins: [{ cpus: [0, 1] }, null], memory: { mode: 'restrictive', nodes: [0] }, cells: [cell] }),
    HOST,
  );
  expect(text.split('\n')).toEqual([
    '# not said below, as Linux has no soft affinity: vCPU 0 on CPUs 0-1',
    '# not said below: a cpuset with mems 0',
    '# not said below: memory of virtual nodes on nodes of their own',
    '# not said below: memory that is backed at the start',
    'PROGRAM  # nothing is held: no numactl needed',
    '',
  ]);
});

test('whole nodes are those with all their CPUs and no other CPU', () => {
  expect([wholeNodes([0, 1, 2], HOST), wholeNodes([3, 7], HOST), wholeNodes([0, 1, 2, 3], HOST)]).toEqual([[0], [33], null]);
});

test('numactl itself takes what is written for a machine of one node', ({ skip }) => {
  if (spawnSync('numactl', ['--show']).error) skip('numactl is not installed');
  const one: readonly HostNode[] = [{ id: 0, cpus: [0] }];
  for (const mode of ['strict', 'preferred', 'interleave'] as const) {
    const line = writeNumactl(guestWith({ pins: [{ cpus: [0] }, { cpus: [0] }], memory: { mode, nodes: [0] } }), one);
    const [program, ...args] = line.trim().replace('PROGRAM', 'true').split(' ');
    const { status, stderr } = spawnSync(program!, args, { encoding: 'utf8' });
    if (/not supported|Operation not permitted|No such file/.test(stderr)) skip(`numactl cannot bind here: ${stderr.trim()}`);
    expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
  }
});

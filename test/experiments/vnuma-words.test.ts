import { describe, expect, test } from 'vitest';
import { InputError } from '../../experiments/input-error.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { PLAIN_VNUMA } from '../../sim/vnuma.ts';
import { registries } from './scenario-fixtures.ts';

const fromFlags = (flags: Record<string, string>): Scenario => readScenario({ flags }, registries);
const fromFile = (text: string): Scenario => readScenario({ flags: {}, file: { name: 's.yaml', text } }, registries);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

const MiB = 1024 * 1024;

describe('words of virtual nodes', () => {
  test('left out, leave a guest with one, of which it is told nothing', () => {
    expect(fromFlags({}).guests[0]).toMatchObject({ vnodes: 1, vnuma: PLAIN_VNUMA });
    expect(fromFlags({ vcpus: '3', vnodes: '3' }).guests[0]).toMatchObject({ vnodes: 3, vnuma: PLAIN_VNUMA });
  });

  test('say everything there is to say', () => {
    const { guests } = fromFlags({
      vcpus: '6',
      memory: '4608MiB',
      vnuma: '0-2,5:3GiB/3,4:1GiB/none:512MiB',
      vdistances: '10,21/17,10',
      vtopology: 'cores=3, sockets=2',
      'vnuma-guest': 'off',
      'vnuma-host': 'moved:1.5s',
    });
    expect([guests[0]!.vnodes, guests[0]!.vnuma]).toEqual([
      2,
      {
        nodes: [
          { vcpus: [0, 1, 2, 5], memoryBytes: 3072 * MiB },
          { vcpus: [3, 4], memoryBytes: 1024 * MiB },
        ],
        uncoveredBytes: 512 * MiB,
        distances: [[10, 21], [17, 10]], // prettier-ignore
        topology: { sockets: 2, cores: 3, threads: 1 },
        isHeeded: false,
        hosting: 'moved',
        movesNs: 1_500_000_000,
      },
    ]);
  });

  test('mean one distance for every pair when they say one', () => {
    const { guests } = fromFlags({ vcpus: '3', vnodes: '3', vdistances: '31' });
    expect(guests[0]!.vnuma!.distances).toEqual([
      [10, 31, 31],
      [31, 10, 31],
      [31, 31, 10],
    ]);
  });

  test('of a guest of the list come before those of all; its number before their table', () => {
    const { guests } = fromFile(`
vcpus: 4
memory: 1GiB
vnuma: 0:256MiB/1-3:768MiB
vdistances: 25
vtopology: sockets=2,cores=2
vnuma-host: keep
guests:
  - {}
  - { vnuma: equal, vdistances: none, vtopology: none, vnuma-host: break }
  - { vnodes: 3, vnuma-guest: off, vdistances: 40, vcpus: 8, vtopology: "sockets=4,threads=2" }
  - { vnuma: "0-3:512MiB/4,5:512MiB", vcpus: 6, vtopology: none, vnuma-host: "moved:0" }
`);
    expect(guests.map(({ vnodes, vnuma }) => [vnodes, vnuma!.nodes?.length ?? 0, vnuma!.distances?.[0], vnuma!.topology?.sockets, vnuma!.hosting])).toEqual([
      [2, 2, [10, 25], 2, 'keep'],
      [1, 0, undefined, undefined, 'break'],
      [3, 0, [10, 40, 40], 4, 'keep'],
      [2, 2, [10, 25], undefined, 'moved'],
    ]); // prettier-ignore
    expect(guests.map(({ vnuma }) => vnuma!.isHeeded)).toEqual([true, true, false, true]);
  });
});

const TABLE =
  'want equal, or vCPUs:memory of each virtual node such as 0-3:3GiB/4,5:1GiB, -:2GiB for one without vCPUs, and none:512MiB for what no node has';
const DISTANCES = 'want none, a distance from 1 to 255 for all pairs such as 21, or rows such as 10,21/21,10';
const TOPOLOGY = 'want none, or a topology such as sockets=2,cores=6,threads=1';
const TWO = { vcpus: '4', memory: '1GiB', vnodes: '2' };

describe('a wrong word of virtual nodes is refused', () => {
  test.each<[Record<string, string>, string]>([
    [{ vnuma: '' }, `--vnuma = nothing, ${TABLE}`],
    [{ vnuma: '0-3' }, `--vnuma = 0-3, ${TABLE}`],
    [{ vnuma: '3-1:1GiB' }, `--vnuma = 3-1:1GiB, ${TABLE}`],
    [{ vnuma: '0:1GiB:2' }, `--vnuma = 0:1GiB:2, ${TABLE}`],
    [{ vnuma: '0:0' }, `--vnuma = 0:0, ${TABLE}`],
    [{ vnuma: 'none:1GiB' }, `--vnuma = none:1GiB, ${TABLE}`],
    [{ vnuma: 'none:1MiB/0:1GiB' }, `--vnuma = none:1MiB/0:1GiB, ${TABLE}`],
    [{ ...TWO, vnuma: '0:256MiB/1-3:256MiB/0:512MiB' }, '--vnuma of 3 virtual nodes beside vnodes = 2, want one of the two'],
    [{ vcpus: '4', vnuma: '0,1:512MiB/1-3:512MiB' }, '--vnuma: vm1 has vCPU 1 on 2 virtual nodes, want it on one'],
    [{ vcpus: '4', vnuma: '0:512MiB/2,3:512MiB' }, '--vnuma: vm1 has vCPU 1 on no virtual node, want it on one'],
    [{ vcpus: '4', vnuma: '0:512MiB/1-4:512MiB' }, '--vnuma: vm1 has no vCPU 4, want 0 to 3'],
    [{ vcpus: '2', vnuma: '0:512MiB/1:256MiB' }, '--vnuma: vm1 has 1GiB, want its virtual nodes to have as much, not 768MiB'],
    [{ vcpus: '2', vnuma: '0:1023MiB/1:1MiB' }, '--vnuma: vm1 has a virtual node of 1023MiB, want a multiple of the block (2MiB)'],
    [{ vcpus: '2', kind: 'bare', vnuma: '0:512MiB/1:512MiB' }, '--vnuma: vm1 is bare processes, want no virtual nodes of them'],
    [{ vdistances: '0' }, `--vdistances = 0, ${DISTANCES}`],
    [{ vdistances: '256' }, `--vdistances = 256, ${DISTANCES}`],
    [{ vdistances: '10,20/20' }, `--vdistances = 10,20/20, ${DISTANCES}`],
    [{ vdistances: '10,20' }, `--vdistances = 10,20, ${DISTANCES}`],
    [{ vdistances: '10,1.5/20,10' }, `--vdistances = 10,1.5/20,10, ${DISTANCES}`],
    [{ ...TWO, vdistances: '10,20,20/20,10,20/20,20,10' }, '--vdistances: vm1 has distances of 3 virtual nodes, want those of 2'],
    [{ vtopology: '2x6' }, `--vtopology = 2x6, ${TOPOLOGY}`],
    [{ vtopology: 'sokets=2' }, `--vtopology = sokets=2, ${TOPOLOGY}; did you mean sockets?`],
    [{ vtopology: 'sockets=0' }, `--vtopology = sockets=0, ${TOPOLOGY}`],
    [{ vtopology: 'cores=2,cores=2' }, `--vtopology = cores=2,cores=2, ${TOPOLOGY}`],
    [{ vtopology: 'cores=2=2' }, `--vtopology = cores=2=2, ${TOPOLOGY}`],
    [
      { vcpus: '12', vtopology: 'sockets=3,cores=2,threads=3' },
      '--vtopology: vm1 has 12 vCPUs, want sockets * cores * threads to be as many, not 18',
    ],
    [{ kind: 'xen-pv', vtopology: 'cores=1' }, '--vtopology: vm1 is of kind xen-pv, want none: its kernel cannot be told one'],
    [{ kind: 'bare', vtopology: 'cores=1' }, '--vtopology: vm1 is bare processes, want none: they see the host'],
    [{ 'vnuma-guest': 'yes' }, '--vnuma-guest = yes, want one of on, off'],
    [{ 'vnuma-host': 'kept' }, '--vnuma-host = kept, want break, keep, or moved:2s'],
    [{ 'vnuma-host': 'moved' }, '--vnuma-host = moved, want break, keep, or moved:2s'],
    [{ 'vnuma-host': 'moved:25h' }, '--vnuma-host = moved:25h, want break, keep, or moved:2s'],
    [
      { vcpus: '2', 'vnuma-host': 'keep' },
      '--vnuma-host: vm1 has 1 virtual nodes, want from 2 to 3, one for each node of lopsided with CPUs',
    ],
    [
      { vcpus: '4', vnodes: '4', 'vnuma-host': 'moved:1s' },
      '--vnuma-host: vm1 has 4 virtual nodes, want from 2 to 3, one for each node of lopsided with CPUs',
    ],
    [
      { ...TWO, mapping: '1GiB', 'vnuma-host': 'keep' },
      '--mapping = 1GiB, want the virtual nodes of vm1 to be multiples of it, as each has a host node of its own',
    ],
    [
      { vcpus: '2', mapping: '512MiB', vnuma: '0:512MiB/1:256MiB/none:256MiB', 'vnuma-host': 'moved:1s' },
      '--mapping = 512MiB, want the virtual nodes of vm1 to be multiples of it, as each has a host node of its own',
    ],
  ])('%j', (flags, message) => {
    expect(refusal(() => fromFlags(flags))).toBe(message);
  });

  test('of one guest of a list, by its place', () => {
    const text = 'vcpus: 2\nguests:\n  - {}\n  - { vnodes: 3, vnuma: "0:512MiB/1:512MiB" }';
    expect(refusal(() => fromFile(text))).toBe('s.yaml:4:25: guests[1].vnuma of 2 virtual nodes beside vnodes = 3, want one of the two');
    expect(refusal(() => fromFile('guests: [{ vcpus: 4, vnodes: 2, vnuma-host: keep, cpus: 0-2 }]'))).toBe(
      's.yaml:1:9: guests: vm1 may use some CPUs only (cpus), want either those or a host node for each virtual one',
    );
    expect(refusal(() => fromFile('guests: [{ kind: xen-pv, vtopology: cores=1 }]'))).toBe(
      's.yaml:1:9: guests: vm1 is of kind xen-pv, want none: its kernel cannot be told one',
    );
  });
});

import type { GuestRecord } from '../sim/recording.ts';
import type { Cell, Chart, Size } from './chart.ts';
import { schedulers } from './schedulers.ts';

/**
 * The charts of A. Przywara, "Virtualizing NUMA" (2010), whose data are lost, made again; then siblings in which the favourite
 * should lose. Every cell is the words of one `numalab run`.
 */

const rd = (size: Size): string => (size === 'full' ? 'lmbench-rd' : 'lmbench-rd:size=64MiB');
const rdDuration = (size: Size): string => (size === 'full' ? '5s' : '800ms');
const instances = (size: Size): number[] => (size === 'full' ? [1, 2, 4, 6, 8, 12, 16, 24, 32, 40, 48] : [1, 6, 12, 24, 48]);
const xenGuests = (size: Size): number[] => (size === 'full' ? [1, 3, 7, 11, 15, 19, 23] : [1, 7, 15, 23]);

const gbPerSecond = (guest: GuestRecord): number => guest.throughput.value;
const latencyNs = (guest: GuestRecord): number => guest.figures.latencyNs ?? Number.NaN;
const elapsedS = (guest: GuestRecord): number => guest.elapsedNs / 1e9;

const bandwidth = { yLabel: 'GB/s a guest', unit: 'GB/s', isHigherBetter: true, xIsBytes: false, isLog: false, value: gbPerSecond };
const latency = {
  xLabel: 'working set',
  yLabel: 'ns a load',
  unit: 'ns',
  isHigherBetter: false,
  xIsBytes: true,
  isLog: true,
  value: latencyNs,
};
const build = { yLabel: 'elapsed s', unit: 's', isHigherBetter: false, xIsBytes: false, isLog: false, value: elapsedS };

function rdOnKvm(policy: string, question: string): Chart {
  return {
    ...bandwidth,
    name: `lmbench-rd-${policy}`,
    title: `lmbench rd, KVM ${policy.slice(4)}: bandwidth of each of n guests`,
    question,
    xLabel: 'guests of 1 vCPU and 1 GiB',
    cells: (size) =>
      instances(size).map((count): Cell => ({
        series: policy,
        x: count,
        words: { policy, workload: rd(size), guests: String(count), duration: rdDuration(size) },
      })),
  };
}

function latOnKvm(policy: string, question: string): Chart {
  return {
    ...latency,
    name: `lmbench-lat-${policy}`,
    title: `lmbench lat, KVM ${policy.slice(4)}: latency by working set`,
    question,
    cells: (size) => {
      const sizes =
        size === 'full'
          ? ['16KiB', '32KiB', '64KiB', '128KiB', '256KiB', '512KiB', '1MiB', '2MiB', '4MiB', '8MiB', '16MiB', '64MiB', '256MiB']
          : ['32KiB', '256KiB', '2MiB', '8MiB', '64MiB'];
      const duration = size === 'full' ? '3s' : '600ms';
      return (size === 'full' ? [1, 12, 24, 48] : [1, 12, 48]).flatMap((count) =>
        sizes.map((workingSet): Cell => ({
          series: `${count} guest${count === 1 ? '' : 's'}`,
          x: bytesOf(workingSet),
          words: { policy, workload: `lmbench-lat:size=${workingSet}`, guests: String(count), duration },
        })),
      );
    },
  };
}

function rdOnXen(policy: string, question: string): Chart {
  return {
    ...bandwidth,
    name: `lmbench-rd-${policy.replace('-numa', '')}`,
    title: `lmbench rd, Xen ${policy.slice(4).replace('-', '=')}: bandwidth of each of n guests`,
    question,
    xLabel: 'guests of 1 vCPU and 1 GiB',
    cells: (size) =>
      xenGuests(size).map((count): Cell => ({
        series: policy,
        x: count,
        words: { policy, workload: rd(size), guests: String(count), duration: rdDuration(size), kind: 'xen-hvm' },
      })),
  };
}

function kernbenchOnXen(vcpus: number): Chart {
  return {
    ...build,
    name: `kernbench-xen-${vcpus}vcpu`,
    title: `kernbench, Xen, ${vcpus} vCPU${vcpus === 1 ? '' : 's'} a guest: numa=off and numa=on`,
    question: `How much does numa=on gain a kernel compile (make -j${vcpus})?`,
    xLabel: `guests of ${vcpus} vCPU${vcpus === 1 ? '' : 's'} and 2 GiB`,
    cells: (size) =>
      ['xen-numa-off', 'xen-numa-on'].flatMap((policy) =>
        xenGuests(size).map((count) => kernbenchCell(policy, policy, count, count, vcpus, '2GiB', size)),
      ),
  };
}

function kernbenchCell(series: string, policy: string, x: number, guests: number, vcpus: number, memory: string, size: Size): Cell {
  const kind = policy.startsWith('xen') ? { kind: 'xen-hvm' } : {};
  const workload = `kernbench:jobs=${size === 'full' ? 1000 : 60}`;
  return { series, x, words: { policy, workload, guests: String(guests), vcpus: String(vcpus), memory, ...kind } };
}

function bytesOf(text: string): number {
  const [, count, unit] = /^(\d+)(KiB|MiB)$/.exec(text)!;
  return Number(count) * (unit === 'KiB' ? 1024 : 1024 ** 2);
}

/** The deck's ten charts, in its order. */
export const deck: readonly Chart[] = [
  rdOnKvm('kvm-unpinned', 'What do guests get that wander, with memory where their boot happened to touch it?'),
  rdOnKvm('kvm-numactl', 'What do the same guests get, each held on one node with its memory?'),
  latOnKvm('kvm-unpinned', 'How far is memory from guests that wander?'),
  latOnKvm('kvm-numactl', 'How far is it from guests held on one node?'),
  rdOnXen('xen-numa-off', 'What do guests get from a hypervisor that does not know of nodes?'),
  rdOnXen('xen-numa-on', 'What do they get when it places each on one node?'),
  kernbenchOnXen(1),
  kernbenchOnXen(2),
  {
    ...build,
    name: 'kernbench-kvm-7-guests',
    title: 'kernbench, KVM, 7 guests: unpinned and numactl',
    question: 'Does holding seven compiling guests on a node each help?',
    xLabel: 'vCPUs a guest (make -j as many), 2 GiB',
    cells: (size) =>
      ['kvm-unpinned', 'kvm-numactl'].flatMap((policy) =>
        [1, 2, 4, 6].map((vcpus) => kernbenchCell(policy, policy, vcpus, 7, vcpus, '2GiB', size)),
      ),
  },
  {
    ...build,
    name: 'kernbench-xen',
    title: 'kernbench, Xen: 1 and 2 vCPUs, 1 to 4 GiB, 1 to 23 guests',
    question: 'Does the gain depend on the guest’s memory and number?',
    xLabel: 'guests',
    cells: (size) =>
      [1, 2].flatMap((vcpus) =>
        (size === 'full' ? [1, 2, 3, 4] : [1, 4]).flatMap((memory) =>
          ['xen-numa-off', 'xen-numa-on'].flatMap((policy) =>
            (size === 'full' ? [1, 7, 15, 23] : [1, 23]).map((count) =>
              kernbenchCell(`${policy.slice(9)} ${vcpus}v ${memory}G`, policy, count, count, vcpus, `${memory}GiB`, size),
            ),
          ),
        ),
      ),
  },
];

/** Where the favourite should lose, or gain nothing. */
export const siblings: readonly Chart[] = [
  {
    ...bandwidth,
    name: 'packed-streams',
    title: 'One guest of n streaming vCPUs: packed on a node or spread',
    question: 'When is holding a guest on one node a mistake? When it wants more bandwidth than a node has.',
    xLabel: 'vCPUs of the one guest, each streaming its own 64 MiB',
    cells: (size) =>
      ['kvm-unpinned', 'kvm-numactl'].flatMap((policy) =>
        [1, 2, 4, 6].map((vcpus): Cell => ({
          series: policy,
          x: vcpus,
          words: { policy, workload: 'lmbench-rd:size=64MiB', vcpus: String(vcpus), boot: '0', duration: rdDuration(size) },
        })),
      ),
  },
  {
    ...bandwidth,
    name: 'compute-bound',
    title: 'Guests that only compute: unpinned and numactl',
    question: 'Does placement help work that does not touch memory?',
    xLabel: 'guests of 1 vCPU and 1 GiB',
    yLabel: 'Ginstr/s a guest',
    unit: 'Ginstr/s',
    cells: (size) =>
      ['kvm-unpinned', 'kvm-numactl'].flatMap((policy) =>
        instances(size).map((count): Cell => ({
          series: policy,
          x: count,
          words: { policy, workload: 'compute', guests: String(count), duration: rdDuration(size) },
        })),
      ),
  },
];

export const charts: readonly Chart[] = [...deck, ...siblings, ...schedulers];

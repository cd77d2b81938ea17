import { hopClasses } from '../../../sim/route.ts';
import { lpd48core } from '../../../machines/lpd48core.ts';
import type { RunWords, ValidationItem } from '../item.ts';

/**
 * The measured twin of the deck's machine: latency and bandwidth by distance, means over all its node pairs of a kind. Its machine
 * file is fitted from the same tables, so these show that fit, solver and engine agree, pair by pair; they predict nothing.
 */
const twin = {
  machine: 'lpd48core: 4-socket 8-die 48-core Opteron (EPFL; model 6172 2.1 GHz assumed)',
  class: 'A',
  source: 'LPD-EPFL/mctop@a8f88ca desc/lpd48core.mct',
  fitted: 'nothing for this item: the machine file reads these tables, one parameter set for all of its items',
  readBack: true,
} as const;
const NODES = 8;
const classes = hopClasses(lpd48core);

type Hop = 'local' | 'inPackage' | 'oneHop' | 'twoHop';
const HOPS: readonly Hop[] = ['local', 'inPackage', 'oneHop', 'twoHop'];

const quiet: RunWords = { machine: 'opteron-6172-4s', boot: '0', 'host-noise': '0', kind: 'bare', duration: '1500ms' };

const once = { seeds: 1, words: quiet };

/** The words, once for every pair of nodes so far apart: threads on one node, their memory on the other. */
function atEvery(hop: Hop, words: RunWords): RunWords[] {
  const runs: RunWords[] = [];
  classes.forEach((kind, pair) => {
    if (HOPS[kind] !== hop) return;
    runs.push({ ...words, policy: `numactl:cpunodebind=${Math.floor(pair / NODES)},preferred=${pair % NODES}` });
  });
  return runs;
}

const chase: RunWords = { workload: 'lmbench-lat:size=512MiB' };
const read: RunWords = { workload: 'lmbench-rd:size=64MiB' };
const write: RunWords = { workload: 'lmbench-wr:size=64MiB' };
const sixOf = (words: RunWords): RunWords => ({ ...words, guests: '6' });

export const twinItems: readonly ValidationItem[] = [
  {
    ...twin,
    id: 'P01',
    workload: 'pointer chase, random list, idle machine',
    metric: 'DRAM latency ratio in-package/local and cross-package 1-hop/local',
    value: [1.752, 1.853],
    labels: ['in package', '1 hop'],
    accept: '±5% each',
    raw: { cycles: { local: 140.9, in_package: 246.9, cross_1hop: 261.1 } },
    scenario: {
      ...once,
      runs: { local: atEvery('local', chase), inPackage: atEvery('inPackage', chase), oneHop: atEvery('oneHop', chase) },
      values: ['inPackage.latencyNs / local.latencyNs', 'oneHop.latencyNs / local.latencyNs'],
    },
  },
  {
    ...twin,
    id: 'P02',
    workload: '6 threads of one die stream-read one node',
    metric: 'read BW in-package/local and cross 1-hop/local',
    value: [0.477, 0.266],
    labels: ['in package', '1 hop'],
    accept: '±10%',
    raw: { GBs: { local: 11.08, in_package: 5.29, cross_1hop: 2.94 } },
    note: 'one-hop links spread 2.65-4.23: link 1<->5 is the outlier',
    scenario: {
      ...once,
      runs: { local: atEvery('local', sixOf(read)), inPackage: atEvery('inPackage', sixOf(read)), oneHop: atEvery('oneHop', sixOf(read)) },
      values: ['inPackage.throughput / local.throughput', 'oneHop.throughput / local.throughput'],
    },
  },
  {
    ...twin,
    id: 'P03',
    workload: '1 thread stream-reads one node',
    metric: 'read BW in-package/local, 1-hop/local',
    value: [0.568, 0.497],
    labels: ['in package', '1 hop'],
    accept: '±8%',
    raw: { GBs: { local: 3.66, in_package: 2.08, cross_1hop: 1.82 } },
    scenario: {
      ...once,
      runs: { local: atEvery('local', read), inPackage: atEvery('inPackage', read), oneHop: atEvery('oneHop', read) },
      values: ['inPackage.throughput / local.throughput', 'oneHop.throughput / local.throughput'],
    },
  },
  {
    ...twin,
    id: 'P04',
    workload: 'stream read, threads of one die on local node',
    metric: 'speed-up of node BW, 6 threads vs 1',
    value: 3.02,
    accept: '±10%',
    scenario: {
      ...once,
      runs: { one: atEvery('local', read), six: atEvery('local', sixOf(read)) },
      values: 'six.throughput / one.throughput',
    },
  },
];

export const twinLoadItems: readonly ValidationItem[] = [
  {
    ...twin,
    id: 'twin-absolute',
    workload: 'pointer chase, random list, idle machine; 1 and 6 threads of a die stream-read their own node',
    metric: 'DRAM latency in cycles: local, in package, 1 hop, 2 hops; read GB/s of 1 and of 6 threads, local',
    value: [140.9, 246.9, 261.1, 341.7, 3.66, 11.08],
    labels: ['local', 'in package', '1 hop', '2 hops', '1 thread', '6 threads'],
    accept: '±5%',
    note: 'the figures behind P01 to P04 as they are, so that nothing cancels; cycles of the assumed 2.1 GHz',
    scenario: {
      ...once,
      runs: {
        local: atEvery('local', chase),
        inPackage: atEvery('inPackage', chase),
        oneHop: atEvery('oneHop', chase),
        twoHop: atEvery('twoHop', chase),
        one: atEvery('local', read),
        six: atEvery('local', sixOf(read)),
      },
      values: [
        'local.latencyNs * 2.1',
        'inPackage.latencyNs * 2.1',
        'oneHop.latencyNs * 2.1',
        'twoHop.latencyNs * 2.1',
        'one.throughput',
        'six.throughput',
      ],
    },
  },
  {
    ...twin,
    id: 'P18',
    workload: 'pages interleaved uniformly over 8 nodes, 1 thread (Xen numa=off case), idle machine',
    metric: 'DRAM latency / local; 1-thread read BW / local',
    value: [1.949, 0.474],
    labels: ['latency', 'bandwidth'],
    accept: '±5%',
    derived: true,
    raw: { cycles: 274.5 },
    note: 'derived: arithmetic mean of the latency row, harmonic mean of the 1-thread bandwidth row',
    scenario: {
      ...once,
      runs: {
        localChase: atEvery('local', chase),
        chase: interleaved(chase),
        localRead: atEvery('local', read),
        read: interleaved(read),
      },
      values: ['chase.latencyNs / localChase.latencyNs', 'read.throughput / localRead.throughput'],
    },
  },
  {
    ...twin,
    id: 'P19',
    workload: '6 threads of one die stream-read / stream-write one node',
    metric: 'read 2-hop/local; write in-package, 1-hop, 2-hop/local',
    value: [0.214, 0.751, 0.363, 0.258],
    labels: ['read 2 hops', 'write in package', 'write 1 hop', 'write 2 hops'],
    accept: '±15%',
    raw: { GBs_read: 2.365, GBs_write: [6.372, 4.785, 2.31, 1.647] },
    scenario: {
      ...once,
      runs: {
        localRead: atEvery('local', sixOf(read)),
        twoHopRead: atEvery('twoHop', sixOf(read)),
        localWrite: atEvery('local', sixOf(write)),
        inPackageWrite: atEvery('inPackage', sixOf(write)),
        oneHopWrite: atEvery('oneHop', sixOf(write)),
        twoHopWrite: atEvery('twoHop', sixOf(write)),
      },
      values: [
        'twoHopRead.throughput / localRead.throughput',
        'inPackageWrite.throughput / localWrite.throughput',
        'oneHopWrite.throughput / localWrite.throughput',
        'twoHopWrite.throughput / localWrite.throughput',
      ],
    },
  },
  {
    ...twin,
    id: 'P20',
    workload: '1 thread stream-reads 2 hops away; 6 threads vs 1 on a 2-hop node',
    metric: 'BW 2-hop/local (1 thread); speed-up 6 vs 1',
    value: [0.371, 1.74],
    labels: ['1 thread', '6 over 1'],
    accept: '±12%',
    scenario: {
      ...once,
      runs: { local: atEvery('local', read), one: atEvery('twoHop', read), six: atEvery('twoHop', sixOf(read)) },
      values: ['one.throughput / local.throughput', 'six.throughput / one.throughput'],
    },
  },
  {
    ...twin,
    id: 'P21',
    workload: 'loaded remote latency by Littles law, 6 threads on a 2-hop node',
    metric: 'loaded latency in cycles (idle 342)',
    value: 1176,
    accept: '±20%',
    derived: true,
    note:
      'derived: 6*3.45 lines*64 B/2.365 GB/s*2.1 GHz; agrees with Dashti ASPLOS13 300->1200 cycles as quoted on roclocality.org. ' +
      'Simulated is what a pointer chase meets beside five streams of its node',
    scenario: {
      ...once,
      words: {
        ...quiet,
        guests: [
          { count: 5, name: 'stream', ...read },
          { name: 'chase', ...chase },
        ],
      },
      runs: { loaded: atEvery('twoHop', {}) },
      values: 'loaded.latencyNs * 2.1',
    },
  },
];

/** The words, once for each node that the thread may sit on, its memory over all of them. */
function interleaved(words: RunWords): RunWords[] {
  return Array.from({ length: NODES }, (_, node) => ({ ...words, policy: `numactl:cpunodebind=${node},memory=interleave` }));
}

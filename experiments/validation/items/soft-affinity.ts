import type { RunWords, ValidationItem } from '../item.ts';
import { HYSER, loads, probe } from './migrations.ts';

/** Loads at random, half of them stores, with so many cycles of the CPU each that a remote one costs what it was measured to cost. */
const LOADS = 'hot-set:heat=uniform,writes=0.5,size=1GiB,cycles=200';
const FITTED = '200 cycles of the CPU for each load besides its memory (address translation among them), on the first value of P11';
const NODE_CPUS = ['0-51', '52-103'] as const;

const words: RunWords = {
  machine: 'xeon-8167m-2s',
  boot: '0',
  start: 'staggered:96us',
  contention: 'max-min',
};
/** The probe, on CPUs of one node or free. */
const probeOn = (cpus?: string): RunWords => ({ guests: [...loads, { ...probe, workload: LOADS, ...(cpus && { cpus }) }] });

/** The probe held on the CPUs of a node, its memory on one. */
const held = (node: 0 | 1, memoryNode: 0 | 1): RunWords => ({
  policy: `numactl:cpunodebind=all,memory=preferred,preferred=${memoryNode}`,
  ...probeOn(NODE_CPUS[node]),
});

/** The deck's own claim, measured: do not pin, but avoid node migration. */
export const softAffinityItems: readonly ValidationItem[] = [
  {
    ...HYSER,
    id: 'P11',
    metric: 'time remote-pinned / local-pinned, NUMA balancing off ([01]/[00], [03]/[04])',
    value: [1.236, 1.209],
    labels: ['node 0', 'node 1'],
    accept: '±8%',
    class: 'B',
    fitted: FITTED,
    fittedValues: [0],
    note:
      'without these cycles a chase of pointers takes 1.6 times as long, which no program does that also computes addresses. The two nodes ' +
      'of the machine here are alike, so the second value shows no more than that; the scheduler is CFS, where the published kernel had EEVDF',
    scenario: {
      seeds: 3,
      words: { ...words, duration: '2s' },
      runs: { local0: held(0, 0), remote0: held(0, 1), local1: held(1, 1), remote1: held(1, 0) },
      values: ['remote0.loadNs / local0.loadNs', 'remote1.loadNs / local1.loadNs'],
    },
  },
  {
    ...HYSER,
    id: 'P12',
    metric: 'soft affinity to the memory node, CPU free (PNID 0, Mem 0, CPU F, NB 1 [20]) / hard pinning (PNID -1, NB 1 [09])',
    value: 0.952,
    accept: '< 1.0 and > 0.88',
    class: 'B',
    raw: [129.2, 135.68],
    fitted: `nothing beyond P11: ${FITTED}`,
    note:
      'the claim of the deck: do not pin, but avoid node migration. NUMA balancing without such an order was tried first: 1.18 in runs of 4 s, as it ' +
      'then moves the memory too, which in the published run was bound',
    miss:
      'soft affinity costs nothing here, but gains nothing either: once the node is preferred the thread hardly ever leaves it, so it waits ' +
      'as long for a CPU as one that is held there. What gain there is hangs on how long the loads run and sleep, which was not published. ' +
      'apart (beside), whose homes are soft in that a thread leaves when its wait would cost more, gains with longer loads and loses with these',
    scenario: {
      seeds: 3,
      words: { ...words, policy: 'autonuma:home=0', duration: '3s' },
      runs: { soft: probeOn(), hard: probeOn(NODE_CPUS[0]) },
      values: 'soft.loadNs / hard.loadNs',
      beside: {
        'loads of 24 in 40 ms': { replace: 'burst=6ms', with: 'burst=24ms' },
        'under apart': { replace: 'autonuma:home=0', with: 'apart' },
      },
    },
  },
];

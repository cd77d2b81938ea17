import type { RunWords, ValidationItem } from '../item.ts';

/**
 * Metis, a map-reduce library, on the measured twin: threads packed on as few nodes as hold them against threads spread over all.
 * All programs but `mean` and `matrix_mult` have one assumed shape (half of the map's accesses to own tables, a fifth of all
 * instructions reducing, half of the table's lines written, each thread with memory of its own); what is fitted of each is how
 * often it goes to memory, on the first published point. Ties are drawn: with ties by id all threads go in step to the end, packed
 * ones of a node all read from the same other node at a time, and a figure comes out that the least disturbance changes.
 */
const metis = {
  machine: 'lpd48core: 4-socket 8-die 48-core Opteron (EPFL; model 6172 2.1 GHz assumed)',
  class: 'B',
  source: 'LPD-EPFL/mctop@a8f88ca results/metis/lpd48core.txt',
} as const;
const CURVE = 'LPD-EPFL/mctop@2c08f963 results/metis/lpd48core.txt, SEQUENTIAL over BW_ROUND_ROBIN_CORES, read for this project';

const words: RunWords = {
  machine: 'opteron-6172-4s',
  kind: 'bare',
  memory: '7GiB',
  boot: '0',
  'host-noise': '0',
  ties: 'seeded',
  limit: '60min',
};

/** The program with so many threads, packed and spread: runs named p6, s6, p12, ... */
function packedAndSpread(threads: readonly number[], program: string, last = 0): Record<string, RunWords> {
  const loader = program.includes('input=apart') ? 1 : 0;
  const pin = (order: string): string => `pin:order=${order}${last > 0 ? `,last=${last}` : ''}`;
  return Object.fromEntries(
    threads.flatMap((count) => [
      [`p${count}`, { policy: pin('pack'), vcpus: String(count + loader), workload: program }],
      [`s${count}`, { policy: pin('spread'), vcpus: String(count + loader), workload: program }],
    ]),
  );
}

const IN_STEP = { replace: 'seeded', with: 'id' } as const;
const MISS =
  'what holds packed threads back on most nodes is not known: on 7 of 8 nodes they took half as long again, which capacity does not explain. ' +
  'Threads that go in step to the end (beside) would give every published point of wc and wrmem within 10 %, as in each node all of them ' +
  'then read from the same other node; but the least disturbance undoes that here, so it is an observation and no prediction';

const ratios = (threads: readonly number[]): string[] => threads.map((count) => `p${count}.mapReduceNs / s${count}.mapReduceNs`);

const SHAPE = 'input=each,size=512MiB,passes=2,output=0.5,reduce=0.2,write=0.5';
const MEAN = 'metis-like:input=apart,size=1GiB,passes=2,output=0,reduce=0,accesses=50';
const MEAN_INPUT_NODE = 5;
const WC = `metis-like:${SHAPE},accesses=44`;
const WRMEM = `metis-like:${SHAPE},accesses=30`;
const MATRIX = 'metis-like:input=each,size=64MiB,passes=2,output=0,reduce=0,accesses=0.2';

export const metisItems: readonly ValidationItem[] = [
  {
    ...metis,
    id: 'P05',
    workload: 'Metis mean -N10240000000 (streaming reduction)',
    metric: 'time SEQUENTIAL(pack)/BW_ROUND_ROBIN(spread) at 6 threads',
    value: 2.858,
    accept: '±25% and > 2',
    raw: [28709, 10044],
    fitted:
      'the node of the input (5 from the first thread, so that packed threads are not beside it) and 50 accesses per 1000 instructions',
    fittedValues: [0],
    note: 'page placement of the input is not stated: fitted on this point only; metis-mean-curve predicts the other thread counts from it',
    scenario: { seeds: 5, words, runs: packedAndSpread([6], MEAN, MEAN_INPUT_NODE), values: ratios([6]) },
  },
  {
    ...metis,
    id: 'P06',
    workload: 'Metis mean -N10240000000 (streaming reduction)',
    metric: 'time NONE(unpinned Linux)/spread at 6 threads',
    value: 1.071,
    accept: 'within 1.0-1.15',
    raw: [10761, 10044],
    fitted: 'nothing beyond P05',
    note: 'the kernel is not named: CFS of Linux 6.1; the one of 2010 and EEVDF place these threads alike. The loader is one more thread, which takes a node for itself',
    miss:
      'the node of the input is fitted such that one of the spread threads is beside it; unpinned ones share their node with nobody, the ' +
      'loader included, so none of them is here. Were the input loaded by one of the threads (beside), there would hardly be a difference; what ' +
      'was published lies between the two',
    scenario: {
      seeds: 3,
      words,
      runs: {
        u6: { policy: 'kvm-cfs', vcpus: '7', workload: MEAN },
        s6: { policy: `pin:order=spread,last=${MEAN_INPUT_NODE}`, vcpus: '7', workload: MEAN },
      },
      values: 'u6.mapReduceNs / s6.mapReduceNs',
      beside: { 'were the input loaded by a thread that maps': { replace: 'input=apart', with: 'input=main' } },
    },
  },
  {
    ...metis,
    id: 'P07',
    workload: 'Metis matrix_mult -l6000 (compute bound control)',
    metric: 'speed-up 6->48 threads, SEQUENTIAL; and max spread between the policies at 6 threads',
    value: [7.57, 1.009],
    labels: ['6 to 48 threads', 'spread'],
    accept: '±7%; spread < 3%',
    class: 'A',
    fitted: 'nothing: 0.2 accesses per 1000 instructions is assumed, as good as none',
    note: 'of the four policies published, packed and spread are simulated; what keeps 48 threads from 8 times is not modelled',
    scenario: {
      seeds: 5,
      words,
      runs: packedAndSpread([6, 48], MATRIX),
      values: ['p6.mapReduceNs / p48.mapReduceNs', 'max(p6.mapReduceNs, s6.mapReduceNs) / min(p6.mapReduceNs, s6.mapReduceNs)'],
    },
  },
  {
    ...metis,
    id: 'P08',
    workload: 'Metis wc 300MB_1M_Keys',
    metric: 'time pack/spread at 6, 24, 42 threads',
    value: [1.361, 2.004, 1.591],
    labels: ['6 threads', '24', '42'],
    accept: '±20%',
    fitted: '44 accesses per 1000 instructions, on 6 threads; memory of its own for each thread; 24 and 42 threads are predicted',
    fittedValues: [0],
    scenario: {
      seeds: 5,
      words,
      runs: packedAndSpread([6, 24, 42], WC),
      values: ratios([6, 24, 42]),
      beside: {
        'were threads in step (ties by id)': IN_STEP,
        'were a tenth of its instructions reducing': { replace: 'reduce=0.2', with: 'reduce=0.1' },
        'were 0.8 of its table lines written': { replace: 'write=0.5', with: 'write=0.8' },
      },
    },
    miss: MISS,
    note: 'the assumed shape decides little beside the intensity: two other shapes at the same intensity stand beside the values',
  },
  {
    ...metis,
    id: 'P09',
    workload: 'Metis wrmem -s8192',
    metric: 'time pack/spread at 6 and 24 threads',
    value: [1.23, 1.973],
    labels: ['6 threads', '24'],
    accept: '±20%',
    fitted: '30 accesses per 1000 instructions, on 6 threads; memory of its own for each thread; 24 threads are predicted',
    fittedValues: [0],
    miss: MISS,
    scenario: {
      seeds: 5,
      words,
      runs: packedAndSpread([6, 24], WRMEM),
      values: ratios([6, 24]),
      beside: { 'were threads in step (ties by id)': IN_STEP },
    },
  },
  {
    ...metis,
    id: 'P10',
    workload: 'Metis wsearchmem -i8192',
    metric: 'time unpinned/spread at 6 threads; pack/spread at 12',
    value: [1.315, 2.561],
    accept: '±20%',
    labels: ['unpinned', 'packed at 12'],
    fitted:
      'the shape, on both values: with inputs and tables of each thread (as P08) it missed both at every intensity tried, 20 to 200 accesses, so it ' +
      'is taken for the program of P05, a stream over an input that one thread loaded; its intensity is that of P05. Nothing is predicted',
    fittedValues: [0, 1],
    scenario: {
      seeds: 3,
      words,
      runs: {
        ...packedAndSpread([12], MEAN, MEAN_INPUT_NODE),
        s6: { policy: `pin:order=spread,last=${MEAN_INPUT_NODE}`, vcpus: '7', workload: MEAN },
        u6: { policy: 'kvm-cfs', vcpus: '7', workload: MEAN },
      },
      values: ['u6.mapReduceNs / s6.mapReduceNs', ...ratios([12])],
    },
    note: 'the kernel is not named: CFS of Linux 6.1',
  },
];

/** Further points of the same curves, beyond the listed ones: all predicted from the fits at 6 threads above. */
export const metisCurveItems: readonly ValidationItem[] = [
  {
    ...metis,
    id: 'metis-mean-curve',
    workload: 'Metis mean -N10240000000 (streaming reduction)',
    metric: 'time pack/spread at 12, 18, 24, 30, 36, 48 threads',
    value: [1.998, 1.312, 1.374, 1.091, 1.017, 1.026],
    labels: ['12', '18', '24', '30', '36', '48'],
    accept: '±25%',
    source: CURVE,
    fitted: 'nothing: all predicted from the fit of P05',
    scenario: {
      seeds: 5,
      words,
      runs: packedAndSpread([12, 18, 24, 30, 36, 47], MEAN, MEAN_INPUT_NODE),
      values: ratios([12, 18, 24, 30, 36, 47]),
    },
    miss:
      'spread threads fill the controller of the input here, 11.1 GB/s; the published ones get 8.2 GB/s, if N counts elements of 8 bytes, and ' +
      'what holds them is not known. So packed threads, whose links the model has right, look slower against them here',
    note: 'the last with 47 threads and one that only loads the input, on 48 CPUs',
  },
  {
    ...metis,
    id: 'metis-wrmem-curve',
    workload: 'Metis wrmem -s8192',
    metric: 'time pack/spread at 12, 18, 30, 36, 42 threads',
    value: [1.613, 1.781, 1.877, 1.51, 1.579],
    labels: ['12', '18', '30', '36', '42'],
    accept: '±20%',
    source: CURVE,
    fitted: 'nothing: all predicted from the fit of P09',
    miss: MISS,
    scenario: {
      seeds: 5,
      words,
      runs: packedAndSpread([12, 18, 30, 36, 42], WRMEM),
      values: ratios([12, 18, 30, 36, 42]),
      beside: { 'were threads in step (ties by id)': IN_STEP },
    },
  },
];

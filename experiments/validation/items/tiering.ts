import type { RunWords, ValidationItem } from '../item.ts';

/** One thread of the machine's 48, with a 48th of the traffic and a 96th of the memory. */
const THREADS = 48;

const guest: RunWords = {
  name: 'pmbench',
  kind: 'bare',
  vcpus: '1',
  cpus: '0',
  memory: '4GiB',
  workload: 'pmbench-like:size=2662MiB,settle=300s',
};

const tiering = (options: string): RunWords => ({ policy: `tiering:watermark-scale=1,scan-size=4MiB,scan-delay=250ms,${options}` });
const FIXED = 'hot-threshold=16ms,auto-threshold=off';
const RATE = 'rate-limit=3MB/s';

const base = [146887704.1, 725.6] as const;
const published = {
  hot: [165695601.2, 544.0],
  limited: [162814569.8, 165.2],
  auto: [170495294.0, 136.9],
} as const;

const score = (run: string): string => `${run}.throughput / base.throughput`;
const promoted = (run: string): string => `${run}.movedMBps / base.movedMBps`;

/** Hot page selection, its rate limit and its threshold, one after the other, as they came to Linux. */
export const tieringItem: ValidationItem = {
  id: 'tiering-pmbench',
  machine: '2 sockets with DRAM and PMEM',
  workload: 'pmbench (80:20 reads and writes, normal distribution)',
  metric: 'score over that of the base kernel, and promoted MB/s over its',
  value: [
    ...Object.values(published).map(([accesses]) => accesses / base[0]),
    ...Object.values(published).map(([, MBps]) => MBps / base[1]),
    base[1],
  ],
  labels: ['score hot', 'score rate', 'score auto', 'moved hot', 'moved rate', 'moved auto', 'base MB/s'],
  accept: '> 1.0 and < 1.26; > 1.0 and < 1.22; > 1.0 and < 1.32; 0.6-0.9; 0.15-0.35; 0.12-0.3; ±50%',
  class: 'C',
  source: 'Y. Huang, "memory tiering: hot page selection", LKML 2022 (spinics linux-mm msg296064)',
  raw: { base, ...published },
  fitted: 'nothing to the scores; the rate limit (144 MB/s of the machine) is guessed from the 165.2 MB/s it gave',
  note:
    'Sizes, threads and the rate limit were not published. One of 48 threads runs, with a 48th of scans and rate, on memory of a 96th: 2.6 GiB on ' +
    '1.3 GiB of DRAM, the rest of that is page cache. Blocks are 128 KiB, so that one is touched 32 times as often as a page and all is over ' +
    'in half the time: the threshold of 1 s is 16 ms, its period of 60 s is 30 s. Moves are counted up and down, which are as many once memory has settled',
  scenario: {
    seeds: 2,
    words: {
      machine: 'xeon-dram-pmem-2s',
      boot: '0',
      'host-noise': '0',
      'host-cache': '62792MiB',
      block: '128KiB',
      duration: '450s',
      guests: [guest],
    },
    runs: {
      base: tiering('hot-selection=off'),
      hot: tiering(FIXED),
      limited: tiering(`${FIXED},${RATE}`),
      auto: tiering(`hot-threshold=16ms,adjust-period=30s,${RATE}`),
    },
    values: [...Object.keys(published).map(score), ...Object.keys(published).map(promoted), `base.movedMBps / 2 * ${THREADS}`],
  },
};

import type { RunWords, ValidationItem } from '../item.ts';

/** One thread of the machine's 48, with a 48th of the traffic and a 192nd of the memory. */
const THREADS = 48;

const guest: RunWords = {
  name: 'pmbench',
  kind: 'bare',
  vcpus: '1',
  cpus: '0',
  memory: '4GiB',
  workload: 'pmbench-like:size=2662MiB,settle=400s',
};

const tiering = (options: string): RunWords => ({ policy: `tiering:watermark-scale=1,scan-size=4MiB,scan-delay=250ms,${options}` });
const FIXED = 'hot-threshold=8ms,auto-threshold=off';
const RATE = 'rate-limit=3MB/s';

const base = [146887704.1, 725.6] as const;
const published = {
  hot: [165695601.2, 544.0],
  limited: [162814569.8, 165.2],
  auto: [170495294.0, 136.9],
} as const;

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
const score = (run: string): string => `${run}.throughput / base.throughput`;
const promoted = (run: string): string => `${run}.movedMBps / base.movedMBps`;

/** Hot page selection, its rate limit and its threshold, one after the other, as they came to Linux. */
export const tieringItem: ValidationItem = {
  id: 'tiering-pmbench',
  machine: '2 sockets with DRAM and PMEM',
  workload: 'pmbench (80:20 reads and writes, normal distribution)',
  metric: 'score over that of the base kernel, and promoted MB/s over its',
  value: [
    ...Object.values(published).map(([accesses]) => rounded(accesses / base[0])),
    ...Object.values(published).map(([, MBps]) => rounded(MBps / base[1])),
    base[1],
  ],
  labels: ['score hot', 'score rate', 'score auto', 'moved hot', 'moved rate', 'moved auto', 'base MB/s'],
  accept: '> 1.0 and < 1.26; > 1.0 and < 1.22; > 1.0 and < 1.32; 0.6-0.9; 0.15-0.35; 0.12-0.3; ±50%',
  class: 'C',
  source: 'Y. Huang, "memory tiering: hot page selection", LKML 2022 (spinics linux-mm msg296064)',
  raw: { base, ...published },
  fitted: 'nothing to the scores; the rate limit (144 MB/s of the machine) is guessed from the 165.2 MB/s it gave',
  miss:
    'the published gains of 11 to 16 % do not show: scores are within 2 % of the base, and with the rate limit 1 % below it. Hot selection leaves less than a ' +
    'half of the moves, not three quarters; how many pages are touched within the threshold hangs on the size of the region, which is not known. A promotion costs more on the ' +
    'machine than copying and mapping 32 pages does here, and the moves of a single thread disturb no other',
  note:
    'Sizes, threads and the rate limit were not published. One of 48 threads runs, with a 48th of scans and rate, on memory of a 192nd: 2.6 GiB on ' +
    '0.7 GiB of DRAM, the rest of that is page cache. So all is over in a quarter of the time, and a block of 128 KiB, which is moved at the cost of ' +
    'its 32 pages, is touched 32 times as often as one of these: the threshold of 1 s is 8 ms, its period of 60 s is 15 s. Moves are counted up ' +
    'and down, which are as many once memory has settled',
  scenario: {
    seeds: 2,
    words: {
      machine: 'xeon-dram-pmem-2s',
      boot: '0',
      'host-noise': '0',
      'host-cache': '63464MiB',
      block: '128KiB',
      duration: '500s',
      costs: { remap: '64us', shootdown: '64us' },
      guests: [guest],
    },
    runs: {
      base: tiering('hot-selection=off'),
      hot: tiering(FIXED),
      limited: tiering(`${FIXED},${RATE}`),
      auto: tiering(`hot-threshold=8ms,adjust-period=30s,${RATE}`),
    },
    values: [...Object.keys(published).map(score), ...Object.keys(published).map(promoted), `base.movedMBps / 2 * ${THREADS}`],
  },
};

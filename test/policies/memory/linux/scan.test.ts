import { describe, expect, test } from 'vitest';
import { SCAN_DEFAULTS, ScanPacing } from '../../../../policies/memory/linux/scan.ts';
import { type CpuPolicy } from '../../../../sim/policy-api.ts';
import { type GuestId, MiB, ms, NONE, type NodeId, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';

const G0 = 0 as GuestId;
const V0 = 0 as VcpuId;

/** vCPUs of one guest that always run, one a CPU, and a scanner driven by their ticks at 250 Hz. `log` has the time of each scan in ms. */
function scanned(memoryMiB: number, vcpus = 1, options = SCAN_DEFAULTS): { k: Fake; scan: ScanPacing; log: string[] } {
  const log: string[] = [];
  const k = fakeKernel({
    nodeCpus: [vcpus, 1],
    guests: [{ vcpus, memoryGiB: memoryMiB / 1024 }],
    blockGiB: 2 / 1024,
    memoryGiB: [128, 128],
  });
  k.memory.nodes[0]!.fill(0 as NodeId);
  const scan = new ScanPacing(k, options);
  const cpu: CpuPolicy = {
    name: 'one each',
    hz: 250,
    selectCpu: (_, vcpu) => vcpu as number as never,
    enqueue: (_, vcpu) => k.dsqInsert(vcpu, -1 as never, Infinity, 0),
    tick(_, vcpu) {
      if (scan.tick(k, vcpu)) log.push(`${k.nowNs / ms(1)}:${vcpu}`);
    },
  };
  k.start(cpu);
  scan.arrive(k, G0);
  k.wake(...Array(vcpus).keys());
  return { k, scan, log };
}

describe('scan periods', () => {
  // Windows of 256 MB: 1, 4, 8, 32, 64, 256. min = max(100, 1000 / windows), max = max(min, 60000 / windows)
  test.each([
    [256, 1000, 60_000],
    [1024, 250, 15_000],
    [2048, 125, 7500],
    [8192, 100, 1875],
    [16_384, 100, 937],
    [65_536, 100, 234],
    [300, 500, 30_000], // a window begun counts
  ])('of %i MB', (mib, min, max) => {
    const { k, scan } = scanned(mib);
    expect([scan.shortestMs(k, G0), scan.startMs(k, V0), scan.longestMs(k, V0)]).toEqual([min, min, max]);
  });

  test('go by backed memory, and are those of one window while nothing is', () => {
    const { k, scan } = scanned(2048);
    k.memory.nodes[0]!.fill(NONE);
    expect(scan.shortestMs(k, G0)).toBe(1000);
    k.memory.nodes[0]!.fill(1 as NodeId, 0, 129); // 258 MB
    expect(scan.shortestMs(k, G0)).toBe(500);
  });

  test('have a floor by the most that may be marked in a second', () => {
    // 2560 / 640 = 4 windows a second, so 250 ms; 3 GB are 5 windows of 640 MB, 1000 / 5 = 200
    const { k, scan } = scanned(3072, 1, { ...SCAN_DEFAULTS, sizeBytes: MiB(640) });
    expect([scan.shortestMs(k, G0), scan.longestMs(k, V0)]).toEqual([250, 12_000]);
  });

  test('grow with what is shared, the start as well', () => {
    const { k } = scanned(2048);
    const scan = new ScanPacing(k, SCAN_DEFAULTS, { stretchMs: (_, periodMs) => 3 * periodMs });
    expect([scan.shortestMs(k, G0), scan.startMs(k, V0), scan.longestMs(k, V0)]).toEqual([125, 375, 22_500]);
  });
});

describe('pacing', () => {
  test('the first scan comes after the delay of run time, the next after the period', () => {
    const { k, scan, log } = scanned(1024);
    k.pass(ms(2100));
    // Its stamp begins at 2 ticks = 8 ms: 1008 are not more than 1008, so 1012. Then stamp 1008 + 2 ticks + 32 * 128 * 100 ns = 1016.4;
    // with 1000 more, and ticks at multiples of 4: 2020
    expect(log).toEqual(['1012:0', '2020:0']);
    expect([k.memory.marked[0]!.size, scan.sequence[0]]).toEqual([256, 0]);
    // Stamp 2016.4 + 8.4 = 2024.8. With 250 from now on it is due at 2276, 2528, 2776, all before the 2020 + 1000 that the last scan left,
    // and at 3028 (> 3024.8). Then stamp 3024.8 + 8.4, so 3284 (> 3283.2)
    scan.periodMs[0] = 250;
    k.pass(ms(1300));
    expect(log.slice(2)).toEqual(['3028:0', '3284:0']);
  });

  test('one vCPU of a guest wins each period, in turn', () => {
    const { k, log } = scanned(4096, 2);
    k.pass(ms(4200));
    expect(log.map((line) => line.split(':')[1])).toEqual(['0', '1', '0', '1']);
  });

  test('a vCPU that sleeps does not scan', () => {
    const { k, log } = scanned(1024);
    k.pass(ms(900));
    k.block(0);
    k.pass(ms(5000));
    expect(log).toEqual([]);
  });

  test('postponing counts from now', () => {
    const { k, scan, log } = scanned(1024);
    k.pass(ms(1000));
    scan.postpone(k, V0); // not before 2000; its next chance is one period after its stamp of 1008
    k.pass(ms(1500));
    expect(log).toEqual(['2012:0']);
  });
});

describe('a scan', () => {
  /** Calls of markBlocks as 'first+count', one line a scan. */
  function scans(backed: readonly [number, number][], blocks: number, count: number): { calls: string[]; sequences: number[] } {
    const { k } = scanned(blocks * 2);
    k.memory.nodes[0]!.fill(NONE);
    for (const [from, to] of backed) k.memory.nodes[0]!.fill(0 as NodeId, from, to);
    const calls: string[] = [];
    const sequences: number[] = [];
    const scan = new ScanPacing(k, SCAN_DEFAULTS, undefined, (guest, first, many) => {
      calls.push(`${first}+${many}`);
      return k.markBlocks(guest, first, many);
    });
    scan.arrive(k, G0);
    for (let i = 0; i < count; i++) {
      calls.push('|');
      k.memory.marked[0]!.clear();
      scan.periodMs[0] = 4;
      do k.pass(ms(4));
      while (!scan.tick(k, V0));
      sequences.push(scan.sequence[0]!);
    }
    return { calls, sequences };
  }

  test('marks 256 MB from where the last ended, and begins anew at the end', () => {
    // 300 blocks of 2 MiB in windows of 128: 0, 128, 44 of 256 (84 short, so the end is noticed), 0
    const { calls, sequences } = scans([[0, 300]], 300, 4);
    expect(calls).toEqual(['|', '0+128', '|', '128+128', '|', '256+44', '|', '0+128']);
    expect(sequences).toEqual([0, 0, 1, 1]);
  });

  test('that ends just at the end leaves the turn to the next', () => {
    const { calls, sequences } = scans([[0, 256]], 256, 3);
    expect(calls).toEqual(['|', '0+128', '|', '128+128', '|', '0+128']);
    expect(sequences).toEqual([0, 0, 1]);
  });

  test('passes over what is not backed, eight times its size at most', () => {
    // 8 windows of 128 have nothing; the scan ends before the block at 1024
    const { calls } = scans([[1024, 1100]], 1500, 2);
    const nothing = Array.from({ length: 8 }, (_, i) => `${i * 128}+128`);
    expect(calls).toEqual(['|', ...nothing, '|', '1024+128']);
  });

  test('counts a window with anything in it as marked', () => {
    const { calls } = scans([[140, 141]], 600, 1);
    expect(calls).toEqual(['|', '0+128', '128+128']);
  });
});

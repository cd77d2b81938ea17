import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { Recording, Timeline } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { MiB, ms, us } from '../../sim/units.ts';
import { DONE, SWEEP, type WorkloadEntry } from '../../sim/workload-api.ts';
import { computes, FREE_COSTS, guest, pinned, program, ran, workload } from './scenario-fixture.ts';
import { BLOCK, computing, move, played, sweeps, works } from './moves-fixture.ts';
import { randomScenario } from './random-scenario-fixture.ts';

const MB = 1e6;

/** One task that reads 1 MiB over and over until it has so many bytes, which is its work. */
function reads(bytes: number): WorkloadEntry {
  const entry = program(() => undefined);
  return {
    ...entry,
    build: () => {
      let step = 0;
      return {
        tasks: 1,
        regions: 1,
        unit: 'B/s',
        next(_task, phase, calls) {
          if (step === 0) calls.allocate(0, MiB(1));
          if (step++ === 1) {
            phase.kind = DONE;
            return;
          }
          phase.instructions = bytes / 64;
          phase.accessesPerInstruction = 1;
          phase.linesInFlight = Infinity;
          phase.region = 0;
          phase.pattern = SWEEP;
          phase.workingSetBytes = MiB(64);
          phase.passes = 4;
          phase.work = bytes;
        },
      };
    },
  };
}

/** One task that computes so many instructions in one phase, which are its work. */
function burns(instructions: number): WorkloadEntry {
  const entry = program(() => undefined);
  return {
    ...entry,
    build: () => {
      let hasRun = false;
      return {
        tasks: 1,
        regions: 0,
        unit: 'instr/s',
        next(_task, phase) {
          if (hasRun) phase.kind = DONE;
          else computes(phase, instructions);
          hasRun = true;
        },
      };
    },
  };
}

const lookedAt = (change: Parameters<typeof ran>[0]): { recording: Recording; timeline: Timeline } => {
  const recording = ran({ costs: FREE_COSTS, ...change });
  return { recording, timeline: recording.timeline! };
};

describe('on the lopsided machine by hand', () => {
  // Both read memory of node 0 from node 2: 1.5 GB/s alone for 10 ms, then 1.25 each of the pair's 2.5, until the first has its 27.5 MB at 20 ms.
  const { recording, timeline } = lookedAt({
    policy: pinned([4, 5], () => 0),
    guests: [guest(reads(27.5 * MB), { name: 'first' }), guest(reads(12.5 * MB), { name: 'late' })],
    startGapNs: ms(10),
    timelinePoints: 100,
  });
  const [first, late] = timeline.guests as [Timeline['guests'][number], Timeline['guests'][number]];
  const at = (value: (point: number) => number): number[] => timeline.timesNs.map((_, point) => value(point));

  test('work under way counts, though one sweep is one stretch of work', () => {
    timeline.timesNs.forEach((timeNs, point) => {
      const alone = 1.5 * Math.min(timeNs, ms(10));
      const shared = 1.25 * Math.max(0, timeNs - ms(10));
      expect(first.work[point]! / (27.5 * MB), `at ${timeNs}`).toBeCloseTo((alone + shared) / (27.5 * MB), 4);
      expect(late.work[point]! / (12.5 * MB), `at ${timeNs}`).toBeCloseTo(shared / (12.5 * MB), 4);
    });
    expect(timeline.timesNs.length).toBeGreaterThanOrEqual(100);
  });

  test('CPU time is that of the node where the vCPU runs, the present stretch included', () => {
    expect(first.nodeRunNs).toEqual(timeline.timesNs.map((timeNs) => [0, 0, timeNs]));
    expect(at((point) => late.nodeRunNs[point]![2]!)).toEqual(at((point) => Math.max(0, timeline.timesNs[point]! - ms(10))));
  });

  test('blocks are those of the moment, and the books of the one that came later began with it', () => {
    // at-build memory: 256 MiB in blocks of 256 KiB
    expect(first.nodeBlocks.every((blocks) => blocks.join() === '1024,0,0')).toBe(true);
    expect([first.measuredFromNs, late.measuredFromNs]).toEqual([0, ms(10)]);
  });

  test('what the controller of node 0 carried is what both have read', () => {
    const read = at((point) => first.work[point]! + late.work[point]!);
    timeline.resourceBytes.forEach((bytes, point) =>
      expect(bytes[0]! / (40 * MB), `point ${point}`).toBeCloseTo(read[point]! / (40 * MB), 7),
    );
    expect(timeline.resourceBytes.at(-1)).toEqual(recording.bytesByResource);
  });
});

describe('the points', () => {
  // 1.6 instructions a nanosecond, whole ones of which the last is done within the last nanosecond
  const times = (lengthNs: number, points: number): readonly number[] =>
    lookedAt({ policy: pinned([0], () => 0), guests: [guest(burns(Math.floor(1.6 * lengthNs)))], timelinePoints: points }).timeline.timesNs;

  test('are a nanosecond apart while they are few', () => {
    expect(times(5, 4)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('are twice as far apart, and every other one gone, each time they are twice as many as asked for', () => {
    // up to 8 at whole multiples of the distance: 64 ns would make 16 of them
    expect(times(1000, 4)).toEqual([0, 128, 256, 384, 512, 640, 768, 896, 1000]);
    expect(times(7, 4)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(times(8, 4)).toEqual([0, 2, 4, 6, 8]);
    expect(times(9, 4)).toEqual([0, 2, 4, 6, 8, 9]);
  });

  test.each([1, 2, 3, 7, 50])('are at least %i, and at most twice as many and the end', (points) => {
    for (const lengthNs of [100, 1023, 1024, 1025, us(77)]) {
      const all = times(lengthNs, points);
      const hint = `${lengthNs} ns`;
      expect(all.length, hint).toBeGreaterThanOrEqual(points);
      expect(all.length, hint).toBeLessThanOrEqual(2 * points + 1);
      expect(all.at(-1), hint).toBe(lengthNs);
      const gapNs = (all.at(-2) ?? 0) - (all.at(-3) ?? 0);
      all.slice(0, -1).forEach((timeNs, point) => expect(timeNs, hint).toBe(point * gapNs));
    }
  });
});

test('a guest that ends stays as it was, and one that comes later has done nothing before', () => {
  // 1.6 instructions a nanosecond: the first is done at 5 ms, the other from 20 to 30 ms
  const { timeline } = lookedAt({
    policy: pinned([0, 3], (id) => id),
    guests: [guest(burns(8 * MB), { name: 'early' }), guest(burns(16 * MB), { name: 'late', arrivesNs: ms(20) })],
    timelinePoints: 64,
  });
  const [early, late] = timeline.guests;
  timeline.timesNs.forEach((timeNs, point) => {
    const soFar = (fromNs: number, toNs: number): number => Math.min(Math.max(timeNs, fromNs), toNs) - fromNs;
    expect(early!.work[point], `at ${timeNs}`).toBeCloseTo(1.6 * soFar(0, ms(5)), 3);
    expect(late!.work[point], `at ${timeNs}`).toBeCloseTo(1.6 * soFar(ms(20), ms(30)), 3);
    expect(early!.nodeRunNs[point]).toEqual([soFar(0, ms(5)), 0, 0]);
    expect(late!.nodeRunNs[point]).toEqual([0, soFar(ms(20), ms(30)), 0]);
    expect(late!.nodeBlocks[point]).toEqual(timeNs <= ms(20) ? [0, 0, 0] : [0, 1024, 0]);
  });
  expect(late!.measuredFromNs).toBe(ms(20));
});

test('work that was done before the books were opened anew stays work', () => {
  // the warm-up of a measured build is work that its throughput leaves out
  const built = program(() => undefined);
  const entry: WorkloadEntry = {
    ...built,
    build: () => {
      let step = 0;
      return {
        tasks: 1,
        regions: 0,
        unit: 'instr/s',
        next(_task, phase, calls) {
          if (step === 1) calls.startMeasuring();
          if (step === 2) phase.kind = DONE;
          else computes(phase, step === 0 ? 3 * MB : 5 * MB);
          step++;
        },
      };
    },
  };
  const { recording, timeline } = lookedAt({ policy: pinned([0], () => 0), guests: [guest(entry)], timelinePoints: 10 });
  const [one] = timeline.guests;
  expect(one!.measuredFromNs).toBe((3 * MB) / 1.6);
  expect(one!.work.at(-1)).toBeCloseTo(8 * MB, 3);
  expect((recording.guests[0]!.throughput.value * recording.guests[0]!.elapsedNs) / 1e9).toBeCloseTo(5 * MB, 3);
});

test('a run is the same to the byte, whether it is looked at or not (30 random scenarios)', () => {
  for (let seed = 0; seed < 30; seed++) {
    const drawn: Scenario = { ...randomScenario(4000 + seed), checks: 'cheap' };
    const looked = run({ ...drawn, timelinePoints: 1 + (seed % 40) });
    expect(looked.timeline!.timesNs.at(-1), `seed ${seed}`).toBe(looked.simulatedNs);
    expect(JSON.stringify({ ...looked, timeline: null }), `seed ${seed}`).toBe(JSON.stringify(run(drawn)));
  }
});

test('the last point is what the whole run comes to (40 random scenarios)', () => {
  for (let seed = 0; seed < 40; seed++) {
    const { guests, timeline, bytesByResource } = run({ ...randomScenario(5000 + seed), checks: 'cheap', timelinePoints: 5 });
    expect(timeline!.resourceBytes.at(-1), `seed ${seed}`).toEqual(bytesByResource);
    guests.forEach((record, i) => {
      const hint = `seed ${seed}, guest ${i}, ${record.workload}`;
      const { measuredFromNs, work, nodeRunNs, nodeBlocks } = timeline!.guests[i]!;
      expect(nodeBlocks.at(-1), hint).toEqual(record.blocksByNode);
      if (measuredFromNs === 0) {
        // its books hold all its CPU time
        const ranNs = nodeRunNs.at(-1)!.reduce((sum, ns) => sum + ns, 0);
        expect(Math.abs(ranNs - record.userNs - record.sysNs), hint).toBeLessThanOrEqual(2);
        const done = (record.throughput.value * record.elapsedNs) / 1e9;
        expect(work.at(-1)! - done, hint).toBeCloseTo(0, 6 - Math.ceil(Math.log10(1 + done)));
      }
      for (const sums of [work, ...nodeRunNs[0]!.map((_, node) => nodeRunNs.map((row) => row[node]!))])
        expect(
          sums.every((sum, point) => point === 0 || sum >= sums[point - 1]! * (1 - 1e-12)),
          hint,
        ).toBe(true);
    });
  }
});

test('any point is what a run shows that ends there (30 random scenarios)', () => {
  for (let seed = 0; seed < 30; seed++) {
    const drawn: Scenario = { ...randomScenario(6000 + seed), checks: 'cheap', ties: 'id' };
    const { timesNs, guests, resourceBytes } = run({ ...drawn, timelinePoints: 9 }).timeline!;
    const point = Math.min(3 + (seed % 5), timesNs.length - 1);
    const short = run({ ...drawn, limitNs: timesNs[point]!, timelinePoints: 1 });
    const hint = `seed ${seed} at ${timesNs[point]} ns`;
    short.bytesByResource.forEach((bytes, resource) => {
      expect(Math.abs(resourceBytes[point]![resource]! - bytes), hint).toBeLessThanOrEqual(1 + 1e-9 * bytes);
    });
    short.guests.forEach((record, i) => {
      const last = short.timeline!.guests[i]!;
      expect(guests[i]!.nodeRunNs[point], hint).toEqual(last.nodeRunNs.at(-1));
      expect(guests[i]!.nodeBlocks[point], hint).toEqual(record.blocksByNode);
      expect(guests[i]!.work[point]! / (last.work.at(-1)! || 1), hint).toBeCloseTo(last.work.at(-1)! > 0 ? 1 : 0, 6);
    });
  }
});

test('a block on its way counts on each path by what of it is there already', () => {
  // From 10 us on a thread of node 2 fetches the block from node 0 and writes it to its own; 256 KiB at less than 3 GB/s are not done by 60 us.
  const machine = buildMachine({ ...lopsided, clusters: { value: { cpus: 2, capacityGBps: 50 }, source: 'assumed: for this test' } });
  const script = { at: [[10, move(0, 3, 2)]] as const };
  const { timeline, bytesByResource, linesByPair } = played(script, [guest(computing(500), { memoryBytes: MiB(1) })], {
    machine,
    timelinePoints: 4,
    durationNs: us(60),
  });
  const [read, written] = [linesByPair[2 * 3]!, linesByPair[2 * 3 + 2]!];
  expect(read).toBeGreaterThan(500);
  expect(read).toBeLessThan(BLOCK / 64);
  expect(written, 'as many lines are written as are read').toBe(read);
  const last = timeline!.resourceBytes.at(-1)!;
  expect(last).toEqual(bytesByResource);
  // all through the port of the CPU: the line, and its place for ownership
  expect(last[machine.resourceNames.indexOf('port 2.0')]! / 64 / (2 * read)).toBeCloseTo(1, 2);
  // node 2 reads 10 GB/s and writes 6.25 of its own: a written line weighs 1.6
  expect(last[machine.resourceNames.indexOf('controller 0')]! / 64 / read).toBeCloseTo(1, 2);
  expect(last[machine.resourceNames.indexOf('controller 2')]! / 64 / (1.6 * read)).toBeCloseTo(1, 2);
});

describe('lines by pair of nodes', () => {
  // Node 2 has CPUs 4 and 5, node 1 has CPU 3. Of five blocks two lie on node 0 and three on node 1.
  const entry = works(5 * BLOCK, (phase, step) => {
    if (step === 1) phase.kind = DONE;
    else sweeps(phase, 5 * BLOCK, 2);
  });
  const swept = (cpu: number): Recording =>
    ran({
      policy: pinned([cpu], (_id, block) => (block < 2 ? 0 : 1)),
      guests: [guest(entry, { memoryBytes: 5 * BLOCK })],
      costs: FREE_COSTS,
    });

  test('stand in the row of the CPU and the column of the memory', () => {
    const [near, far] = [2 * 2 * (BLOCK / 64), 2 * 3 * (BLOCK / 64)]; // two passes
    expect(swept(4).linesByPair).toEqual([0, 0, 0, 0, 0, 0, near, far, 0]);
    expect(swept(3).linesByPair).toEqual([0, 0, 0, near, far, 0, 0, 0, 0]);
  });

  test('sum to the accesses by distance, where nothing is copied and nobody else is there', () => {
    const { linesByPair, total } = swept(4);
    const byHop = Object.values(total.accessesByHop).reduce((sum, lines) => sum + lines, 0);
    expect(linesByPair.reduce((sum, lines) => sum + lines, 0)).toBeCloseTo(byHop, 3);
    expect(byHop).toBe(10 * (BLOCK / 64));
  });
});

test('no timeline unless it is asked for', () => {
  const { timeline } = ran({ policy: pinned([0], () => 0), guests: [guest(workload('compute'))], durationNs: ms(1) });
  expect(timeline).toBeNull();
});

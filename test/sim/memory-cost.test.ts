import { describe, expect, test } from 'vitest';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { BlockTable } from '../../sim/block-table.ts';
import { buildWorld } from '../../sim/build.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { KiB, ms, us } from '../../sim/units.ts';
import { BLOCK, RANDOM, RUN, SWEEP, TOUCH } from '../../sim/workload-api.ts';
import { guest, pinned, program, scenario } from './scenario-fixture.ts';

const PAGE = KiB(4);
const MANY = 10_000_000;
const FEW = 1_000;
const STEPS = 3_000;

interface Work {
  reads: number;
  cpuMs: number;
}

/**
 * Two tasks take turns on one CPU, 50 us each. One sweeps a region whose halves lie on two nodes; the other touches a page further on
 * in its region, then loads from it at random for a microsecond, and so on. `tell` is called when that begins and when it is over.
 */
function busy(blocks: number, tell: () => void): Scenario {
  const regionBytes = Math.floor(blocks * 0.4) * PAGE;
  let step = -1;
  const entry = program(
    (task, phase, calls) => {
      if (task === 1) {
        calls.allocate(1, regionBytes);
        Object.assign(phase, { kind: RUN, region: 1, pattern: SWEEP, passes: 10_000, workingSetBytes: regionBytes });
        phase.accessesPerInstruction = 1;
        phase.linesInFlight = Infinity;
        phase.instructions = (regionBytes / 64) * 10_000;
        return;
      }
      if (step < 0) calls.allocate(0, regionBytes);
      if (step === 0 || step === 2 * STEPS) tell();
      if (++step > 2 * STEPS) {
        phase.kind = BLOCK;
        return;
      }
      Object.assign(phase, { region: 0, pattern: RANDOM, kind: step % 2 === 0 ? TOUCH : RUN, workingSetBytes: regionBytes });
      phase.offsetBytes = Math.floor(((step / 2 / STEPS) * 0.999 * regionBytes) / PAGE) * PAGE;
      phase.bytes = PAGE;
      phase.instructions = 10;
      phase.accessesPerInstruction = 1;
    },
    { tasks: 2, regions: 2, heat: [{ kind: 'zipf', exponent: 1, driftNs: us(70) }, null] },
  );
  return scenario({
    machine: buildMachine(opteron6164),
    policy: pinned([13, 13], (_guest, block) => 1 + 2 * Math.max(0, Math.floor((block / blocks) * 5) - 1), us(50)),
    guests: [guest(entry, { vcpus: 2, memoryBytes: blocks * PAGE })],
    blockBytes: PAGE,
    durationNs: ms(100),
    checks: 'cheap',
  });
}

/** Reads of the block table and CPU time from where the work begins to where it ends: neither building nor the last check. */
function measure(blocks: number): Work & { instants: number } {
  const { nodeOf, nextOf } = BlockTable.prototype;
  let reads = 0;
  BlockTable.prototype.nodeOf = function (block) {
    reads++;
    return nodeOf.call(this, block);
  };
  BlockTable.prototype.nextOf = function (first, block) {
    reads++;
    return nextOf.call(this, first, block);
  };
  const told: Work[] = [];
  try {
    const { instants, status } = run(
      busy(blocks, () => {
        const { user, system } = process.cpuUsage();
        told.push({ reads, cpuMs: (user + system) / 1000 });
      }),
    );
    expect([status, told.length], 'the work began and ended').toEqual(['ok', 2]);
    return { reads: told[1]!.reads - told[0]!.reads, cpuMs: told[1]!.cpuMs - told[0]!.cpuMs, instants };
  } finally {
    Object.assign(BlockTable.prototype, { nodeOf, nextOf });
  }
}

/** Bytes of every typed array that can be reached. */
function typedBytes(root: object): number {
  const seen = new Set<object>();
  const visit = (value: unknown): number => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
    seen.add(value);
    if (ArrayBuffer.isView(value)) return value.byteLength;
    return Object.values(value).reduce<number>((sum, part) => sum + visit(part), 0);
  };
  return visit(root);
}

describe('ten million blocks', () => {
  test('cost four bytes each in the whole world of a run, and nothing else grows with them', () => {
    const bytes = (blocks: number): number => typedBytes(buildWorld(busy(blocks, () => undefined)).w);
    const few = bytes(FEW);
    expect(few).toBeGreaterThan(4 * FEW);
    expect(bytes(MANY) - few).toBe(4 * (MANY - FEW));
  });

  test('cost no more by event than a thousand do', () => {
    measure(FEW); // warms the compiler up
    const few = measure(FEW);
    const many = measure(MANY);
    expect(few.instants).toBeGreaterThan(2 * STEPS);
    expect(many.instants / few.instants).toBeLessThan(1.5);
    // Touches at rising places walk over those between, once each: that is the 40 % of all blocks in this region. A sweep that goes on
    // looks 512 blocks ahead, two reads each, however far its run of blocks on one node reaches.
    expect(many.reads - MANY * 0.4).toBeLessThan(2 * 512 * many.instants);
    expect(many.cpuMs, `${few.cpuMs} ms with few blocks`).toBeLessThan(20 * few.cpuMs + 500);
  });
});

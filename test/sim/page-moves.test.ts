import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { meanStallNs } from '../../sim/copying.ts';
import { buildMachine, idleLineNs, type Machine } from '../../sim/machine.ts';
import { exponential, namedStream } from '../../sim/random.ts';
import type { Recording } from '../../sim/recording.ts';
import { type GuestId, MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { DONE } from '../../sim/workload-api.ts';
import { BLOCK, computing, LINES, loads, move, played, sweeps, works } from './moves-fixture.ts';
import { computes, FREE_COSTS, guest, lopsidedMachine } from './scenario-fixture.ts';

// Lopsided: CPUs 0-2 are node 0, CPU 3 node 1, CPUs 4 and 5 node 2. Controllers 12, 9 and 10 GB/s; a written line weighs 9 / 6 on
// controller 1. Data of node 2 come to node 0 over node 1; pair 0<2 has 4 GB/s, pair 0<1 6 GB/s and 6 / 4.8 for a written line.

const bytesOf = ({ bytesByResource }: Recording, machine: Machine = lopsidedMachine): Record<string, number> =>
  Object.fromEntries(machine.resourceNames.map((name, at) => [name, bytesByResource[at]!]).filter(([, bytes]) => bytes !== 0));

/** A line copied by a core alone: both ways idle, and the rise of both controllers at the rate that comes of it, found by iteration. */
function copyLineNs(cpuNode: number, from: number, to: number): number {
  const m = lopsidedMachine;
  const inFlight = m.coreLines[cpuNode]!;
  const base = (idleLineNs(m, cpuNode * 3 + from, inFlight, 0) + idleLineNs(m, cpuNode * 3 + to, inFlight, 1)) / inFlight;
  const weight = [12 / 7.5, 9 / 6, 10 / 6.25][to]!;
  const rise = (node: number, linesPerNs: number): number => {
    const use = linesPerNs / m.capacity[node]!; // controllers are the first resources
    return (m.latencyNs[node * 3 + node]! * 0.3 * use) / (1 - 0.45 * use);
  };
  let lineNs = base;
  for (let i = 0; i < 200; i++) lineNs = base + (rise(from, 1 / lineNs) + weight * rise(to, weight / lineNs)) / inFlight;
  return lineNs;
}

describe('a copy by the kernel thread of a node', () => {
  const recording = played({ nodeOf: () => 2, at: [[50, move(0, 3, 1)]] }, [guest(computing(1000), { memoryBytes: MiB(1) })], {
    durationNs: ms(0.9),
  });

  test('takes its lines, each as long as both its ways', () => {
    expect([recording.status, recording.moved.length, recording.total.pageMoves]).toEqual(['ok', 1, 1]);
    expect(recording.moved[0]).toMatchObject({ guest: 0, block: 3, from: 2, to: 1 });
    expect(recording.moverNs / (LINES * copyLineNs(1, 2, 1))).toBeCloseTo(1, 4);
    expect(recording.moved[0]!.atNs).toBe(us(50) + Math.round(recording.moverNs));
  });

  test('loads what lies on its two ways and nothing else', () => {
    // read: controller 2 and the wire to node 1 (pair 1<2 is no limit of its own); written on its own node, each line for 1.5
    expect(bytesOf(recording)).toEqual({ 'controller 2': BLOCK, 'link 2>1': BLOCK, 'controller 1': 1.5 * BLOCK });
  });
});

test('a copy by the vCPU that faulted goes through its CPU, over both ways, and is its own time', () => {
  const goesBy = works(BLOCK, (phase, step) => {
    if (step === 0) computes(phase, 1.6e6);
    else if (step === 1)
      sweeps(phase, BLOCK, 1, { accessesPerInstruction: 1e-12 }); // no traffic of its own
    else phase.kind = DONE;
  });
  const recording = played(
    {
      nodeOf: () => 2,
      at: [[500, (k) => void k.markBlocks(0 as GuestId, 0, 1)]],
      memory: { onHintFault: (k, f) => void k.moveBlock(f.guest, f.block, 1 as NodeId) },
    },
    [guest(goesBy, { memoryBytes: BLOCK })],
  );
  expect([recording.moved.length, recording.moverNs]).toEqual([1, 0]);
  expect(recording.guests[0]!.causes.pageCopy / (LINES * copyLineNs(0, 2, 1))).toBeCloseTo(1, 4);
  // the line comes over 2>1 and 1>0, its place at node 1 is fetched over 1>0, and it goes back over 0>1
  const lines = { 'controller 2': 1, 'controller 1': 1.5, 'link 2>1': 1, 'link 1>0': 2, 'link 0>1': 1, 'pair 0<2': 1, 'pair 0<1': 1.25 };
  expect(bytesOf(recording)).toEqual(Object.fromEntries(Object.entries(lines).map(([name, each]) => [name, each * BLOCK])));
});

describe('copies over a narrow link', () => {
  // 1 GB/s from node 0 to node 2, whose CPUs 4 and 5 could each copy nearly that much
  const links = lopsided.links.value.map((link) => (link.between[0] === 0 && link.between[1] === 2 ? { ...link, capacityGBps: 1 } : link));
  const machine = buildMachine({ ...lopsided, name: 'narrow', links: { value: links, source: 'assumed: for tests' } });
  const COUNT = 8;
  const hasAllMoved = works(COUNT * BLOCK, (phase, step) => {
    if (step === 0) computes(phase, 1.6e6);
    else if (step === 1) sweeps(phase, COUNT * BLOCK, 1, { accessesPerInstruction: 1e-12 });
    else phase.kind = DONE;
  });

  test('two at a time have half of it each', () => {
    const { status, moved } = played(
      {
        cpus: [4, 5],
        at: [[500, (k) => [0, 1].forEach((id) => k.markBlocks(id as GuestId, 0, COUNT))]],
        memory: { onHintFault: (k, f) => void k.moveBlock(f.guest, f.block, f.cpuNode) },
      },
      [0, 1].map((i) => guest(hasAllMoved, { name: `g${i}`, memoryBytes: COUNT * BLOCK })),
      { machine },
    );
    expect([status, moved.length]).toEqual(['ok', 2 * COUNT]);
    // both sweeps begin at 1 ms and fault on all eight blocks before they go on; a byte a nanosecond goes over the link
    expect((moved.at(-1)!.atNs - ms(1)) / (2 * COUNT * BLOCK)).toBeCloseTo(1, 4);
    expect(moved[1]!.atNs - moved[0]!.atNs).toBeLessThan(100);
  });

  test('take from a stream what they carry', () => {
    // CPU 4 streams from node 0 and fills the link; the thread of node 2 copies eight blocks of another guest over it meanwhile
    const streams = works(MiB(8), (phase, step) => (step === 0 ? sweeps(phase, MiB(8), 1) : void (phase.kind = DONE)));
    const elapsed = (copies: number): number => {
      const asks = Array.from({ length: copies }, (_, block) => move(1, block, 2));
      const { guests, moved } = played(
        { cpus: [4, 0], at: [[1000, (k) => asks.forEach((ask) => ask(k))]] },
        [guest(streams, { memoryBytes: MiB(8) }), guest(computing(50_000), { name: 'b', memoryBytes: COUNT * BLOCK })],
        { machine, durationNs: ms(30) },
      );
      expect(moved.length).toBe(copies);
      return guests[0]!.elapsedNs;
    };
    expect(elapsed(0) / MiB(8)).toBeCloseTo(1, 4);
    expect(elapsed(COUNT) / (MiB(8) + COUNT * BLOCK)).toBeCloseTo(1, 4);
  });
});

test('mapping anew is paid by who copies, the interrupt by who runs in the guest', () => {
  const BLOCKS = 5;
  const costs = { ...FREE_COSTS, copyShare: 0, remapNs: 300, shootdownNs: 500, ipiNs: 70 };
  const { guests, moverNs, moved } = played(
    { cpus: [0, 1, 2], nodeOf: () => 2, at: [[50, (k) => Array.from({ length: BLOCKS }, (_, block) => move(0, block, 1)(k))]] },
    [guest(computing(1000), { vcpus: 3, memoryBytes: MiB(4), kind: 'bare' })],
    { costs, durationNs: us(900) },
  );
  expect(moved.length).toBe(BLOCKS);
  // each of three vCPUs is interrupted five times; all three threads start with an interrupt, and one is
  // woken; a copy of no lines still takes 1 ns
  expect(guests[0]!.causes.pageCopy).toBe(3 * BLOCKS * 70);
  expect(moverNs).toBe(BLOCKS * (300 + 500 + 1) + (3 + 1) * 70);
});

describe('who touches a block while it is copied', () => {
  test.each([
    [0.001, 100],
    [0.001, 3000],
    [0.02, 5000],
  ])('at %d per ns waits in the mean of %d ns as an integral and as draws say', (perNs, durationNs) => {
    // the wait is longer than w where the first touch comes before durationNs - w
    const STEPS = 100_000;
    let integral = 0;
    for (let i = 0; i < STEPS; i++) integral += -Math.expm1(-perNs * durationNs * (1 - (i + 0.5) / STEPS)) * (durationNs / STEPS);
    expect(meanStallNs(perNs, durationNs) / integral).toBeCloseTo(1, 6);
    const random = namedStream('7', 'stall', 0, 'draws');
    const DRAWS = 200_000;
    let sum = 0;
    for (let i = 0; i < DRAWS; i++) sum += Math.max(0, durationNs - exponential(random, 1 / perNs));
    expect(sum / DRAWS / integral, 'seed 7').toBeGreaterThan(0.98);
    expect(sum / DRAWS / integral, 'seed 7').toBeLessThan(1.02);
  });

  test('waits for nearly all of the copy when it has but that block', () => {
    const { guests, moverNs, moved } = played(
      { nodeOf: () => 2, at: [[5000, move(0, 0, 1)]] },
      [
        guest(
          works(BLOCK, (phase) => loads(phase)),
          { memoryBytes: BLOCK },
        ),
      ],
      { durationNs: ms(10) },
    );
    expect(moved.length).toBe(1);
    // a load takes up to 215 ns and what queues; so long it is until the first one comes to the block
    expect(guests[0]!.causes.pageCopy).toBeLessThan(moverNs - 125);
    expect(guests[0]!.causes.pageCopy).toBeGreaterThan(moverNs - 300);
  });
});

test('a sweep in the middle of a long phase goes to where its blocks have gone', () => {
  // 4 blocks at node 2, swept from CPU 0 without end; all are moved near within a millisecond or so of 2 ms
  const bytes = 4 * BLOCK;
  const { guests, moved } = played(
    { nodeOf: () => 2, at: [[2000, (k) => [0, 1, 2, 3].forEach((block) => move(0, block, 0)(k))]] },
    [
      guest(
        works(bytes, (phase) => sweeps(phase, bytes, 1e6)),
        { memoryBytes: bytes },
      ),
    ],
    { durationNs: ms(100) },
  );
  expect(moved.length).toBe(4);
  expect(guests[0]!.remoteRatio).toBeLessThan(0.1);
  expect(guests[0]!.accessesByHop.local).toBeGreaterThan((ms(80) * 3.5) / 64); // one thread reads 3.6 GB/s near
});

import { expect, test } from 'vitest';
import type { Recording } from '../../sim/recording.ts';
import type { CpuId, GuestId, NodeId } from '../../sim/units.ts';
import { DSQ_LOCAL } from '../../sim/policy-api.ts';
import { KiB, MiB, ms, us } from '../../sim/units.ts';
import { DONE, RANDOM, SLEEP } from '../../sim/workload-api.ts';
import { readsOnce } from './reading-fixture.ts';
import { asEntry, computes, FREE_COSTS, guest, lopsidedMachine, onNodes, pinned, pinnedCpus, program, ran } from './scenario-fixture.ts';

/**
 * What is no access of a program loads the machine like one. On the lopsided machine CPUs 4 and 5 are node 2; what they read of node 0
 * comes over link 0>2 (3 GB/s) and is held by pair 2<0 (2.5 GB/s read, 2 written); one thread gets 1.5 GB/s.
 */
const MB = 1e6;
const STREAM = 30 * MB;

const bytesOf = ({ bytesByResource }: Recording, name: string): number => bytesByResource[lopsidedMachine.resourceNames.indexOf(name)]!;
const elapsedOf = (recording: Recording, name: string): number => recording.guests.find((record) => record.name === name)!.elapsedNs;

test('written lines go back over a link and slow down who reads over it', () => {
  const beside = (writeShare: number): Recording =>
    ran({
      policy: pinned([4, 5, 0, 1], (number) => (number === 0 ? 0 : 2)),
      guests: [
        guest(readsOnce([STREAM, STREAM]), { name: 'reads', vcpus: 2 }), // from node 0
        guest(readsOnce([STREAM, STREAM], 1, writeShare), { name: 'other', vcpus: 2 }), // from node 0, in the memory of node 2
      ],
      costs: FREE_COSTS,
    });
  const [reading, writing] = [beside(0), beside(1)];
  expect(elapsedOf(reading, 'reads') / ((2 * STREAM) / 2.5)).toBeCloseTo(1, 4); // held by its pair alone
  expect(elapsedOf(writing, 'reads') / elapsedOf(reading, 'reads')).toBeGreaterThan(1.1);
  expect(bytesOf(reading, 'link 0>2')).toBeCloseTo(2 * STREAM, 0);
  expect(bytesOf(writing, 'link 0>2')).toBeCloseTo(4 * STREAM, 0);
});

test('a cache that fills anew loads the way to the memory, and slows down who reads there', () => {
  const HOPS = 40;
  const beside = (coldCache: boolean): Recording => {
    let wakes = 0;
    const walks = asEntry(() => ({
      name: 'walks',
      memory: onNodes(() => 0),
      cpu: {
        name: 'walks',
        selectCpu: (_k, vcpu) => (vcpu === 0 ? 5 : [3, 4][wakes++ % 2]!) as CpuId,
        enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL, ms(1), 0),
      },
    }));
    let step = 0;
    const hops = program(
      (_task, phase, calls) => {
        if (step === 0) calls.allocate(0, MiB(1));
        if (step === 2 * HOPS) phase.kind = DONE;
        else if (step % 2 === 1) {
          phase.kind = SLEEP;
          phase.durationNs = us(5);
        } else {
          computes(phase, 1000);
          phase.accessesPerInstruction = 1;
          phase.region = 0;
          phase.pattern = RANDOM;
          phase.workingSetBytes = MiB(1);
        }
        step++;
      },
      { regions: 1 },
    );
    const guests = [guest(readsOnce([STREAM]), { name: 'reads' }), guest(hops, { name: 'hops' })];
    return ran({ policy: walks, guests, costs: { ...FREE_COSTS, coldCache } });
  };
  const [warm, cold] = [beside(false), beside(true)];
  // every other hop leads to CPU 4, where some of its 1 MiB may be left from the time before
  const refilled = bytesOf(cold, 'pair 2<0') - bytesOf(warm, 'pair 2<0');
  expect(refilled).toBeGreaterThan((HOPS / 2) * KiB(384)); // at least what the private cache holds
  expect(refilled).toBeLessThan((HOPS / 2) * MiB(1) * 1.01);
  expect(elapsedOf(cold, 'reads') / elapsedOf(warm, 'reads')).toBeGreaterThan(1.05);
});

test('a block that is copied loads where it is read and where it is written, and slows down who reads there', () => {
  const blockBytes = KiB(256);
  const beside = (moves: boolean): Recording => {
    const entry = asEntry(() => ({
      name: 'moves',
      cpu: pinnedCpus([4, 5]),
      memory: {
        ...onNodes(() => 0),
        plan: { periodNs: us(100), step: (k) => void (moves && k.markBlocks(1 as GuestId, 0, 16)) },
        onHintFault: (k, { guest, block, node }) => void k.moveBlock(guest, block, (2 - node) as NodeId), // to and fro between nodes 0 and 2
      },
    }));
    let isDone = false;
    const computesOn = program(
      (_task, phase, calls) => {
        if (isDone) {
          phase.kind = DONE;
          return;
        }
        isDone = calls.allocate(0, MiB(4));
        computes(phase, 48e6); // 30 ms at 1.6 GHz
        phase.accessesPerInstruction = 3e-6; // 144 lines, so that nearly all its traffic is of copies
        phase.region = 0;
        phase.pattern = RANDOM;
        phase.workingSetBytes = MiB(64);
      },
      { regions: 1 },
    );
    const guests = [guest(readsOnce([STREAM]), { name: 'reads' }), guest(computesOn, { name: 'moves' })];
    return ran({ policy: entry, guests, blockBytes, costs: FREE_COSTS });
  };
  const [still, moving] = [beside(false), beside(true)];
  const { pageMoves } = moving.total;
  expect(pageMoves).toBeGreaterThan(20);
  // of m moves those to node 2 are written there, each line for 1.6, and those back are read there
  const controller2 = bytesOf(moving, 'controller 2') / blockBytes;
  const toNode2 = (controller2 - pageMoves) / 0.6;
  expect(toNode2).toBeGreaterThan(pageMoves / 2 - 1);
  expect(toNode2).toBeLessThan(pageMoves + 1);
  // the same moves on the pair: read once on the way to node 2, written back for 2.5 / 2
  const pair = (bytesOf(moving, 'pair 2<0') - STREAM) / blockBytes;
  expect(Math.abs(pair - (toNode2 + 1.25 * (pageMoves - toNode2)))).toBeLessThan(1.5); // the last may be under way
  expect(bytesOf(still, 'controller 2')).toBeLessThan(1000);
  expect(elapsedOf(moving, 'reads') / elapsedOf(still, 'reads')).toBeGreaterThan(1.03);
});

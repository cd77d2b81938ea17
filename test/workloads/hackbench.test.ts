import { describe, expect, test } from 'vitest';
import { uniform } from '../../machines/uniform.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { OptionValues } from '../../sim/options.ts';
import { namedStream } from '../../sim/random.ts';
import type { GuestRecord } from '../../sim/recording.ts';
import { MiB, us } from '../../sim/units.ts';
import { BLOCK, RUN, TOUCH } from '../../sim/workload-api.ts';
import { MessageBuffers } from '../../workloads/message-buffers.ts';
import { FREE_COSTS, guest, pinned, ran, workload } from '../sim/scenario-fixture.ts';
import { emptyPhase, inTurn, latestFirst, play, programOf } from './fake-guest.ts';

const anyOrder = (seed: string): ((count: number) => number) => {
  const random = namedStream(seed, 'order', 0, 'choose');
  return (count) => Math.floor(random() * count);
};

describe('hackbench', () => {
  test('each sender sends its messages to each receiver of its group, and all end, in whatever order they run', () => {
    for (const ipc of ['sockets', 'pipe']) {
      for (const [seed, choose] of [
        ['turn', inTurn],
        ['latest', latestFirst],
        ...['1', '2', '3', '4'].map((s) => [s, anyOrder(s)]),
      ] as const) {
        // buffers of few messages, so that writers wait too: a pipe has room for 16 / 2 of two pages, a socket for 212,992 / (6000 + 576) = 32
        const program = programOf('hackbench', { groups: 2, fds: 3, loops: 40, bytes: 6000, ipc });
        const { steps, stuck, doneCount, measuring } = play(program, 20_000, choose as (count: number) => number);
        const copies = steps.filter(({ phase }) => phase.kind === RUN);
        const hint = `${ipc}, order ${seed}`;
        expect([stuck, doneCount, measuring], hint).toEqual([[], 12, 1]);
        // of each task 40 x 3: of the senders 0, 1, 2 and 6, 7, 8, and of the receivers
        for (let task = 0; task < 12; task++) expect(copies.filter((step) => step.task === task).length, hint).toBe(120);
        expect(
          copies.reduce((sum, { phase }) => sum + phase.work, 0),
          hint,
        ).toBe(2 * 3 * 3 * 40);
        expect(program.figures!({ workDone: 0, measuredNs: 1 }).messages, hint).toBe(720);
        if (seed === 'latest') continue;
        expect(
          steps.findIndex(({ phase }) => phase.kind === RUN),
          hint,
        ).toBeGreaterThan(steps.findLastIndex(({ phase }) => phase.kind === TOUCH));
      }
    }
  });

  test('copies a message line by line, through buffers of its group, in time of the kernel', () => {
    // 200 bytes are 4 lines; 3 us at 2.5 GHz are 7,500 cycles, 1,875 a line, and 8 for its copy. 212,992 / 776 = 274 messages for each of two
    const { steps } = play(programOf('hackbench', { groups: 2, fds: 2, loops: 3, bytes: 200, syscall: us(3) }), 400, inTurn);
    const of = (task: number): unknown => steps.find((step) => step.task === task && step.phase.kind === RUN)!.phase;
    const copy = { instructions: 4, cyclesPerInstruction: 1883, accessesPerInstruction: 1, isSystem: true, workingSetBytes: 2 * 274 * 256 };
    expect(of(5)).toMatchObject({ ...copy, region: 1, writeShare: 1, work: 0 });
    expect(of(6)).toMatchObject({ ...copy, region: 1, writeShare: 0, work: 1, isWorkAtEnd: true });
  });

  test('a sender sends to the receivers of its group in turn', () => {
    const { step, woken } = stepped({ groups: 2, fds: 3 });
    expect([9, 10, 11].map((receiver) => step(receiver))).toEqual([BLOCK, BLOCK, BLOCK]);
    expect([1, 2, 3, 4].map(() => [step(6), ...woken()])).toEqual([
      [RUN, 9],
      [RUN, 10],
      [RUN, 11],
      [RUN], // the second for 9, who has not yet read the first
    ]);
  });

  test.each([
    ['pipe', 64, 4], // 4 messages of 1000 bytes a page, 16 pages, and one page is to be free
    ['sockets', 135, 102], // 212,992 / 1576, and a quarter, 33, may be left
  ])('a sender to %s of %i messages waits when they are full, for as many reads as %i', (ipc, capacity, reads) => {
    const { step, woken } = stepped({ groups: 1, fds: 1, bytes: 1000, ipc, loops: 1000 });
    let written = 1;
    while (step(0) === RUN) written++;
    expect(written).toBe(capacity);
    woken();
    step(1); // begins to read
    let read = 1;
    for (; step(1) === RUN && woken().length === 0; read++);
    expect(read).toBe(reads);
  });

  test('ends as a whole when there is no memory for the buffers of some group', () => {
    for (const choose of [inTurn, latestFirst]) {
      const trace = play(programOf('hackbench', { groups: 3, fds: 20 }), 500, choose, MiB(2)); // of 20 x 315 x 128 bytes for each of three
      expect([trace.doneCount, trace.stuck, trace.measuring]).toEqual([120, [], 0]);
    }
    // a pipe of 16 messages of a page for each of 200 receivers: 12.5 MiB; of 1350 MiB for 1000 groups each has 1.35, less than a block
    expect(() => programOf('hackbench', { groups: 1000, fds: 200, bytes: 4096, ipc: 'pipe' })).toThrow(/= 13107200 bytes, want at most 0 /);
  });
});

describe('a buffer of messages', () => {
  const woken: number[] = [];
  const calls = { nowNs: 0, wake: (task: number) => void woken.push(task), allocate: () => true, free: () => {}, startMeasuring: () => {} };
  const fill = (buffers: MessageBuffers, count: number): void => {
    for (let i = 0; i < count; i++) {
      expect(buffers.beginWrite(1, 7)).toBe(true);
      buffers.endWrite(1, calls);
    }
  };
  const read = (buffers: MessageBuffers): number[] => {
    woken.length = 0;
    expect(buffers.beginRead(1, 9)).toBe(true);
    buffers.endRead(1, calls);
    return [...woken];
  };

  test('wakes all writers of a socket when a quarter is left', () => {
    const buffers = new MessageBuffers({ capacity: 8, wakeAt: 2, isOneByOne: false }, 2, 3);
    fill(buffers, 8);
    expect([4, 6, 5].map((task) => buffers.beginWrite(1, task))).toEqual([false, false, false]);
    expect([1, 2, 3, 4, 5, 6, 7].map(() => read(buffers))).toEqual([[], [], [], [], [], [4, 6, 5], []]);
    expect(buffers.fullCount).toBe(3);
  });

  test('wakes one writer of a pipe when a page is free, and that one the next after it wrote', () => {
    const buffers = new MessageBuffers({ capacity: 8, wakeAt: 5, isOneByOne: true }, 2, 3);
    fill(buffers, 8);
    for (const task of [4, 6, 5]) buffers.beginWrite(1, task);
    expect([1, 2, 3].map(() => read(buffers))).toEqual([[], [], [4]]);
    woken.length = 0;
    fill(buffers, 2);
    expect(woken).toEqual([6, 5]);
    fill(buffers, 1); // full again: nobody is left to wake
    expect(buffers.beginWrite(1, 4)).toBe(false);
  });

  test('can be read as often as it was written, not counting a write under way', () => {
    const buffers = new MessageBuffers({ capacity: 8, wakeAt: 5, isOneByOne: true }, 2, 3);
    fill(buffers, 3);
    expect(buffers.beginWrite(1, 7)).toBe(true);
    expect([1, 2, 3, 4].map(() => buffers.beginRead(1, 9))).toEqual([true, true, true, false]);
  });

  test('wakes its reader with the first message after it was empty, and not again', () => {
    const buffers = new MessageBuffers({ capacity: 8, wakeAt: 5, isOneByOne: true }, 2, 3);
    expect([buffers.beginRead(1, 9), buffers.emptyCount]).toEqual([false, 1]);
    woken.length = 0;
    fill(buffers, 2);
    expect(woken).toEqual([9]);
    expect(buffers.beginRead(0, 3)).toBe(false); // the other buffer has had none
  });
});

describe('one pair of hackbench on a machine without effects of NUMA', () => {
  // 4 lines of 256 bytes: 3,000 ns, 4 x 8 cycles at 1.7 GHz, and 4 hits of 43 cycles, 4 at once: 3,044.1 ns, up to whole ones
  const PHASE_NS = 3045;
  const elapsedNs = (cpus: number[], change: Partial<typeof FREE_COSTS> = {}): GuestRecord =>
    ran({
      machine: buildMachine(uniform),
      policy: pinned(cpus, () => 0),
      guests: [guest(workload('hackbench'), { vcpus: cpus.length, set: { groups: 1, fds: 1, loops: 50, bytes: 256, syscall: us(3) } })],
      costs: { ...FREE_COSTS, ...change },
    }).guests[0]!;

  test('takes the time of all writes and reads on one CPU', () => {
    const { elapsedNs: ns, figures, sysNs } = elapsedNs([0]);
    expect(ns).toBe(2 * 50 * PHASE_NS);
    expect(figures).toEqual({ messages: 50, waitsAtFull: 0, waitsAtEmpty: 1 });
    expect(sysNs).toBe(ns);
  });

  test('takes the time of the writes and the last read on two', () => {
    expect(elapsedNs([0, 1]).elapsedNs).toBe(51 * PHASE_NS);
  });

  test('a reader that is slow to wake is late once, and from then on always has a message', () => {
    expect(elapsedNs([0, 1], { ipiNs: 500 }).elapsedNs).toBe(51 * PHASE_NS + 500);
  });
});

/** A program by hand, after its setting up: the first sender of the last group was the last to be ready and has begun its first message. */
function stepped(options: OptionValues): { step: (task: number) => number; woken: () => number[] } {
  const program = programOf('hackbench', options);
  const woken: number[] = [];
  const calls = { nowNs: 0, wake: (task: number) => void woken.push(task), allocate: () => true, free: () => {}, startMeasuring: () => {} };
  const step = (task: number): number => {
    const phase = emptyPhase();
    program.next(task, phase, calls);
    return phase.kind;
  };
  const tasks = Array.from({ length: program.tasks }, (_, task) => task);
  const fillers = tasks.filter((task) => step(task) === TOUCH);
  for (const task of fillers) step(task);
  woken.length = 0;
  return { step, woken: () => woken.splice(0) };
}

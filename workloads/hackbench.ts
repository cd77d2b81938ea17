import { choiceOption, numberOption } from '../sim/options.ts';
import { KiB, LINE_BYTES, PAGE_BYTES, us } from '../sim/units.ts';
import {
  BLOCK,
  DONE,
  type GuestCalls,
  type Phase,
  RANDOM,
  RUN,
  TOUCH,
  type WorkloadEntry,
  type WorkloadSetup,
} from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { type BufferKind, MessageBuffers } from './message-buffers.ts';

/** Pages of a pipe (pipe(7)); each holds whole messages of up to a page (fs/pipe.c, pipe_write). */
const PIPE_PAGES = 16;
/** Of a socket what may be on its way (net.core.wmem_default), and what a message takes of it besides its bytes (assumed). */
const SOCKET_BYTES = 212_992;
const SOCKET_MESSAGE_BYTES = 576;
const COPIED_LINE_CYCLES = 8; // assumed: 8 bytes a cycle from the core's own caches
/** Share of the guest's free memory that buffers may take, so that the guest itself is never short. */
const MEMORY_SHARE = 0.75;

/** What a task does next. */
const START = 0;
const READY = 1;
const BEGIN = 2;
const END = 3;

/**
 * hackbench (rt-tests; `perf bench sched messaging`): groups of `fds` senders and as many receivers, and each sender sends `loops` messages
 * to each receiver of its group. A receiver has one socket or pipe, which all senders of its group write to. Its result is the time from
 * when all are ready until all are done. A write or read takes CPU time of the kernel, and the bytes are copied through memory that the
 * first sender of the group has filled. A writer waits at a full buffer: at a pipe until a page is free, one writer after the other
 * (pipe_read, pipe_write), at a socket until a quarter is left, and then all go on (unix_write_space). Room is counted in messages.
 * Threads and processes are alike here, as the guest's kernel has one price for a switch.
 */
export const hackbench: WorkloadEntry = {
  name: 'hackbench',
  summary: 'groups of senders and receivers that pass messages through sockets or pipes: how long until all are through',
  ends: 'by itself',
  options: [
    { name: 'groups', summary: 'groups of senders and receivers', kind: 'count', default: 10, min: 1, max: 1000 },
    { name: 'fds', summary: 'senders of a group, and receivers', kind: 'count', default: 20, min: 1, max: 200 },
    { name: 'loops', summary: 'messages from each sender to each receiver', kind: 'count', default: 100, min: 1, max: 1_000_000 },
    { name: 'bytes', summary: 'size of a message', kind: 'bytes', default: 100, min: 1, max: KiB(64) },
    { name: 'ipc', summary: 'what messages go through', kind: 'choice', default: 'sockets', choices: ['sockets', 'pipe'] },
    { name: 'syscall', summary: 'CPU time of a write or read but for the copy', kind: 'time', default: us(1), min: 1 },
  ],
  build(options, setup) {
    const [groups, fds, loops, bytes] = ['groups', 'fds', 'loops', 'bytes'].map((name) => numberOption(options, name)) as [
      number,
      number,
      number,
      number,
    ];
    const kind = bufferKind(choiceOption(options, 'ipc'), bytes);
    const groupBytes = bufferBytes(setup, groups, fds * kind.capacity * Math.ceil(bytes / LINE_BYTES) * LINE_BYTES);
    const tasks = groups * 2 * fds;
    const lines = Math.ceil(bytes / LINE_BYTES);
    const lineCycles = (numberOption(options, 'syscall') * setup.clockGHz) / lines + COPIED_LINE_CYCLES;

    const ready = new Barrier(tasks);
    const buffers = new MessageBuffers(kind, groups * fds, fds);
    const step = new Uint8Array(tasks);
    const messages = new Float64Array(tasks); // [task] sent or received
    let receivedCount = 0;
    let isFailed = false;

    function fillTouch(phase: Phase, group: number, calls: GuestCalls): void {
      if (calls.allocate(group, groupBytes)) {
        phase.kind = TOUCH;
        phase.region = group;
        phase.bytes = groupBytes;
        return;
      }
      isFailed = true; // all end, as they do when one fails
      ready.release(calls);
      phase.kind = DONE;
    }

    /** A line an instruction. */
    function fillCopy(phase: Phase, group: number, isWrite: boolean): void {
      phase.kind = RUN;
      phase.isSystem = true;
      phase.instructions = lines;
      phase.cyclesPerInstruction = lineCycles;
      phase.accessesPerInstruction = 1;
      phase.linesInFlight = Infinity;
      phase.writeShare = isWrite ? 1 : 0;
      phase.region = group;
      phase.pattern = RANDOM;
      phase.workingSetBytes = groupBytes;
      if (isWrite) return;
      phase.work = 1;
      phase.isWorkAtEnd = true;
    }

    /** A sender has sent to each receiver in turn, so the next is by the number of its message; a receiver has but one buffer. */
    function bufferOf(task: number, group: number, isSender: boolean): number {
      return group * fds + (isSender ? messages[task]! % fds : (task % (2 * fds)) - fds);
    }

    function next(task: number, phase: Phase, calls: GuestCalls): void {
      const group = Math.floor(task / (2 * fds));
      const isSender = task % (2 * fds) < fds;
      phase.kind = isFailed ? DONE : BLOCK; // what a return without a phase means
      if (isFailed) return;
      if (step[task] === START) {
        step[task] = READY;
        if (task % (2 * fds) === 0) return fillTouch(phase, group, calls);
      }
      if (step[task] === READY) {
        step[task] = BEGIN;
        if (!ready.arrive(task, calls)) return;
        calls.startMeasuring();
      }
      const buffer = bufferOf(task, group, isSender);
      if (step[task] === END) {
        step[task] = BEGIN;
        if (isSender) buffers.endWrite(buffer, calls);
        else {
          buffers.endRead(buffer, calls);
          receivedCount++;
        }
        if (++messages[task]! === loops * fds) {
          phase.kind = DONE;
          return;
        }
      }
      const at = bufferOf(task, group, isSender);
      if (!(isSender ? buffers.beginWrite(at, task) : buffers.beginRead(at, task))) return;
      step[task] = END;
      fillCopy(phase, group, isSender);
    }

    return {
      tasks,
      regions: groups,
      unit: 'messages/s',
      next,
      figures: () => ({ messages: receivedCount, waitsAtFull: buffers.fullCount, waitsAtEmpty: buffers.emptyCount }),
    };
  },
};

function bufferKind(ipc: string, bytes: number): BufferKind {
  if (ipc === 'pipe') {
    const perPage = Math.max(1, Math.floor(PAGE_BYTES / bytes));
    const pages = Math.ceil(bytes / PAGE_BYTES); // of a message
    const capacity = Math.max(1, Math.floor(PIPE_PAGES / pages)) * perPage;
    return { capacity, wakeAt: capacity - perPage, isOneByOne: true };
  }
  const capacity = Math.max(1, Math.floor(SOCKET_BYTES / (bytes + SOCKET_MESSAGE_BYTES)));
  return { capacity, wakeAt: Math.floor(capacity / 4), isOneByOne: false };
}

/** Memory of a group's buffers. @throws RangeError when they do not fit the guest */
function bufferBytes({ freeBytes, blockBytes }: WorkloadSetup, groups: number, bytes: number): number {
  const most = Math.floor((freeBytes * MEMORY_SHARE) / groups / blockBytes) * blockBytes;
  if (bytes > most) {
    throw new RangeError(
      `hackbench: buffers of a group = ${bytes} bytes, want at most ${most} (3/4 of the guest's free memory over ${groups} groups)`,
    );
  }
  return bytes;
}

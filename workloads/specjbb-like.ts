import { choiceOption, numberOption, type OptionValues } from '../sim/options.ts';
import { exponential } from '../sim/random.ts';
import { KiB, LINE_BYTES, MiB, NONE, PAGE_BYTES, us } from '../sim/units.ts';
import {
  BLOCK,
  DONE,
  type GuestCalls,
  type Phase,
  RANDOM,
  RUN,
  SLEEP,
  TOUCH,
  type WorkloadEntry,
  type WorkloadSetup,
} from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { wholeNs } from './computing.ts';
import { LogHistogram } from './log-histogram.ts';
import { Safepoint } from './safepoint.ts';

/** Instructions per cycle at which a transaction has the length asked for: what the figures below give on idle local memory. Assumed. */
const IPC = 0.7;
const CYCLES_PER_INSTRUCTION = 1; //    assumed: without the wait for memory
const ACCESSES_PER_INSTRUCTION = 0.008; // assumed: to the last-level cache
const LINES_IN_FLIGHT = 2; //           assumed: objects are found through each other
const WRITE_SHARE = 0.2; //             assumed
const HEAP_BYTES = MiB(40); //          assumed, as are all that follow
const SMALLEST_HEAP_BYTES = MiB(1);
/** Share of a warehouse's heap in which objects are born; the rest holds what lives. */
const YOUNG_SHARE = 0.4;
/** New objects are written at once for some transactions: one phase for all of them. */
const BURST_TRANSACTIONS = 10;
const BURST_BYTES = BURST_TRANSACTIONS * KiB(20);
const CYCLES_PER_NEW_LINE = 8;
const CYCLES_PER_COPIED_LINE = 20;
/** Share of the guest's free memory that all heaps may take, so that the guest itself is never short. */
const MEMORY_SHARE = 0.75;

/** What a thread does next. */
const TOUCH_LIVE = 0;
const TOUCH_YOUNG = 1;
const READY = 2;
const GATE = 3;
const COLLECT = 4;
const THINK = 5;
const AWAKE = 6;
const BEGIN = 7;
const TRANSACT = 8;
const COMPLETE = 9;

/**
 * A Java server in the shape of SPECjbb2005: a thread a warehouse, with a heap of its own that it touched itself, runs transactions
 * without end. Their CPU times are exponential; each reads and writes what lives on the heap, and one in ten first writes the new
 * objects of ten. When the young part of a heap is full, all threads stop after their transaction, and the last to stop copies what
 * survives of all young parts, alone. A transaction's response time starts where the one before it ended, or its sleep, so a
 * collection makes the next ones late. Percentiles are of a histogram with buckets 2^(1/8) wide: within 4.5 %.
 * After: SPECjbb2005 as SPEC describes it. No figure is taken from it: all are assumed, and are to be fitted where it matters. Not
 * modelled: collections of what lives, more than one collecting thread, and objects that move between heaps: at most (`objects`) they are
 * mixed from the beginning.
 */
export const specjbbLike: WorkloadEntry = {
  name: 'specjbb-like',
  summary: 'transactions of a Java server: each thread works on its own heap for ever, collections stop them all',
  ends: 'never',
  options: [
    { name: 'warehouses', summary: 'threads; 0: as many as vCPUs', kind: 'count', default: 0, min: 0, max: 4096 },
    { name: 'heap', summary: 'heap of each warehouse; 0: 40 MiB, or less where the guest is small', kind: 'bytes', default: 0, min: 0 },
    {
      name: 'objects',
      summary: 'own: those of a warehouse lie where its thread touched them; mixed: all over the heaps of all, as collections leave them',
      kind: 'choice',
      default: 'own',
      choices: ['own', 'mixed'],
    },
    { name: 'service', summary: 'mean CPU time of a transaction on idle local memory', kind: 'time', default: us(100), min: us(1) },
    { name: 'think', summary: 'mean time between two transactions', kind: 'time', default: 0, min: 0 },
    { name: 'survive', summary: 'share of the young objects that a collection copies', kind: 'share', default: 0.05, min: 0.001, max: 1 },
  ],
  build(options, setup) {
    const threads = numberOption(options, 'warehouses') || setup.vcpus;
    const { liveBytes, youngBytes } = heapOf(options, setup, threads);
    const instructions = numberOption(options, 'service') * IPC * setup.clockGHz;
    const thinkNs = numberOption(options, 'think');
    const copiedLines = (numberOption(options, 'survive') * youngBytes) / LINE_BYTES;
    const isMixed = choiceOption(options, 'objects') === 'mixed';
    const sizes = Array.from({ length: threads }, (_, thread) => setup.stream(thread, 'transaction'));
    const thinks = Array.from({ length: threads }, (_, thread) => setup.stream(thread, 'think'));

    const started = new Barrier(threads);
    const safepoint = new Safepoint(threads);
    const responses = new LogHistogram();
    const step = new Uint8Array(threads);
    const begunCount = new Float64Array(threads); // [thread] transactions
    const usedBytes = new Float64Array(threads); //  [thread] of its young part
    const sinceNs = new Float64Array(threads).fill(NONE); // [thread] when its transaction was due
    let collectedCount = 0; // young parts that the collection under way has done
    let wantedNs = 0;
    let pauseNs = 0;
    let pauseCount = 0;
    let isFailed = false;

    /** Regions: a heap's living part is even, its young part odd. */
    function fillTouch(phase: Phase, region: number, bytes: number, calls: GuestCalls): void {
      if (!calls.allocate(region, bytes)) {
        isFailed = true; // the runtime ends, with all its threads
        started.release(calls);
        phase.kind = DONE;
        return;
      }
      phase.kind = TOUCH;
      phase.region = region;
      phase.bytes = bytes;
    }

    /** Whose heap a transaction works on, or its new objects are in: mixed ones are in each in turn, and new ones move on with each collection. */
    const ownerOf = (thread: number, turn: number): number => (isMixed ? (thread + turn) % threads : thread);

    function fillTransaction(phase: Phase, thread: number): void {
      phase.kind = RUN;
      phase.instructions = Math.max(1, exponential(sizes[thread]!, instructions));
      phase.cyclesPerInstruction = CYCLES_PER_INSTRUCTION;
      phase.accessesPerInstruction = ACCESSES_PER_INSTRUCTION;
      phase.linesInFlight = LINES_IN_FLIGHT;
      phase.writeShare = WRITE_SHARE;
      phase.region = 2 * ownerOf(thread, begunCount[thread]!);
      phase.pattern = RANDOM;
      phase.workingSetBytes = isMixed ? liveBytes * threads : liveBytes;
      phase.work = 1;
      phase.isWorkAtEnd = true;
    }

    /** Lines of a young part, one an instruction. */
    function fillYoung(phase: Phase, owner: number, lines: number, cycles: number, linesInFlight: number, writeShare: number): void {
      phase.kind = RUN;
      phase.instructions = lines;
      phase.cyclesPerInstruction = cycles;
      phase.accessesPerInstruction = 1;
      phase.linesInFlight = linesInFlight;
      phase.writeShare = writeShare;
      phase.region = 2 * owner + 1;
      phase.pattern = RANDOM;
      phase.workingSetBytes = youngBytes;
    }

    function complete(thread: number, nowNs: number): void {
      responses.add(Math.max(1, nowNs - sinceNs[thread]!));
      sinceNs[thread] = nowNs;
      if (safepoint.isWanted || usedBytes[thread]! + BURST_BYTES <= youngBytes) return;
      safepoint.isWanted = true;
      wantedNs = nowNs;
    }

    function endCollection(calls: GuestCalls): void {
      collectedCount = 0;
      usedBytes.fill(0);
      pauseNs += calls.nowNs - wantedNs;
      pauseCount++;
      safepoint.release(calls);
    }

    /** Each `if` is a step that leads to the next below it, but the last, which leads back to GATE. */
    function next(thread: number, phase: Phase, calls: GuestCalls): void {
      phase.kind = isFailed ? DONE : BLOCK; // what a return without a phase means
      if (isFailed) return;
      if (step[thread] === TOUCH_LIVE) {
        step[thread] = TOUCH_YOUNG;
        return fillTouch(phase, 2 * thread, liveBytes, calls);
      }
      if (step[thread] === TOUCH_YOUNG) {
        step[thread] = READY;
        return fillTouch(phase, 2 * thread + 1, youngBytes, calls);
      }
      if (step[thread] === READY) {
        step[thread] = GATE;
        if (!started.arrive(thread, calls)) return;
        calls.startMeasuring();
      }
      if (step[thread] === COMPLETE) {
        step[thread] = GATE;
        complete(thread, calls.nowNs);
      }
      if (step[thread] === GATE) {
        if (safepoint.isWanted && !safepoint.stop(thread)) return;
        step[thread] = safepoint.isWanted ? COLLECT : THINK;
      }
      if (step[thread] === COLLECT) {
        if (collectedCount < threads) return fillYoung(phase, collectedCount++, copiedLines, CYCLES_PER_COPIED_LINE, LINES_IN_FLIGHT, 0.5);
        endCollection(calls);
        step[thread] = THINK;
      }
      if (step[thread] === THINK) {
        step[thread] = thinkNs > 0 ? AWAKE : BEGIN;
        if (sinceNs[thread] === NONE) sinceNs[thread] = calls.nowNs;
        if (thinkNs > 0) {
          phase.kind = SLEEP;
          phase.durationNs = wholeNs(exponential(thinks[thread]!, thinkNs));
          sinceNs[thread] = calls.nowNs + phase.durationNs;
          safepoint.sleep();
          return;
        }
      }
      if (step[thread] === AWAKE) {
        step[thread] = BEGIN;
        if (!safepoint.wake(thread)) return;
      }
      if (step[thread] === BEGIN) {
        step[thread] = TRANSACT;
        if (begunCount[thread]!++ % BURST_TRANSACTIONS === 0) {
          usedBytes[thread]! += BURST_BYTES;
          return fillYoung(phase, ownerOf(thread, pauseCount), BURST_BYTES / LINE_BYTES, CYCLES_PER_NEW_LINE, Infinity, 1);
        }
      }
      step[thread] = COMPLETE;
      fillTransaction(phase, thread);
    }

    return {
      tasks: threads,
      regions: 2 * threads,
      unit: 'tx/s',
      next,
      figures: () => ({
        ...(responses.count > 0
          ? { meanResponseNs: responses.mean, p95ResponseNs: responses.quantile(0.95), p99ResponseNs: responses.quantile(0.99) }
          : {}),
        collections: pauseCount,
        ...(pauseCount > 0 ? { meanPauseNs: pauseNs / pauseCount } : {}),
      }),
    };
  },
};

/** The two parts of a warehouse's heap, in whole pages. @throws RangeError when the heaps do not fit the guest */
function heapOf(options: OptionValues, setup: WorkloadSetup, threads: number): { liveBytes: number; youngBytes: number } {
  const asked = numberOption(options, 'heap');
  const most = Math.floor((setup.freeBytes * MEMORY_SHARE) / threads / setup.blockBytes - 1) * setup.blockBytes; // each part ends in a block of its own
  const bytes = asked === 0 ? Math.min(HEAP_BYTES, most) : asked;
  if (!(bytes >= SMALLEST_HEAP_BYTES && bytes <= most)) {
    throw new RangeError(
      `specjbb-like: heap = ${asked}, want ${SMALLEST_HEAP_BYTES} to ${Math.max(0, most)} bytes (3/4 of the guest's free memory over ${threads} warehouses)`,
    );
  }
  const youngBytes = Math.floor((bytes * YOUNG_SHARE) / PAGE_BYTES) * PAGE_BYTES;
  return { liveBytes: Math.floor((bytes - youngBytes) / PAGE_BYTES) * PAGE_BYTES, youngBytes };
}

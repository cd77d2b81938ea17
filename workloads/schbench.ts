import { numberOption } from '../sim/options.ts';
import { KiB, seconds, us } from '../sim/units.ts';
import { BLOCK, DONE, type GuestCalls, type Phase, RUN, SLEEP, SWEEP, TOUCH, type WorkloadEntry } from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { latencyFigures, latencyOf } from './latencies.ts';
import { LogHistogram } from './log-histogram.ts';

/** Numbers of a matrix are of 8 bytes, and there are three matrices. */
const MATRIX_BYTES_SHARE = 3 * 8;
const STEP_CYCLES = 3; // assumed: a multiplication and an addition, with their loads from the core's own caches
/** Beyond these caches a step fetches a line of eight numbers for its eighth: matrices are walked by column, and a column's lines stay. */
const ACCESSES_PER_STEP = 1 / 8;
/** Share of the guest's free memory that matrices may take, so that the guest itself is never short. */
const MEMORY_SHARE = 0.75;

/** What a worker does next. */
const START = 0;
const READY = 1;
const ASK = 2;
const WOKEN = 3;
const THINK = 4;
const WORK = 5;
const FINISH = 6;

/**
 * schbench (Chris Mason): message threads wake worker threads, and what counts is how soon these run. A worker asks its message thread, which
 * wakes all that have asked; it then sleeps a little, as if for the network, multiplies matrices, and asks again. Wakeup latency is from
 * when the message thread began to wake to when the worker runs, request latency from there to the end of its work. With `rps` requests
 * are due at even intervals, of each message thread so many a second, and go to its workers in turn; the request latency then counts from when one
 * was due, where schbench counts from when a worker comes to it. Waking takes no CPU time of its own; schbench's spinning for a lock of
 * the CPU that a worker runs on is left out (its -L).
 */
export const schbench: WorkloadEntry = {
  name: 'schbench',
  summary: 'message threads wake workers, which multiply matrices: wakeup and request latencies',
  ends: 'never',
  options: [
    { name: 'message', summary: 'message threads (-m)', kind: 'count', default: 1, min: 1, max: 1000 },
    {
      name: 'threads',
      summary: 'workers of each message thread (-t); 0: as many as vCPUs',
      kind: 'count',
      default: 0,
      min: 0,
      max: 10_000,
    },
    { name: 'footprint', summary: 'the three matrices of a worker (-F)', kind: 'bytes', default: KiB(256), min: KiB(1) },
    { name: 'operations', summary: 'matrix multiplications a request (-n)', kind: 'count', default: 5, min: 1, max: 1_000_000 },
    { name: 'sleep', summary: 'time asleep before them (-s)', kind: 'time', default: us(100), min: 0 },
    {
      name: 'rps',
      summary: 'requests a second to each message thread (-R); 0: a worker asks for the next when it is done',
      kind: 'count',
      default: 0,
      min: 0,
      max: 100_000_000,
    },
  ],
  build(options, setup) {
    const messageThreads = numberOption(options, 'message');
    const workers = numberOption(options, 'threads') || setup.vcpus; // of a message thread
    const footprintBytes = numberOption(options, 'footprint');
    const operations = numberOption(options, 'operations');
    const sleepNs = numberOption(options, 'sleep');
    const rps = numberOption(options, 'rps');
    const perGroup = workers + 1; // the message thread comes first
    const tasks = messageThreads * perGroup;
    const regionCount = messageThreads * workers;
    const most = Math.floor((setup.freeBytes * MEMORY_SHARE) / regionCount / setup.blockBytes) * setup.blockBytes;
    if (footprintBytes > most) {
      throw new RangeError(
        `schbench: footprint = ${footprintBytes}, want at most ${most} bytes (3/4 of the guest's free memory over ${regionCount} workers)`,
      );
    }
    const side = Math.max(1, Math.floor(Math.sqrt(footprintBytes / MATRIX_BYTES_SHARE)));
    const accesses = footprintBytes > setup.l2Bytes ? ACCESSES_PER_STEP : 0;

    const ready = new Barrier(tasks);
    const step = new Uint8Array(tasks);
    const isAsking = new Uint8Array(tasks); //    [worker] asleep until its message thread wakes it
    const isListening = new Uint8Array(tasks); // [message thread] asleep until a worker asks
    const fromNs = new Float64Array(tasks); //    [worker] when it was woken, then when its request began
    const sentCount = new Float64Array(tasks); // [message thread, worker] with rps: requests
    const doneCount = new Float64Array(tasks); // [worker]
    const wakes = new LogHistogram();
    const requests = new LogHistogram();
    let startNs = 0;
    let isFailed = false;

    /** When a message thread's n-th request is due. */
    function dueNs(request: number): number {
      return startNs + Math.round(((request + 1) * seconds(1)) / rps);
    }

    function wakeWorker(worker: number, nowNs: number, calls: GuestCalls): void {
      if (isAsking[worker] === 0) return;
      isAsking[worker] = 0;
      fromNs[worker] = nowNs;
      calls.wake(worker);
    }

    function message(thread: number, phase: Phase, calls: GuestCalls): void {
      if (rps > 0) {
        while (dueNs(sentCount[thread]!) <= calls.nowNs) {
          const worker = thread + 1 + (sentCount[thread]!++ % workers);
          sentCount[worker]!++;
          wakeWorker(worker, calls.nowNs, calls);
        }
        phase.kind = SLEEP;
        phase.durationNs = dueNs(sentCount[thread]!) - calls.nowNs;
        return;
      }
      for (let worker = thread + 1; worker < thread + perGroup; worker++) wakeWorker(worker, calls.nowNs, calls);
      isListening[thread] = 1;
      phase.kind = BLOCK;
    }

    /** True when the worker has to wait for its next request. */
    function ask(worker: number, calls: GuestCalls): boolean {
      if (rps > 0 && doneCount[worker]! < sentCount[worker]!) return false;
      isAsking[worker] = 1;
      const thread = worker - (worker % perGroup);
      if (rps === 0 && isListening[thread] === 1) {
        isListening[thread] = 0;
        calls.wake(thread);
      }
      return true;
    }

    function finish(worker: number, nowNs: number): void {
      const request = doneCount[worker]!++ * workers + (worker % perGroup) - 1; // of its message thread
      requests.add(latencyOf(rps > 0 ? dueNs(request) : fromNs[worker]!, nowNs));
    }

    function fillTouch(phase: Phase, region: number, calls: GuestCalls): void {
      if (!calls.allocate(region, footprintBytes)) {
        isFailed = true;
        ready.release(calls);
        phase.kind = DONE;
        return;
      }
      phase.kind = TOUCH;
      phase.region = region;
      phase.bytes = footprintBytes;
    }

    /** An instruction is a step of a multiplication. */
    function fillWork(phase: Phase, region: number): void {
      phase.kind = RUN;
      phase.instructions = operations * side ** 3;
      phase.cyclesPerInstruction = STEP_CYCLES;
      phase.accessesPerInstruction = accesses;
      phase.linesInFlight = Infinity;
      phase.region = region;
      phase.pattern = SWEEP;
      phase.passes = operations * side;
      phase.workingSetBytes = footprintBytes;
      phase.work = 1;
      phase.isWorkAtEnd = true;
    }

    /** Each `if` is a step that leads to the next below it. */
    function next(task: number, phase: Phase, calls: GuestCalls): void {
      const at = task % perGroup;
      const region = Math.floor(task / perGroup) * workers + at - 1;
      phase.kind = isFailed ? DONE : BLOCK; // what a return without a phase means
      if (isFailed) return;
      if (step[task] === START) {
        step[task] = READY;
        if (at > 0) return fillTouch(phase, region, calls);
      }
      if (step[task] === READY) {
        step[task] = ASK;
        if (!ready.arrive(task, calls)) return;
        startNs = calls.nowNs;
        calls.startMeasuring();
      }
      if (at === 0) return message(task, phase, calls);
      if (step[task] === FINISH) {
        step[task] = ASK;
        finish(task, calls.nowNs);
      }
      if (step[task] === ASK) {
        step[task] = WOKEN;
        if (ask(task, calls)) return;
        fromNs[task] = -1; // nobody had to wake it
      }
      if (step[task] === WOKEN) {
        step[task] = THINK;
        if (fromNs[task]! >= 0) wakes.add(latencyOf(fromNs[task]!, calls.nowNs));
        fromNs[task] = calls.nowNs;
      }
      if (step[task] === THINK) {
        step[task] = WORK;
        if (sleepNs > 0) {
          phase.kind = SLEEP;
          phase.durationNs = sleepNs;
          return;
        }
      }
      step[task] = FINISH;
      fillWork(phase, region);
    }

    return {
      tasks,
      regions: regionCount,
      unit: 'requests/s',
      next,
      figures: () => ({ ...latencyFigures('Wake', wakes), ...latencyFigures('Request', requests) }),
    };
  },
};

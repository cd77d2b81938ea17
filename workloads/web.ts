import { choiceOption, numberOption, type OptionValues } from '../sim/options.ts';
import { below, type Random } from '../sim/random.ts';
import { KiB, MiB, ms, seconds } from '../sim/units.ts';
import { DONE, DOWN, type GuestCalls, type Phase, TOUCH, UP, type WorkloadEntry, type WorkloadSetup } from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { latencyFigures, latencyOf } from './latencies.ts';
import { LAWS, timeLaw } from './laws.ts';
import { LogHistogram } from './log-histogram.ts';
import { memoryWork } from './memory-work.ts';

/** Squared coefficient of variation of the gaps between bursty arrivals. Assumed. */
const BURSTY_SCV = 10;
const DATA_BYTES = MiB(64);
/** Share of the guest's free memory that data and buffers may take, so that the guest itself is never short. */
const MEMORY_SHARE = 0.75;

/** What the task in a slot does next: load data before the server is up, or serve a request. */
const LOAD = 1;
const LOADED = 2;
const ACCEPT = 3;
const PREPARE = 4;
const SERVE = 5;
const ANSWER = 6;
const CLOSE = 7;

/**
 * A server that requests come to whether it keeps up or not (open arrivals), each served by a task of its own: it waits for one of the
 * workers, first come first served, writes its buffers (page faults included), works on the server's data, and is gone. Response times count
 * from the arrival itself, so what waits anywhere is late by all of it. The data are loaded before the server is up, a part by a task for
 * each vCPU, and a request works on a part that was drawn for it. Everything about a request is drawn as it arrives, in the order of arrival,
 * so that it is the same under every policy. Defaults are assumed.
 */
export const web: WorkloadEntry = {
  name: 'web',
  summary: 'requests that come whether the server keeps up or not: response times and their tail',
  ends: 'never',
  options: [
    { name: 'rate', summary: 'mean arrivals per second; 0: by load', kind: 'count', default: 0, min: 0, max: 1_000_000_000 },
    {
      name: 'load',
      summary: 'share of the vCPUs that the requests ask for, where rate is 0',
      kind: 'share',
      default: 0.5,
      min: 0.001,
      max: 10,
    },
    {
      name: 'arrivals',
      summary: 'poisson, or bursty: gaps with a squared coefficient of variation of 10',
      kind: 'choice',
      default: 'poisson',
      choices: ['poisson', 'bursty'],
    },
    { name: 'service', summary: 'mean CPU time of a request', kind: 'time', default: ms(2), min: 1 },
    { name: 'law', summary: 'law of these CPU times', kind: 'choice', default: 'exp', choices: LAWS },
    { name: 'scv', summary: 'squared coefficient of variation of laws h2 and lognormal', kind: 'share', default: 4, min: 0.01, max: 1000 },
    { name: 'workers', summary: 'requests in service at once; 0: all that are there', kind: 'count', default: 0, min: 0, max: 1_000_000 },
    {
      name: 'memory',
      summary: 'share of the CPU time that waits for idle local memory of 67 ns where nothing is cached; 0: no data',
      kind: 'share',
      default: 0.2,
      min: 0,
      max: 0.95,
    },
    { name: 'size', summary: 'data per vCPU; 0: 64 MiB, or less where the guest is small', kind: 'bytes', default: 0, min: 0 },
    { name: 'footprint', summary: 'buffers that each request writes first; 0: none', kind: 'bytes', default: KiB(16), min: 0 },
    {
      name: 'slots',
      summary: 'most requests in the guest at once; one more ends the run',
      kind: 'count',
      default: 4096,
      min: 1,
      max: 1_000_000,
    },
  ],
  build(options, setup) {
    const slots = numberOption(options, 'slots');
    const share = numberOption(options, 'memory');
    const footprintBytes = numberOption(options, 'footprint');
    const loaders = share > 0 ? setup.vcpus : footprintBytes > 0 ? 1 : 0;
    const tasks = loaders + slots;
    const bufferBytes = tasks * footprintBytes;
    const partBytes = share > 0 ? dataBytes(options, setup, bufferBytes) : 0;
    const buffers = partBytes > 0 ? loaders : 0; // the region after those of the data
    const meanNs = numberOption(options, 'service');
    const meanGapNs = seconds(1) / (numberOption(options, 'rate') || (numberOption(options, 'load') * setup.vcpus * 1e9) / meanNs);
    const drawGapNs = timeLaw(choiceOption(options, 'arrivals') === 'bursty' ? 'h2' : 'exp', meanGapNs, BURSTY_SCV);
    const drawServiceNs = timeLaw(choiceOption(options, 'law'), meanNs, numberOption(options, 'scv'));
    const [gaps, services, places] = ['arrival', 'service', 'place'].map((purpose) => setup.stream(0, purpose)) as [Random, Random, Random];
    const fill = memoryWork(setup.clockGHz, share, partBytes);
    const workers = numberOption(options, 'workers');

    const loaded = new Barrier(loaders);
    const step = new Uint8Array(tasks).fill(LOAD, 0, loaders);
    const dueNs = new Float64Array(tasks);
    const serviceNs = new Float64Array(tasks);
    const place = new Int32Array(tasks);
    const responses = new LogHistogram();
    let isUp = loaders === 0;
    let acceptedCount = 0;

    function load(task: number, phase: Phase, calls: GuestCalls): void {
      phase.kind = DONE; // and the server never comes up, unless there is memory
      if (task === 0 && bufferBytes > 0 && !calls.allocate(buffers, bufferBytes)) return;
      if (partBytes === 0) return finishLoading(calls);
      if (!calls.allocate(task, partBytes)) return;
      phase.kind = TOUCH;
      phase.region = task;
      phase.bytes = partBytes;
    }

    function finishLoading(calls: GuestCalls): void {
      if (!loaded.pass(calls)) return;
      isUp = true;
      calls.startMeasuring();
    }

    /** Each `if` is a step that leads to the next below it. */
    function next(task: number, phase: Phase, calls: GuestCalls): void {
      if (step[task] === LOAD) {
        step[task] = LOADED;
        return load(task, phase, calls);
      }
      if (step[task] === LOADED) {
        phase.kind = DONE;
        return finishLoading(calls);
      }
      if (step[task] === ACCEPT) {
        step[task] = PREPARE;
        if (workers > 0) {
          phase.kind = DOWN;
          phase.object = 0;
          return;
        }
      }
      if (step[task] === PREPARE) {
        step[task] = SERVE;
        if (footprintBytes > 0) {
          phase.kind = TOUCH;
          phase.region = buffers;
          phase.offsetBytes = task * footprintBytes;
          phase.bytes = footprintBytes;
          return;
        }
      }
      if (step[task] === SERVE) {
        step[task] = ANSWER;
        fill(phase, serviceNs[task]!, place[task]!);
        phase.work = 1;
        phase.isWorkAtEnd = true;
        return;
      }
      if (step[task] === ANSWER) {
        step[task] = CLOSE;
        responses.add(latencyOf(dueNs[task]!, calls.nowNs));
        if (workers > 0) {
          phase.kind = UP;
          phase.object = 0;
          return;
        }
      }
      phase.kind = DONE;
    }

    return {
      tasks,
      starting: loaders,
      regions: (partBytes > 0 ? loaders : 0) + (bufferBytes > 0 ? 1 : 0),
      semaphores: workers > 0 ? [workers] : [],
      unit: 'requests/s',
      next,
      nextArrivalNs: () => drawGapNs(gaps),
      arrived(slot, nowNs) {
        step[slot] = isUp ? ACCEPT : CLOSE; // nobody listens yet
        if (isUp) acceptedCount++;
        dueNs[slot] = nowNs;
        serviceNs[slot] = drawServiceNs(services);
        place[slot] = below(places, setup.vcpus);
      },
      figures: () => ({ ...latencyFigures('Response', responses), unanswered: acceptedCount - responses.count }),
    };
  },
};

/** Bytes of each vCPU's part of the data. @throws RangeError when they do not fit beside the buffers */
function dataBytes(options: OptionValues, setup: WorkloadSetup, bufferBytes: number): number {
  const asked = numberOption(options, 'size');
  const blocks = Math.floor((setup.freeBytes * MEMORY_SHARE) / setup.blockBytes) - Math.ceil(bufferBytes / setup.blockBytes);
  const most = Math.max(0, Math.floor(blocks / setup.vcpus) * setup.blockBytes); // each part ends in a block of its own
  const bytes = asked || Math.min(DATA_BYTES, most);
  if (bytes === 0 || bytes > most) {
    throw new RangeError(
      `web: size = ${asked}, want at most ${most} bytes (3/4 of the guest's free memory, less the buffers, over ${setup.vcpus} vCPUs)`,
    );
  }
  return bytes;
}

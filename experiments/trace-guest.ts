import type { SchedTrace, Timehist } from '../formats/trace-in/sched-trace.ts';
import { type TaskFilter, type TraceTask, type TraceTasks, tasksOfTimehist, tasksOfTrace } from '../formats/trace-in/trace-tasks.ts';
import { readTrace } from '../formats/trace-in/trace-text.ts';
import { choiceOf, type FileOptions, memoryWord, numbersOf, quantityOf, textsOf } from './file-options.ts';
import { programFrom } from './file-program.ts';
import type { FileWorkload } from './file-words.ts';
import { niceWeight } from './nice-weights.ts';

/** As many vCPUs as a guest can have. */
const MOST_THREADS = 1024;
const MOST_NS = 86_400e9;
const NICE_0 = 120;
const LEAST_FAIR = 100; // below are real-time priorities

/**
 * `trace:FILE`: the threads of a scheduler's trace (perf script, perf sched timehist, trace-cmd report) as one bare process, whose threads
 * run, sleep and wake each other as they did there, on this machine and under this policy.
 */
export const trace: FileWorkload = {
  prefix: 'trace',
  options: ['comm', 'tid', 'pid', 'from', 'to', 'loop', 'wakers'],
  expand(name, text, { options, words }) {
    const read = readTrace(text);
    const { tasks, links, spanNs, remarks } = tasksOf(read, filterOf(options));
    const loop = options.get('loop') === 'forever' ? -1 : (quantityOf(options, 'loop', 'count', 1, 1_000_000) ?? 1);
    if (tasks.length > MOST_THREADS) {
      throw new RangeError(`${tasks.length} threads, want at most ${MOST_THREADS}: comm=, tid= or pid= says which`);
    }
    checkLoop(tasks, loop);
    const { weights, remarks: assumed } = weightsOf(tasks);
    const threads = tasks.map(({ tid, comm, steps }, i) => ({ name: `${comm}-${tid}`, weight: weights[i]!, steps }));
    const replay = { threads, linkCount: links.length, spanNs, loop };
    return {
      words: { guests: [{ name: 'trace', kind: 'bare', vcpus: String(tasks.length), memory: memoryWord(0, words), boot: '0' }] },
      programs: [
        programFrom({ from: 'trace', name: `trace:${name.split('/').pop()!}`, summary: `threads of a trace by ${read.source}`, replay }),
      ],
      remarks: [
        ...remarks,
        ...assumed,
        ...noiseOf(tasks),
        SWITCHES_TWICE,
        'a trace says how long threads ran, not on what: the same time on any CPU, without memory',
      ],
    };
  },
};

const SWITCHES_TWICE = 'run times have in them what switches cost where they were traced; what they cost here is added to it';

/** What `numalab trace` has written of the load of its host. */
function noiseOf(tasks: readonly TraceTask[]): string[] {
  const count = tasks.filter(({ comm }) => comm.startsWith('host-noise')).length;
  if (count === 0) return [];
  return [
    `${count} threads host-noise* are the load of the traced host: --host-noise 0 leaves the simulator's own out, comm=-host-noise* the traced`,
  ];
}

function tasksOf(read: SchedTrace | Timehist, filter: TaskFilter): TraceTasks {
  return read.source === 'perf sched timehist' ? tasksOfTimehist(read, filter) : tasksOfTrace(read, filter);
}

function filterOf(options: FileOptions): TaskFilter {
  const said = textsOf(options, 'comm');
  if (said?.some((name) => name === '' || name === '-')) {
    throw new RangeError(`comm = ${JSON.stringify(options.get('comm'))}, want names such as web-*+db, or -NAME for those to leave out`);
  }
  const [comms, notComms] = [said?.filter((name) => !name.startsWith('-')), said?.filter((name) => name.startsWith('-'))];
  const [tids, pids] = [numbersOf(options, 'tid'), numbersOf(options, 'pid')];
  const [fromNs, toNs] = [quantityOf(options, 'from', 'time', 0, MOST_NS), quantityOf(options, 'to', 'time', 1, MOST_NS)];
  if (fromNs !== undefined && toNs !== undefined && fromNs >= toNs) throw new RangeError(`from = ${options.get('from')!}, want before to`);
  return {
    ...(comms && comms.length > 0 && { comms }),
    ...(notComms && { notComms: notComms.map((name) => name.slice(1)) }),
    ...(tids && { tids }),
    ...(pids && { pids }),
    ...(fromNs !== undefined && { fromNs }),
    ...(toNs !== undefined && { toNs }),
    keepsWakers: choiceOf(options, 'wakers', ['yes', 'no']) !== 'no',
  };
}

/** A thread that only posts would go round for ever without time going on. */
function checkLoop(tasks: readonly TraceTask[], loop: number): void {
  const idle = loop === 1 ? undefined : tasks.find(({ steps }) => steps.every(({ kind }) => kind === 'post'));
  if (idle) throw new RangeError(`loop: thread ${idle.tid} takes no time, want it left out or longer`);
}

/** Weights of their nice values, and what is not known of them. */
function weightsOf(tasks: readonly TraceTask[]): { weights: number[]; remarks: string[] } {
  const weights = tasks.map(({ prio }) => niceWeight(prio === null || prio < LEAST_FAIR ? 0 : prio - NICE_0));
  const unknown = tasks.filter(({ prio }) => prio === null).length;
  const realTime = tasks.filter(({ prio }) => prio !== null && prio < LEAST_FAIR).length;
  return {
    weights,
    remarks: [
      ...(unknown > 0 ? [`${unknown} threads without a priority: nice 0 assumed`] : []),
      ...(realTime > 0 ? [`${realTime} threads with real-time priorities, which are not simulated: run as nice 0`] : []),
    ],
  };
}

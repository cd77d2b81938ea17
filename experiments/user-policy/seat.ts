import { Worker } from 'node:worker_threads';
import type { PolicyExitKind } from '../../sim/assert.ts';
import { BEATS, BlackBox, CALLS, EVENT_COUNT, eventsOf, HOOK, VCPU } from '../../sim/black-box.ts';
import type { PolicyExit } from '../../sim/policy-exit.ts';
import type { Answer, Task } from './answer.ts';
import { HOOKS } from './guard.ts';

export interface Limits {
  /** Of the thread's heap, which holds everything but the elements of typed arrays. */
  readonly heapMb: number;
  /** Of the whole process. */
  readonly processMb: number;
  /** Wall time without any sign of progress: the last resort, as it depends on the machine. */
  readonly stillMs: number;
}

export const LIMITS: Limits = { heapMb: 256, processMb: 8_192, stillMs: 5_000 };

export type Reply = Answer & { readonly printed: string };
export type Order = Omit<Task, 'buffer'>;

const LOOK_MS = 20;
/** Before a policy begins, what files said of its workloads comes over and is made into programs again: so many times as long, at most. */
const MAKING_SHARE = 12;

const TOO_LARGE = ' before the policy began: its workload is from a file too large for a policy of your own';

/** A thread for policies, started when it is needed and ended when a policy misbehaved; it does one task at a time. */
export class Seat {
  readonly #code: string;
  readonly #limits: Limits;
  #worker: Worker | null = null;

  constructor(code: string, limits: Limits = LIMITS) {
    this.#code = code;
    this.#limits = limits;
  }

  /** Always answers, also when the thread had to be ended or ended by itself. */
  async do(order: Order): Promise<Reply> {
    const worker = (this.#worker ??= await this.#started());
    const box = new BlackBox(new SharedArrayBuffer(BlackBox.byteLength));
    const reply = await this.#watched(worker, { ...order, buffer: box.buffer }, box);
    if (reply.told === 'exit' || (reply.told === 'recording' && reply.recording.status === 'policy-error')) await this.close();
    return reply;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  async #started(): Promise<Worker> {
    const worker = new Worker(this.#code, {
      eval: true,
      env: {},
      execArgv: [],
      stdout: true, // and not to ours
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.heapMb },
    });
    await new Promise<void>((resolve, reject) => worker.once('message', () => resolve()).once('error', reject));
    worker.on('error', () => {}); // of a thread that nobody waits for
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    return worker;
  }

  #watched(worker: Worker, task: Task, box: BlackBox): Promise<Reply> {
    const { stillMs, processMb } = this.#limits;
    return new Promise((resolve) => {
      const end = (reply: Reply): void => {
        clearInterval(looks);
        worker.off('message', end).off('error', failed).off('exit', ended).unref();
        resolve(reply);
      };
      const fail = (kind: PolicyExitKind, message: string): void =>
        end({ told: 'exit', exit: exitFrom(box, kind, message), place: null, printed: '' });
      const patienceMs = (): number => (hasBegun(box) ? 1 : MAKING_SHARE) * stillMs;
      let seen = progressOf(box);
      let sinceMs = performance.now();
      const looks = setInterval(() => {
        if (process.memoryUsage.rss() > processMb * 1024 ** 2) return fail('out-of-memory', `more than ${processMb} MiB of memory`);
        const now = progressOf(box);
        if (now !== seen) [seen, sinceMs] = [now, performance.now()];
        else if (performance.now() - sinceMs > patienceMs()) fail('timeout', `no progress for ${patienceMs() / 1000} s of wall time`);
      }, LOOK_MS);
      worker.ref();
      const failed = (error: NodeJS.ErrnoException): void => {
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
          fail('out-of-memory', `more than ${this.#limits.heapMb} MiB of heap${hasBegun(box) ? '' : TOO_LARGE}`);
        else fail('throw', `outside of its hooks: ${String(error)}`);
      };
      const ended = (code: number): void => fail('exit', `its thread ended with code ${code}`);
      worker.on('message', end).on('error', failed).on('exit', ended);
      worker.postMessage(task);
    });
  }
}

function hasBegun({ head }: BlackBox): boolean {
  return Atomics.load(head, BEATS) > 0;
}

/** Changes whenever anything was done: an event, a call of a hook, a beat of the engine. */
function progressOf({ head }: BlackBox): string {
  return `${Atomics.load(head, BEATS)} ${Atomics.load(head, EVENT_COUNT)} ${Atomics.load(head, CALLS)} ${Atomics.load(head, HOOK)}`;
}

function exitFrom(box: BlackBox, kind: PolicyExitKind, message: string): PolicyExit {
  const { head, nowNs } = box;
  const vcpu = head[HOOK] === 0 ? -1 : head[VCPU]!;
  return { kind, message, hook: HOOKS[head[HOOK]!] || 'none', atNs: nowNs[0]!, vcpu: vcpu >= 0 ? vcpu : null, events: eventsOf(box) };
}

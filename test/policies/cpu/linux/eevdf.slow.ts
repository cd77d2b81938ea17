/**
 * EEVDF on one CPU, slow and obvious: V is a fraction of whole numbers, made anew from all that are queued each time it is asked for, and
 * the next is found by looking at all of them. Times are ns; the host's tick is every 4 ms.
 */
interface Task {
  readonly id: number;
  readonly weight: bigint;
  v: bigint;
  deadline: bigint;
  protectedUntil: bigint | null; // deadline of the request it was chosen for
  lag: bigint;
  isNew: boolean;
  arrival: number; // order of queueing
}

const TICK_NS = 4_000_000n;
const NICE_0 = 1024n;

export class SlowEevdf {
  private readonly tasks: Task[];
  private readonly sliceNs: bigint;
  private queued: Task[] = []; //  waiting, running, or asleep and in debt
  private asleep = new Set<Task>(); // of these, the ones that sleep
  private current: Task | null = null;
  private pendingNs = 0n; //       the present one's time that is not in its v
  private arrivals = 0;
  private lastV = 0n; //           where the clock stands when nobody is on it

  constructor(weights: readonly number[], sliceNs: number) {
    this.sliceNs = BigInt(sliceNs);
    this.tasks = weights.map((weight, id) => ({
      id,
      weight: BigInt(weight),
      v: 0n,
      deadline: 0n,
      protectedUntil: null,
      lag: 0n,
      isNew: true,
      arrival: 0,
    }));
  }

  get running(): number {
    return this.current ? this.current.id : -1;
  }

  wake(id: number): void {
    const task = this.tasks[id]!;
    let mustChoose = false;
    if (this.asleep.delete(task)) {
      if (this.lagOf(task) > 0n) {
        this.queued = this.queued.filter((other) => other !== task);
        task.lag = 0n;
        this.place(task);
      }
    } else {
      mustChoose = this.charge();
      this.place(task);
    }
    task.arrival = this.arrivals++;
    if (this.current === null) this.choose();
    else {
      mustChoose = this.charge() || mustChoose;
      if (mustChoose || this.earliest() === task) this.choose();
    }
  }

  block(): void {
    const task = this.current!;
    this.charge();
    if (this.isEligible(task)) {
      task.lag = this.lagOf(task);
      this.take(task);
    } else this.asleep.add(task);
    this.current = null;
    this.choose();
  }

  /** Time passes in a step; at its end there may be a tick. */
  pass(stepNs: number, isTick: boolean): void {
    if (this.current === null) return;
    this.pendingNs += BigInt(stepNs);
    if (isTick && this.charge()) this.choose();
  }

  private virtual(ns: bigint, weight: bigint): bigint {
    return (ns * NICE_0) / weight;
  }

  /** [sum of w * v, sum of w]. */
  private clock(): [bigint, bigint] {
    return this.queued.reduce(([sum, weight], task) => [sum + task.weight * task.v, weight + task.weight], [0n, 0n]);
  }

  private vNow(): bigint {
    const [sum, weight] = this.clock();
    return weight === 0n ? this.lastV : sum / weight; // v is never negative, so this rounds down
  }

  private isEligible(task: Task): boolean {
    const [sum, weight] = this.clock();
    return task.v * weight <= sum;
  }

  private lagOf(task: Task): bigint {
    const limit = this.virtual(2n * this.sliceNs > TICK_NS ? 2n * this.sliceNs : TICK_NS, task.weight);
    const lag = this.vNow() - task.v;
    return lag > limit ? limit : lag < -limit ? -limit : lag;
  }

  private place(task: Task): void {
    const [, others] = this.clock();
    const request = this.virtual(this.sliceNs, task.weight);
    task.v = this.vNow() - (others === 0n ? 0n : (task.lag * (others + task.weight)) / others);
    task.deadline = task.v + (task.isNew ? request / 2n : request);
    task.isNew = false;
    this.queued.push(task);
  }

  private take(task: Task): void {
    this.lastV = this.vNow();
    this.queued = this.queued.filter((other) => other !== task);
    if (this.queued.length > 0) this.lastV = this.vNow();
  }

  /** True if the turn of the present one is over and others are queued. */
  private charge(): boolean {
    const task = this.current;
    if (task === null || this.pendingNs === 0n) return false;
    task.v += this.virtual(this.pendingNs, task.weight);
    this.pendingNs = 0n;
    const isDone = task.v >= task.deadline;
    if (isDone) task.deadline = task.v + this.virtual(this.sliceNs, task.weight);
    if (this.queued.length === 1) return false;
    return isDone || (task.protectedUntil !== task.deadline && !this.isEligible(task));
  }

  private earliest(): Task | null {
    const task = this.current;
    if (task && this.isEligible(task) && task.protectedUntil === task.deadline) return task;
    const rank = (other: Task): number => (other === task ? 2 : this.asleep.has(other) ? 1 : 0); // at equal deadlines
    const eligible = this.queued.filter((other) => this.isEligible(other));
    eligible.sort((a, b) => (a.deadline < b.deadline ? -1 : a.deadline > b.deadline ? 1 : rank(a) - rank(b) || a.arrival - b.arrival));
    return eligible[0] ?? null;
  }

  private choose(): void {
    let next = this.earliest();
    while (next && this.asleep.has(next)) {
      this.asleep.delete(next);
      const lag = this.lagOf(next);
      next.lag = lag < 0n ? lag : 0n;
      this.take(next);
      next = this.earliest();
    }
    const previous = this.current;
    if (next === previous) return;
    this.current = next;
    if (previous) previous.arrival = this.arrivals++;
    if (next) next.protectedUntil = next.deadline;
  }
}

/**
 * CFS on one CPU of one, slow and obvious: whole numbers without limits, and the next is found by looking at all. Times are ns; the tick
 * is every 4 ms. Weights are the kernel's.
 */
interface Task {
  readonly id: number;
  readonly weight: bigint;
  v: bigint;
  turnNs: bigint; // since its turn began
  isNew: boolean;
  arrival: number;
}

const LATENCY_NS = 6_000_000n;
const LEAST_NS = 750_000n;
const WAKEUP_NS = 1_000_000n;
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export class SlowCfs {
  private readonly tasks: Task[];
  private queued: Task[] = []; // waiting or running
  private current: Task | null = null;
  private pendingNs = 0n;
  private arrivals = 0;
  private minV = 0n;

  constructor(weights: readonly number[]) {
    this.tasks = weights.map((weight, id) => ({ id, weight: BigInt(weight), v: 0n, turnNs: 0n, isNew: true, arrival: 0 }));
  }

  get running(): number {
    return this.current ? this.current.id : -1;
  }

  wake(id: number): void {
    const task = this.tasks[id]!;
    this.charge();
    task.v = task.isNew
      ? this.minV + (this.slice(task, [...this.queued, task]) * 1024n) / task.weight
      : max(task.v, this.minV - LATENCY_NS / 2n);
    task.isNew = false;
    task.arrival = this.arrivals++;
    this.queued.push(task);
    if (this.current === null || this.current.v - task.v > (WAKEUP_NS * 1024n) / task.weight) this.choose();
  }

  block(): void {
    this.charge();
    this.queued = this.queued.filter((task) => task !== this.current);
    this.current = null;
    this.advance();
    this.choose();
  }

  pass(stepNs: number, isTick: boolean): void {
    if (this.current === null) return;
    this.pendingNs += BigInt(stepNs);
    if (!isTick) return;
    this.charge();
    if (this.isOver(this.current)) this.choose();
  }

  private isOver(task: Task): boolean {
    if (this.queued.length === 1) return false;
    const slice = this.slice(task, this.queued);
    const ideal = slice < LATENCY_NS ? slice : LATENCY_NS;
    if (task.turnNs > ideal) return true;
    return task.turnNs >= LEAST_NS && this.queued.some((other) => other !== task && task.v - other.v > ideal);
  }

  private slice(task: Task, all: readonly Task[]): bigint {
    const period = all.length > 8 ? BigInt(all.length) * LEAST_NS : LATENCY_NS;
    const weight = all.reduce((sum, other) => sum + other.weight, 0n);
    return max((period * task.weight) / weight, LEAST_NS);
  }

  private charge(): void {
    if (this.current) {
      this.current.v += (this.pendingNs * 1024n) / this.current.weight;
      this.current.turnNs += this.pendingNs;
    }
    this.pendingNs = 0n;
    this.advance();
  }

  private advance(): void {
    const least = this.queued.map(({ v }) => v).sort((a, b) => (a < b ? -1 : 1))[0];
    if (least !== undefined) this.minV = max(this.minV, least);
  }

  private choose(): void {
    const rank = (task: Task): number => (task === this.current ? Infinity : task.arrival);
    const next = [...this.queued].sort((a, b) => (a.v < b.v ? -1 : a.v > b.v ? 1 : rank(a) - rank(b)))[0] ?? null;
    const previous = this.current;
    if (next === previous) return;
    if (previous) previous.arrival = this.arrivals++;
    this.current = next;
    if (next) next.turnNs = 0n;
  }
}

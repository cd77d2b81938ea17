/**
 * The search of NUMA balancing for a better CPU, one rule after the other over plain objects.
 * After: Linux 6.12 kernel/sched/fair.c, task_numa_migrate.
 */
export interface SlowTask {
  readonly name: number;
  readonly group: number | null;
  readonly preferred: number;
  /** [node] thousandths of its own and of its group's faults. */
  readonly own: readonly number[];
  readonly grouped: readonly number[];
  readonly load: number;
  readonly allowed: readonly number[];
}
export interface SlowCpu {
  readonly id: number;
  readonly node: number;
  readonly runs: SlowTask | null;
}
export interface SlowNode {
  readonly load: number;
  readonly running: number;
  readonly cpus: number;
  readonly hasSpare: boolean;
}

interface Found {
  cpu: number;
  swap: SlowTask | null;
  gain: number;
}

/** @returns CPU and the vCPU there to change places with, or null */
export function slowSearch(
  task: SlowTask,
  from: SlowCpu,
  cpus: readonly SlowCpu[],
  nodes: readonly SlowNode[],
  imbNumaNr: number,
  isSpread: boolean,
): Found | null {
  let best: Found | null = null;
  const others = nodes.map((_, node) => node).filter((node) => node !== from.node && node !== task.preferred);
  const src = nodes[from.node]!;

  const look = (node: number): void => {
    const dst = nodes[node]!;
    const own = task.own[node]! - task.own[from.node]!;
    const grouped = task.grouped[node]! - task.grouped[from.node]!;
    const here = cpus.filter((cpu) => cpu.node === node && task.allowed.includes(cpu.id));
    const idle = here.find(({ runs }) => runs === null);
    const unevenness = (moved: number): number => Math.abs((dst.load + moved) / dst.cpus - (src.load - moved) / src.cpus);
    const isWorse = (moved: number): boolean => unevenness(moved) > unevenness(0) + 1e-9;
    let mayMove = !dst.hasSpare && !isWorse(task.load);
    if (dst.hasSpare) {
      const running = dst.running + 1;
      const difference = running - (src.running - 1);
      mayMove = difference <= 0 || (running <= imbNumaNr && difference <= 2);
      if (mayMove && idle) {
        best = { cpu: idle.id, swap: null, gain: 0 };
        return;
      }
    }
    const move = task.group === null ? own : grouped;
    for (const cpu of here) {
      const cur = cpu.runs;
      const least = best?.gain ?? 0;
      if (cur === null) {
        if (!mayMove || move < least) continue;
        best = { cpu: idle!.id, swap: null, gain: move };
        return;
      }
      const home = cur.preferred === from.node;
      const bestHome: boolean = best?.swap?.preferred === from.node;
      const isMate = cur.group === task.group;
      if (!cur.allowed.includes(from.id) || (bestHome && !home) || (isMate && dst.hasSpare)) continue;
      const theirs = !isMate && task.group !== null && cur.group !== null ? cur.grouped : cur.own;
      let gain = (isMate ? own : move) + theirs[from.node]! - theirs[node]!;
      if (isMate && task.group !== null) gain -= Math.trunc(gain / 16);
      if (cur.preferred === node) gain -= Math.trunc(gain / 16);
      if (home) gain += Math.trunc(gain / 8);
      if (mayMove && move > gain && move > least) {
        const kept = cpus.find(({ id, runs }) => id === best?.cpu && runs === null); // an idle one of a node before
        const to = idle ?? kept ?? cpu;
        best = { cpu: to.id, swap: null, gain: move };
        if (to.runs === null) return;
        continue;
      }
      if (!(best?.swap && home && !bestHome)) {
        if (gain < 30 || gain <= least + 15 || (task.load !== cur.load && isWorse(task.load - cur.load))) continue;
      }
      best = { cpu: cpu.id, swap: cur, gain };
      if (!mayMove && home) return;
    }
  };

  look(task.preferred);
  if (best === null || (task.group !== null && isSpread)) {
    for (const node of others) {
      const isGood = task.own[node]! >= task.own[from.node]! || task.grouped[node]! >= task.grouped[from.node]!;
      if (isGood) look(node);
    }
  }
  return best;
}

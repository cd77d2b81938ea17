import { contentionOf, type ContentionModel } from '../sim/contention.ts';
import { CORES, CORES_PER_NODE, eightNodes, type Load, NODES } from './job-c.ts';

export interface Redraws {
  /** CPU time of a solution and all that belongs to it, us. */
  readonly us: number;
  /** Speeds that were new, a solution. */
  readonly changed: number;
}

/**
 * What it costs when one of 48 running vCPUs turns to other work: each has a core of its own and draws on three nodes, 0.5 to 4 GB/s;
 * one of them is drawn anew, the speeds are solved, and every new speed is taken. The draws themselves are made beforehand.
 */
export function redraw(model: ContentionModel, load: Load, count: number): Redraws {
  const contention = contentionOf(model, eightNodes(load, 0), CORES);
  const pages = [load.home, (1 - load.home) * 0.75, (1 - load.home) * 0.25];
  let state = 2463534242;
  const draw = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const node = (core: number): number => Math.floor(core / CORES_PER_NODE);
  const cores = Int32Array.from({ length: count + CORES }, (_, i) => (i < CORES ? i : Math.floor(draw() * CORES)));
  const GBps = Float64Array.from(cores, () => 0.5 + 3.5 * draw());
  const second = Int32Array.from(cores, () => Math.floor(draw() * NODES));
  const third = Int32Array.from(cores, () => Math.floor(draw() * NODES));
  let changed = 0;
  const offer = (i: number): void => {
    const core = cores[i]!;
    const row = node(core) * NODES;
    contention.beginFlow(core, 1, GBps[i]!, GBps[i]!);
    contention.addUse(core, row + node(core), pages[0]!, 1, 0);
    contention.addUse(core, row + second[i]!, pages[1]!, 1, 0);
    contention.addUse(core, row + third[i]!, pages[2]!, 1, 0);
    contention.commitFlow(core);
  };
  const settle = (): void => {
    contention.solve();
    changed += contention.changedCount;
    for (let at = 0; at < contention.changedCount; at++) contention.refresh(contention.changed[at]!);
    contention.takeChanged();
  };
  for (let i = 0; i < CORES; i++) offer(i);
  settle();
  changed = 0;
  const before = process.cpuUsage();
  for (let i = CORES; i < count + CORES; i++) {
    offer(i);
    settle();
  }
  const { user, system } = process.cpuUsage(before);
  contention.certify();
  return { us: (user + system) / count, changed: changed / count };
}

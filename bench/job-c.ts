import { contentionOf, type ContentionModel } from '../sim/contention.ts';
import type { Network } from '../sim/flow-table.ts';
import { CONTROLLER, LINK } from '../sim/machine.ts';

/**
 * Job C, processor sharing of controllers and links: tasks that sleep and work in turn, two for each core, whose work draws on three
 * nodes. With every start and every end the speeds of all that work are worked out anew. `max-min` shares progress fairly, as other
 * fluid simulators do, and then ends at the same time as they to all printed digits.
 */
export interface Load {
  readonly name: string;
  /** Share of a task's memory that lies on its own node; of the rest three quarters lie on a second and one on a third. */
  readonly home: number;
  readonly controllerGBps: number;
  readonly linkGBps: number;
}

export const LOADS: readonly Load[] = [
  { name: 'moderate', home: 0.9, controllerGBps: 16, linkGBps: 6 },
  { name: 'heavy', home: 0.6, controllerGBps: 10, linkGBps: 4 },
];

export interface Outcome {
  /** Starts and ends of work. */
  readonly events: number;
  readonly solves: number;
  readonly endS: number;
}

export const NODES = 8;
export const CORES_PER_NODE = 6;
export const CORES = NODES * CORES_PER_NODE;
const TASKS = 2 * CORES;
const RISE = 0.3647;
const CURVE = 0.5346;

/** Runs each of the 96 tasks for so many activations. */
export function jobC(model: ContentionModel, load: Load, activations: number): Outcome {
  const contention = contentionOf(model, eightNodes(load, CORES), TASKS);
  const pages = [load.home, (1 - load.home) * 0.75, (1 - load.home) * 0.25];
  const state = new Uint32Array(TASKS); // xorshift32, one stream a task
  const draw = (task: number): number => {
    let x = state[task]!;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    state[task] = x;
    return (state[task]! + 1) / 4294967297;
  };
  const demand = new Float64Array(TASKS);
  const left = new Int32Array(TASKS).fill(activations);
  const isWorking = new Uint8Array(TASKS);
  const work = new Float64Array(TASKS); // left to do, a second of it alone
  const since = new Float64Array(TASKS);
  const speed = new Float64Array(TASKS);
  const due = new Float64Array(TASKS).fill(Infinity); // when it starts or, at its present speed, ends
  for (let task = 0; task < TASKS; task++) {
    state[task] = 12345 + 7919 * (task + 1);
    for (let i = 0; i < 8; i++) draw(task);
    demand[task] = 0.5 + 3.5 * draw(task);
  }
  for (let task = 0; task < TASKS; task++) due[task] = -Math.log(draw(task));

  let events = 0;
  let now = 0;
  for (;;) {
    let task = 0;
    let next = Infinity;
    for (let other = 0; other < TASKS; other++) {
      if (due[other]! >= next) continue;
      next = due[other]!;
      task = other;
    }
    if (next === Infinity) break;
    now = next;
    events++;
    if (isWorking[task] === 1) {
      isWorking[task] = 0;
      contention.clearFlow(task);
      due[task] = left[task]! > 0 ? now - Math.log(draw(task)) : Infinity;
    } else {
      left[task]!--;
      isWorking[task] = 1;
      const core = task % CORES;
      const node = Math.floor(core / CORES_PER_NODE);
      const second = Math.floor(draw(task) * NODES) % NODES;
      const third = Math.floor(draw(task) * NODES) % NODES;
      const GBps = demand[task]!;
      contention.beginFlow(task, 1, GBps, GBps, GBps);
      contention.addUse(task, NODES * NODES + core, 1 / GBps, 1, 0);
      contention.addUse(task, node * NODES + node, pages[0]!, 1, 0);
      contention.addUse(task, node * NODES + second, pages[1]!, 1, 0);
      contention.addUse(task, node * NODES + third, pages[2]!, 1, 0);
      contention.commitFlow(task);
      work[task] = 1;
      since[task] = now;
      speed[task] = 0;
    }
    contention.solve();
    for (let i = 0; i < contention.changedCount; i++) {
      const changed = contention.changed[i]!;
      if (isWorking[changed] === 0) continue;
      contention.refresh(changed);
      work[changed]! -= speed[changed]! * (now - since[changed]!);
      since[changed] = now;
      speed[changed] = 1 / contention.unitNs[changed]!;
      due[changed] = now + work[changed]! / speed[changed]!;
    }
    contention.takeChanged();
  }
  return { events, solves: contention.solves, endS: now };
}

/**
 * Eight nodes in four packages, each linked to the other of its package and to those of its own parity, so two links lead anywhere;
 * then so many cores as resources that tasks share. Pairs of nodes first, then the cores' own.
 */
export function eightNodes({ controllerGBps, linkGBps }: Load, cores: number): Network {
  const linkOf = new Map<number, number>();
  for (let a = 0; a < NODES; a++) {
    for (let b = a + 1; b < NODES; b++) {
      if (a >> 1 !== b >> 1 && (a & 1) !== (b & 1)) continue;
      const link = NODES + linkOf.size / 2;
      linkOf.set(a * NODES + b, link).set(b * NODES + a, link);
    }
  }
  const links = linkOf.size / 2;
  const useStart = [0];
  const useResource: number[] = [];
  for (let a = 0; a < NODES; a++) {
    for (let b = 0; b < NODES; b++) {
      const direct = linkOf.get(a * NODES + b);
      const mate = a ^ 1; // in the same package
      useResource.push(b);
      if (direct !== undefined) useResource.push(direct);
      else if (a !== b) useResource.push(linkOf.get(a * NODES + mate)!, linkOf.get(mate * NODES + b)!);
      useStart.push(useResource.length);
    }
  }
  for (let core = 0; core < cores; core++) useStart.push(useResource.push(NODES + links + core));
  const kinds = [...new Array<number>(NODES).fill(CONTROLLER), ...new Array<number>(links + cores).fill(LINK)];
  return {
    nodeCount: NODES,
    resourceCount: kinds.length,
    resourceKind: Uint8Array.from(kinds),
    capacity: Float64Array.from(kinds, (_, r) => (r < NODES ? controllerGBps : r < NODES + links ? linkGBps : 1)),
    riseNs: new Float64Array(NODES).fill(RISE),
    curve: CURVE,
    useStart: Int32Array.from(useStart),
    useResource: Int32Array.from(useResource),
    useRead: new Float64Array(useResource.length).fill(1),
    useWrite: new Float64Array(useResource.length).fill(1),
  };
}

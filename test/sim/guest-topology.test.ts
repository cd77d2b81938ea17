import { describe, expect, test } from 'vitest';
import type { GuestBelief } from '../../sim/guest-belief.ts';
import { type GuestTopology, topologyOf, vcpuForFork, vcpuForWake, vnodeForFork, vnodeToServe } from '../../sim/guest-topology.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import { ReadyQueue } from '../../sim/ready-queue.ts';

/** vCPUs and caches in no order, a vnode may have no vCPU, distances differ by direction. */
function drawnBelief(random: Random): GuestBelief {
  const vnodes = 1 + below(random, 4);
  const vcpus = 1 + below(random, 9);
  const vcpuVnode = Int32Array.from({ length: vcpus }, () => below(random, vnodes));
  const sockets = Array.from({ length: vcpus }, () => below(random, 3));
  const isSibling = (a: number, b: number): boolean => sockets[a] === sockets[b] && vcpuVnode[a] === vcpuVnode[b];
  const all = Array.from({ length: vcpus }, (_, vcpu) => vcpu);
  const vcpuCache = Int32Array.from(all, (vcpu) => all.findIndex((other) => isSibling(other, vcpu)));
  const distances = Int32Array.from({ length: vnodes * vnodes }, (_, at) => (at % (vnodes + 1) === 0 ? 10 : 11 + below(random, 3) * 5));
  return { vnodes, vcpuVnode, distances, vcpuCache, dropped: [] };
}

/** The obvious one of all that qualify: a full sort by what the rule says, one thing after the other. */
function first(candidates: readonly number[], ...rules: ((candidate: number) => number)[]): number {
  const sorted = [...candidates].sort((a, b) => {
    for (const rule of rules) if (rule(a) !== rule(b)) return rule(a) - rule(b);
    return 0;
  });
  return sorted[0] ?? -1;
}

interface Drawn {
  readonly topology: GuestTopology;
  readonly vcpuTask: Int32Array;
  readonly idle: readonly number[];
  readonly vcpus: readonly number[];
  readonly random: Random;
}

const FIRST_VCPU = 3;

function drawn(seed: number): Drawn {
  const random = namedStream(String(seed), 'topology', 0, 'test');
  const topology = topologyOf(drawnBelief(random));
  const vcpus = Array.from(topology.vcpuVnode.keys());
  const vcpuTask = new Int32Array(FIRST_VCPU + vcpus.length).fill(99);
  for (const vcpu of vcpus) vcpuTask[FIRST_VCPU + vcpu] = random() < 0.4 ? -1 : vcpu;
  return { topology, vcpuTask, idle: vcpus.filter((vcpu) => vcpuTask[FIRST_VCPU + vcpu] === -1), vcpus, random };
}

const SEEDS = Array.from({ length: 400 }, (_, seed) => seed);

describe('the choice of a vCPU', () => {
  test('for a woken task: its node, its last, its cache, the nearest, in that order, whatever is idle', () => {
    let answers = 0;
    for (const seed of SEEDS) {
      const { topology, vcpuTask, idle, vcpus, random } = drawn(seed);
      const { vnodes, vcpuVnode, vcpuCache, distances } = topology;
      const home = below(random, vnodes);
      const last = below(random, vcpus.length + 1) - 1;
      const expected = first(
        idle,
        (vcpu) => distances[home * vnodes + vcpuVnode[vcpu]!]!,
        (vcpu) => (vcpu === last ? 0 : 1),
        (vcpu) => (last >= 0 && vcpuCache[vcpu] === vcpuCache[last] ? 0 : 1),
        (vcpu) => vcpu,
      );
      expect(vcpuForWake(topology, vcpuTask, FIRST_VCPU, home, last), `seed ${seed}`).toBe(expected);
      if (expected >= 0) answers++;
    }
    expect(answers).toBeGreaterThan(300);
  });

  test('for a new task: the least loaded node, then its least loaded cache', () => {
    for (const seed of SEEDS) {
      const { topology, vcpuTask, idle, vcpus, random } = drawn(seed);
      const { vnodes, vcpuVnode, vcpuCache, distances } = topology;
      const ready = new ReadyQueue(20, Array.from({ length: vnodes + 1 }, (_, i) => i * 4), 20); // prettier-ignore
      for (let task = 0; task < below(random, 4); task++) ready.push(1 + below(random, vnodes), task);
      const isOn = (vnode: number): number[] => vcpus.filter((vcpu) => vcpuVnode[vcpu] === vnode);
      const isBusy = (vcpu: number): boolean => !idle.includes(vcpu);
      const parent = below(random, vnodes);
      const vnode = first(
        Array.from({ length: vnodes }, (_, i) => i).filter((each) => isOn(each).length > 0),
        (each) => (isOn(each).filter(isBusy).length + ready.lengths[1 + each]!) / isOn(each).length,
        (each) => (each === parent ? 0 : distances[parent * vnodes + each]!),
        (each) => (each - parent + vnodes) % vnodes,
      );
      expect(vnodeForFork(topology, vcpuTask, FIRST_VCPU, ready, 1, parent), `seed ${seed}`).toBe(vnode);
      const sharing = (vcpu: number): number[] => vcpus.filter((other) => vcpuCache[other] === vcpuCache[vcpu]);
      const vcpu = first(
        idle.filter((each) => vcpuVnode[each] === vnode),
        (each) => sharing(each).filter(isBusy).length / sharing(each).length,
        (each) => each,
      );
      expect(vcpuForFork(topology, vcpuTask, FIRST_VCPU, vnode), `seed ${seed}`).toBe(vcpu);
    }
  });

  test('of who is next: least CPU time, that of others counted by their distance', () => {
    let others = 0;
    for (const seed of SEEDS) {
      const { topology, random } = drawn(seed);
      const { vnodes, distances } = topology;
      const ready = new ReadyQueue(40, Array.from({ length: vnodes }, (_, i) => i * 10), 40); // prettier-ignore
      const waiting: { task: number; vnode: number }[] = [];
      for (let task = 0; task < below(random, 9); task++) {
        ready.virtualNs[task] = below(random, 6) * 500;
        waiting.push({ task, vnode: below(random, vnodes) });
        ready.push(waiting[task]!.vnode, task);
      }
      const own = below(random, vnodes);
      const next = first(
        waiting.map((_, i) => i),
        (i) => ready.virtualNs[waiting[i]!.task]! + ((distances[own * vnodes + waiting[i]!.vnode]! - 10) / 10) * 1000,
        (i) => (waiting[i]!.vnode === own ? 0 : distances[own * vnodes + waiting[i]!.vnode]!),
        (i) => (waiting[i]!.vnode - own + vnodes) % vnodes,
      );
      const expected = next < 0 ? -1 : waiting[next]!.vnode;
      expect(vnodeToServe(topology, ready, 0, own, 1000), `seed ${seed}`).toBe(expected);
      if (expected >= 0 && expected !== own) others++;
    }
    expect(others).toBeGreaterThan(50);
  });
});

test('a guest of one node whose vCPUs share one cache, or none, has nothing to choose by', () => {
  const belief = (vnodes: number, caches: number[]): GuestBelief => ({
    vnodes,
    vcpuVnode: Int32Array.from(caches, (_, vcpu) => (vnodes > 1 && vcpu > 1 ? 1 : 0)),
    distances: Int32Array.from(vnodes === 1 ? [10] : [10, 20, 20, 10]),
    vcpuCache: Int32Array.from(caches),
    dropped: [],
  });
  expect([[0, 0, 0], [0, 1, 2], [0, 0, 2]].map((caches) => topologyOf(belief(1, caches)).isFlat)).toEqual([true, true, false]); // prettier-ignore
  expect(topologyOf(belief(2, [0, 0, 2])).isFlat).toBe(false);
});

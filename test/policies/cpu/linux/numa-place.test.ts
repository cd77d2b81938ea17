import { describe, expect, test } from 'vitest';
import { buildDomains } from '../../../../policies/cpu/linux/domains.ts';
import type { BalanceParts } from '../../../../policies/cpu/linux/linux-balance.ts';
import { NumaPlacement } from '../../../../policies/cpu/linux/numa-place.ts';
import { RunQueues } from '../../../../policies/cpu/linux/run-queues.ts';
import type { NumaBalancing } from '../../../../policies/memory/linux/numa-balancing.ts';
import { NumaGroup, NumaTask } from '../../../../policies/memory/linux/numa-faults.ts';
import type { Kernel } from '../../../../sim/policy-api.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../../sim/units.ts';
import { fakeKernel } from '../../fake-kernel.ts';
import { type SlowCpu, slowSearch, type SlowTask } from './numa-place.slow.ts';

interface Vcpu extends Omit<SlowTask, 'name' | 'group' | 'allowed'> {
  readonly group?: number | null;
  readonly allowed?: readonly number[];
}

interface Given {
  readonly nodeCpus: readonly number[];
  /** [cpu] what runs there, null where idle; the first is who looks for a better CPU. */
  readonly runs: readonly (Vcpu | null)[];
  /** [cpu] that wait there besides. */
  readonly waits?: readonly number[];
  /** [cpu] utilisation of those that are not idle; 1024 if not given. */
  readonly util?: readonly number[];
  readonly isSpread?: boolean;
  /** How often it looks at one instant. */
  readonly times?: number;
}

interface Result {
  /** 'vcpu:from>to' */
  readonly pushes: string[];
  readonly prefers: number;
}

/** Lets the vCPU of CPU 0 look for a better CPU, with weights as given, and asks the twin for the same. */
function searched(given: Given): Result & { readonly slow: Result } {
  const { nodeCpus, runs } = given;
  const nodeOf = nodeCpus.flatMap((count, node) => Array<number>(count).fill(node));
  const all = nodeOf.map((_, cpu) => cpu);
  const vcpus = runs.filter((vcpu) => vcpu !== null);
  const idOf = (cpu: number): number => (runs[cpu] ? vcpus.indexOf(runs[cpu]) : NONE);
  const tasks: SlowTask[] = vcpus.map((vcpu, name) => ({ ...vcpu, name, group: vcpu.group ?? null, allowed: vcpu.allowed ?? all }));

  const base = fakeKernel({ nodeCpus, guests: [{ vcpus: vcpus.length }] });
  const k = {
    ...base,
    cpuCurr: (cpu: CpuId) => idOf(cpu),
    taskCpu: (vcpu: VcpuId) => runs.indexOf(vcpus[vcpu]!),
    allows: (vcpu: VcpuId, cpu: CpuId) => tasks[vcpu]!.allowed.includes(cpu),
  } as unknown as Kernel;
  const queues = new RunQueues(k);
  const running = all.map((cpu) => (runs[cpu] ? 1 + (given.waits?.[cpu] ?? 0) : 0));
  all.forEach((cpu) => {
    queues.nr[cpu] = running[cpu]!;
    queues.load[cpu] = (runs[cpu]?.load ?? 0) + 1024 * (running[cpu]! - 1);
    queues.runnable[cpu] = 1024 * running[cpu]!;
    queues.util[cpu] = runs[cpu] ? (given.util?.[cpu] ?? 1024) : 0;
  });
  vcpus.forEach(({ load }, vcpu) => (queues.vcpuLoad[vcpu] = load));

  const groups = new Map<number, NumaGroup>();
  const numaTasks = tasks.map(({ name, group, preferred }) => {
    const task = new NumaTask(name as VcpuId, nodeCpus.length, 0);
    task.preferred = preferred as NodeId;
    if (group !== null) {
      if (!groups.has(group)) groups.set(group, new NumaGroup(group, nodeCpus.length));
      task.group = groups.get(group)!;
      task.group.activeNodes = given.isSpread ? 2 : 1;
    }
    return task;
  });
  const balancing = {
    tasks: numaTasks,
    weights: {
      ofTask: (task: NumaTask, node: number) => tasks[task.vcpu]!.own[node]!,
      ofGroup: (task: NumaTask, node: number) => (task.group ? tasks[task.vcpu]!.grouped[node]! : 0),
    },
    preferred: (vcpu: VcpuId) => numaTasks[vcpu]!.preferred,
    prefer: (_: Kernel, task: NumaTask, node: NodeId) => (task.preferred = node),
  } as unknown as NumaBalancing;
  const pushes: string[] = [];
  const domains = buildDomains(base);
  const parts = {
    domains,
    queues,
    loads: { pushRunning: (_: Kernel, from: number, to: number, vcpu: number) => pushes.push(`${vcpu}:${from}>${to}`) },
    wakes: { isCoreIdle: () => true },
  } as unknown as BalanceParts;
  const placement = new NumaPlacement(k, balancing, parts);
  for (let i = 0; i < (given.times ?? 1); i++) placement.migrate(k, numaTasks[0]!);

  const cpus: SlowCpu[] = all.map((cpu) => ({ id: cpu, node: nodeOf[cpu]!, runs: runs[cpu] ? tasks[idOf(cpu)]! : null }));
  const nodes = nodeCpus.map((count, node) => {
    const sum = (values: ArrayLike<number>): number =>
      all.filter((cpu) => nodeOf[cpu] === node).reduce((total, cpu) => total + values[cpu]!, 0);
    const capacity = 1024 * count;
    const hasSpare = sum(queues.nr) < count || (capacity * 100 > sum(queues.util) * 108 && capacity * 108 > sum(queues.runnable) * 100);
    return { load: sum(queues.load), running: sum(queues.nr), cpus: count, hasSpare };
  });
  let numa = domains.base[0]!;
  while (numa.level !== 'numa') numa = numa.parent!;
  const found = slowSearch(tasks[0]!, cpus[0]!, cpus, nodes, numa.imbNumaNr, given.isSpread ?? false);
  const slow: Result = {
    pushes: found ? [`0:0>${found.cpu}`, ...(found.swap ? [`${found.swap.name}:${found.cpu}>0`] : [])] : [],
    prefers: tasks[0]!.group === null ? tasks[0]!.preferred : found ? nodeOf[found.cpu]! : 0,
  };
  return { pushes, prefers: numaTasks[0]!.preferred, slow };
}

/** A vCPU alone, with thousandths of its faults by node. */
const alone = (preferred: number, own: readonly number[], load = 1024): Vcpu => ({ preferred, own, grouped: own.map(() => 0), load });
const member = (group: number, preferred: number, own: readonly number[], grouped: readonly number[], load = 1024): Vcpu => ({
  ...alone(preferred, own, load),
  group,
  grouped,
});

describe('a vCPU on node 0 whose memory is on node 1', () => {
  const [near, far] = [100, 900];
  const stray = alone(1, [near, far]);

  test('goes to the first idle CPU there that it may use', () => {
    const { pushes } = searched({ nodeCpus: [2, 3], runs: [{ ...stray, allowed: [0, 1, 3, 4] }, null, null, null, null] });
    expect(pushes).toEqual(['0:0>3']);
  });

  test('but not to one that was found already at this instant', () => {
    const { pushes } = searched({ nodeCpus: [2, 3], runs: [stray, null, null, null, null], times: 2 });
    expect(pushes).toEqual(['0:0>2', '0:0>3']);
  });

  test('as long as no more run there than here, but for a first one', () => {
    const content = alone(1, [0, 1000]);
    const home = alone(0, [1000, 0]);
    // So many on node 0, of which one leaves, and on node 1: 2 and 2 is as many as 3 and 1; not 1 and 2
    const at = (here: number): string[] =>
      searched({
        nodeCpus: [4, 3],
        runs: [stray, ...Array.from({ length: 3 }, (_, i) => (i < here - 1 ? home : null)), content, null, null],
      }).pushes;
    expect([at(3), at(2)]).toEqual([['0:0>5'], []]);
  });

  test('changes places with one that is as far from its own', () => {
    const other = alone(0, [700, 300]);
    // 800 + 400, of which both count, is best; the first would gain 800 - 100
    const { pushes } = searched({ nodeCpus: [2, 2], runs: [stray, alone(0, [999, 1]), alone(1, [450, 550]), other] });
    expect(pushes).toEqual(['0:0>3', '3:3>0']);
  });

  test('not with one that loses as much as it gains itself', () => {
    // 800 - 780 = 20, less than 30; a little less to lose, and 800 - 765 = 35 - 35/16 = 33 is enough
    const at = (own: readonly number[]): string[] => searched({ nodeCpus: [1, 1], runs: [stray, alone(1, own)] }).pushes;
    expect(at([110, 890])).toEqual([]);
    expect(at([117, 882])).toEqual(['0:0>1', '1:1>0']);
  });

  test('not with one that may not come', () => {
    const held = { ...alone(0, [700, 300]), allowed: [1] };
    expect(searched({ nodeCpus: [1, 1], runs: [stray, held] }).pushes).toEqual([]);
  });

  test('of a group, settles for where it is if there is nothing', () => {
    const grouped = member(1, 1, [500, 500], [100, 900]);
    const { pushes, prefers } = searched({ nodeCpus: [1, 1], runs: [grouped, member(1, 1, [0, 1000], [100, 900])] });
    expect([pushes, prefers]).toEqual([[], 0]);
  });

  test('looks at other nodes if the preferred has nothing', () => {
    const third = alone(1, [100, 600, 300]);
    const content = alone(1, [0, 1000, 0]);
    const { pushes } = searched({ nodeCpus: [2, 1, 1], runs: [third, alone(0, [1000, 0, 0]), content, null] });
    expect(pushes).toEqual(['0:0>3']);
  });
});

test('finds what a slow twin finds, on random hosts', () => {
  const seed = 77_003;
  let state = seed;
  const draw = (below: number): number => (state = (state * 48_271) % 0x7fffffff) % below;
  const kinds = { none: 0, move: 0, swap: 0 };
  for (let round = 0; round < 1200; round++) {
    const nodeCpus = Array.from({ length: 2 + draw(3) }, () => 1 + draw(3));
    const cpus = nodeCpus.reduce((sum, count) => sum + count, 0);
    const isTight = draw(3) > 0; // mostly no CPU idles, so that swaps are all there is
    const weights = (): number[] => nodeCpus.map(() => draw(4) * draw(250));
    const groupWeights = [weights(), weights(), weights()];
    const runs = Array.from({ length: cpus }, (_, cpu): Vcpu | null => {
      if (cpu > 0 && !isTight && draw(2) === 0) return null;
      const group = draw(4) - 1; // -1 for none
      const preferred = cpu === 0 ? 1 + draw(nodeCpus.length - 1) : draw(nodeCpus.length);
      const load = draw(2) === 0 ? 1024 : 1 + draw(1500);
      const allowed = draw(6) === 0 ? Array.from({ length: cpus }, (__, id) => id).filter((id) => id === cpu || draw(2) === 0) : undefined;
      const made = group < 0 ? alone(preferred, weights(), load) : member(group, preferred, weights(), groupWeights[group]!, load);
      return allowed ? { ...made, allowed } : made;
    });
    const waits = runs.map(() => (draw(3) === 0 ? draw(3) : 0));
    const util = runs.map(() => 1024 * (0.8 + draw(5) / 20));
    const { pushes, prefers, slow } = searched({ nodeCpus, runs, waits, util, isSpread: draw(2) === 0 });
    expect({ pushes, prefers }, `seed ${seed}, round ${round}`).toEqual(slow);
    kinds[pushes.length === 0 ? 'none' : pushes.length === 1 ? 'move' : 'swap']++;
  }
  expect(Math.min(...Object.values(kinds))).toBeGreaterThan(60);
});

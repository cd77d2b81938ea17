import { describe, expect, test } from 'vitest';
import { buildDomains, type Domain } from '../../../../policies/cpu/linux/domains.ts';
import { IDLE, Imbalance } from '../../../../policies/cpu/linux/imbalance.ts';
import { ALL_CONTENT, BETTER, HAS_AWAY, HAS_UNSETTLED, takingOf, UNKNOWN, WORSE } from '../../../../policies/cpu/linux/locality.ts';
import { NumaLocality } from '../../../../policies/cpu/linux/numa-locality.ts';
import { RunQueues } from '../../../../policies/cpu/linux/run-queues.ts';
import type { NumaBalancing } from '../../../../policies/memory/linux/numa-balancing.ts';
import { NumaGroup, NumaTask } from '../../../../policies/memory/linux/numa-faults.ts';
import { NumaWeights } from '../../../../policies/memory/linux/numa-weights.ts';
import { type CpuId, NONE, type NodeId, type VcpuId } from '../../../../sim/units.ts';
import { type Fake, fakeKernel } from '../../fake-kernel.ts';

const cpu = (id: number): CpuId => id as CpuId;
const vcpu = (id: number): VcpuId => id as VcpuId;

/** Three nodes of two CPUs; six vCPUs. vCPU 0 has a record if `faults` are given. */
function host(faults?: readonly number[]): { k: Fake; locality: NumaLocality; task: NumaTask; prefer(id: number, node: number): void } {
  const k = fakeKernel({ nodeCpus: [2, 2, 2], guests: [{ vcpus: 6 }] });
  const tasks = Array.from({ length: 6 }, (_, id) => new NumaTask(vcpu(id), 3, 0));
  const known: (NumaTask | undefined)[] = [...tasks];
  if (!faults) known[0] = undefined;
  faults?.forEach((count, node) => tasks[0]!.faults.note(node as NodeId, 0 as NodeId, true, count));
  tasks[0]!.faults.decay(1, 0, null);
  const balancing = {
    tasks: known,
    weights: new NumaWeights(k),
    preferred: (id: VcpuId) => known[id]?.preferred ?? NONE,
  } as unknown as NumaBalancing;
  const locality = new NumaLocality(k, balancing);
  return {
    k,
    locality,
    task: tasks[0]!,
    prefer(id, node) {
      locality.prefers(k, tasks[id]!, node as NodeId);
      tasks[id]!.preferred = node as NodeId;
    },
  };
}

describe('whether a move takes a vCPU from its memory', () => {
  // CPUs 0, 2 and 4 are on nodes 0, 1 and 2; 300, 200 and 100 of its faults are there
  const { k, locality, task, prefer } = host([300, 200, 100]);
  const judge = (from: number, to: number, running = 1, isIdle = false): number =>
    locality.judge(k, vcpu(0), cpu(from), cpu(to), running, isIdle);

  test('from node to node, by faults, unless the CPU would idle', () => {
    expect([judge(0, 2), judge(2, 0), judge(4, 2)]).toEqual([WORSE, BETTER, BETTER]);
    expect([judge(0, 2, 1, true), judge(2, 0, 1, true)]).toEqual([UNKNOWN, UNKNOWN]);
  });

  test('within a node nothing is known, nor of one without faults', () => {
    expect([judge(0, 1), host().locality.judge(k, vcpu(0), cpu(0), cpu(2), 1, false)]).toEqual([UNKNOWN, UNKNOWN]);
  });

  test('to the preferred node it is good, idle or not; away from it bad if another waits there that is not at home', () => {
    prefer(0, 2);
    expect([judge(0, 4), judge(0, 4, 1, true)]).toEqual([BETTER, BETTER]);
    locality.queued(k, vcpu(0), cpu(4));
    expect([judge(4, 0, 1), judge(4, 0, 2), judge(4, 0, 2, true)]).toEqual([UNKNOWN, WORSE, WORSE]);
    locality.unqueued(k, vcpu(0), cpu(4));
  });

  test('of a group by its faults', () => {
    task.group = new NumaGroup(0, 3);
    task.group.faults.note(1 as NodeId, 0 as NodeId, true, 10);
    task.group.faults.decay(1, 0, null);
    prefer(0, NONE);
    expect([judge(0, 2), judge(2, 0)]).toEqual([BETTER, WORSE]);
    task.group = null;
  });
});

test('who prefers what is counted where it is queued', () => {
  const { k, locality, prefer } = host([1]);
  const counts = (id: number): number[] => [locality.settled[id]!, locality.content[id]!];
  locality.queued(k, vcpu(1), cpu(3)); // node 1
  expect(counts(3)).toEqual([0, 0]);
  prefer(1, 2);
  expect(counts(3)).toEqual([1, 0]);
  prefer(1, 1);
  expect(counts(3)).toEqual([1, 1]);
  locality.unqueued(k, vcpu(1), cpu(3));
  expect(counts(3)).toEqual([0, 0]);
  prefer(1, 0);
  locality.queued(k, vcpu(1), cpu(1));
  expect([counts(3), counts(1)]).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test('what is best taken from a queue', () => {
  expect([takingOf(3, 2, 2), takingOf(3, 3, 2), takingOf(3, 3, 3)]).toEqual([HAS_UNSETTLED, HAS_AWAY, ALL_CONTENT]);
});

test('between nodes, the busiest queue is left alone if all there are at home, and another of its node has some that are not', () => {
  const { k, locality, prefer } = host([1]);
  const queues = new RunQueues(k, locality);
  const domains = buildDomains(k);
  // Node 0: CPU 0 has three, CPU 1 two
  [0, 0, 0, 1, 1].forEach((on, id) => queues.enqueue(k, vcpu(id), cpu(on)));
  const findFrom = (): number => {
    let domain: Domain = domains.base[2]!;
    while (domain.level !== 'numa') domain = domain.parent!;
    const imbalance = new Imbalance(queues, new Uint8Array(domains.groupCount));
    const left = new Uint8Array(k.cpuCount);
    const group = imbalance.find(k, cpu(2), domain, IDLE, left);
    return group ? imbalance.findCpu(k, group, left) : NONE;
  };
  expect(findFrom()).toBe(0); // nobody has a preferred node
  [0, 1, 2].forEach((id) => prefer(id, 0));
  prefer(3, 1);
  expect(findFrom()).toBe(1); // vCPU 4 has none
  prefer(4, 0);
  expect(findFrom()).toBe(1); // vCPU 3 is away
  prefer(3, 0);
  expect(findFrom()).toBe(0); // all are at home
});

import type { Actuators, Daemon, Kernel } from '../../sim/policy-api.ts';
import { type GuestId, NONE, type NodeId, seconds, type VcpuId } from '../../sim/units.ts';
import { nodesWithCpus } from '../placement/numad.ts';
import { cpusOf } from '../placement/online.ts';
import { CpuUse } from './cpu-use.ts';
import { couldDoBetter, nodesFor, nodesNow, type NumadNodes } from './numad-nodes.ts';
import { addUse, inOrder, newProcess, type NumadProcess, readMemory, request } from './numad-process.ts';

const ONE_CPU = 100;
const LEAST_PERCENT = 50; // CPU_THRESHOLD
const LEAST_MB = 300; // MEMORY_THRESHOLD
const LOOK_AGAIN_NS = seconds(300); // MIN_DELAY_FOR_REEVALUATION
/** Looks in a shortest interval, at which CPU time is attributed to nodes (assumed: the real one reads the idle time of each CPU). */
const LOOKS = 5;

export interface NumadOptions {
  /** To the next pass after one that moved something, and after one that did not: numad -i. */
  readonly minIntervalNs: number;
  readonly maxIntervalNs: number;
  /** Of what is asked for, the percentage that is thought to be used: numad -u. */
  readonly targetPercent: number;
  /** Percentage of a process's memory that must be on its nodes for it to be left alone: numad -m. */
  readonly localPercent: number;
}

/**
 * Slow adaptive pinning. In each pass guests that use more than half a CPU and 300 MB are looked at in turn; the first that is not where
 * it should be is held there, vCPUs hard, and its memory is sent after it. Masks that users set are overridden, as by the original
 * (sched_setaffinity of every thread). That has all memory moved before it goes on, here it moves meanwhile. Guests of the host's own
 * load are no candidates, nor are nodes without CPUs a choice; memory there counts as foreign (assumed).
 * After: numad 0.5+20150602, manage_loads and bind_process_and_migrate_memory.
 */
export function numad(options: NumadOptions): Daemon {
  const { minIntervalNs, maxIntervalNs } = options;
  const processes: (NumadProcess | undefined)[] = []; // [guest]
  let use: CpuUse | undefined;
  let dueNs = 0;

  function pass(k: Kernel, act: Actuators): boolean {
    const nodes = nodesNow(k, use!);
    update(k, processes, use!);
    use!.clear(k);
    const candidates = inOrder(processes.filter((process) => isCandidate(process)) as NumadProcess[]);
    const usedPercent = candidates.reduce((sum, candidate) => sum + candidate.usedPercent, 0);
    const hasEnoughCpus = usedPercent <= nodes.sizes.reduce((sum, { percent }) => sum + percent, 0);
    return candidates.some((candidate) => rebind(k, act, nodes, candidate, hasEnoughCpus, options));
  }

  return {
    name: 'numad',
    periodNs: Math.ceil(minIntervalNs / LOOKS),
    step(k, act) {
      if (k.nodeCount < 2) return;
      if (use) use.look(k);
      else {
        use = new CpuUse(k);
        update(k, processes, use); // how much they use is known from the second pass on
        dueNs = k.nowNs + Math.floor(minIntervalNs / 2);
      }
      if (k.nowNs >= dueNs) dueNs = k.nowNs + (pass(k, act) ? minIntervalNs : maxIntervalNs);
    },
  };
}

/** After: numad 0.5, update_processes: guests too small are forgotten, bound or not. */
function update(k: Kernel, processes: (NumadProcess | undefined)[], use: CpuUse): void {
  for (let guest = 0 as GuestId; guest < k.guestCount; guest++) {
    if (!k.isHere(guest) || k.isHostNoise(guest)) {
      processes[guest] = undefined;
      continue;
    }
    const known = processes[guest];
    const process = known ?? newProcess(guest, nodesWithCpus(k));
    readMemory(k, process);
    processes[guest] = process.usedMB > LEAST_MB ? process : undefined;
    if (known) addUse(process, (usedNs(k, guest, use) * ONE_CPU) / (k.nowNs - use.sinceNs));
  }
}

function usedNs(k: Kernel, guest: GuestId, use: CpuUse): number {
  const first = k.guestFirstVcpu(guest);
  return use.vcpuNs.subarray(first, first + k.guestVcpuCount(guest)).reduce((sum, ns) => sum + ns, 0);
}

function isCandidate(process: NumadProcess | undefined): boolean {
  return process !== undefined && process.usedPercent > LEAST_PERCENT;
}

/** @returns whether it was bound to nodes: anew, or again because too much of its memory is elsewhere */
function rebind(
  k: Kernel,
  act: Actuators,
  nodes: NumadNodes,
  process: NumadProcess,
  hasEnoughCpus: boolean,
  { targetPercent, localPercent }: NumadOptions,
): boolean {
  const need = request(k, process, nodes.first, targetPercent);
  const isRecent = process.boundNs !== NONE && process.boundNs + LOOK_AGAIN_NS > k.nowNs;
  if (isRecent && !couldDoBetter(nodes, process, need)) return false;
  const flexPercent = Math.max(0, Math.floor(((ONE_CPU - targetPercent) * nodes.first.percent) / 200)); // half of the margin
  const targets = nodesFor(k, nodes, process, need, { flexPercent, hasEnoughCpus });
  const foreignMB = process.nodeMB.reduce((sum, mB, node) => sum + (targets.includes(node as NodeId) ? 0 : mB), 0);
  const isLocal = Math.floor((100 * foreignMB) / process.usedMB) <= 100 - localPercent;
  const wasBound = process.boundNs !== NONE;
  process.boundNs = k.nowNs;
  if (isLocal && wasBound && isSameSet(targets, process.nodes)) return false;
  process.nodes = targets;
  bind(k, act, process);
  return true;
}

/** Holds the vCPUs; then all that is on the foreign node with most goes to the target with least, until nothing is foreign. */
function bind(k: Kernel, act: Actuators, { guest, nodes, nodeMB }: NumadProcess): void {
  const cpus = cpusOf(k, nodes);
  const first = k.guestFirstVcpu(guest);
  for (let vcpu = first; vcpu < first + k.guestVcpuCount(guest); vcpu++) act.setAffinity(vcpu as VcpuId, cpus);
  const mB = [...nodeMB];
  const targets = nodes.filter((node) => k.nodeMemoryBytes(node) > 0).sort((a, b) => b - a); // of targets alike the last
  const foreign = nodeMB.map((_, node) => node as NodeId).filter((node) => !nodes.includes(node) && mB[node]! > 0);
  foreign.sort((a, b) => mB[b]! - mB[a]!);
  for (const from of foreign) {
    const to = targets.reduce((least, node) => (mB[node]! < mB[least]! ? node : least), targets[0] ?? (NONE as NodeId));
    if (to === NONE) return;
    act.migratePages(guest, from, to);
    mB[to]! += mB[from]!;
  }
}

function isSameSet(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
}

import { PolicyError } from './assert.ts';
import type { Machine } from './machine.ts';

/** The mask that every vCPU has at first: all CPUs. */
export const ALL_CPUS = 0;

/**
 * Sets of CPUs, each kept once and named by a number, as far as they are online. A set of which no CPU is online stands for all CPUs:
 * the kernel then breaks the affinity (Linux kernel/sched/core.c, select_fallback_rq).
 */
export class Masks {
  /** [mask][cpu] 1 where a vCPU with this mask may run now. */
  readonly allowed: Uint8Array[] = [];
  /** [mask][node] whether it may on some CPU of the node. */
  readonly allowedNodes: Uint8Array[] = [];
  readonly counts: number[] = []; // [mask] CPUs allowed
  readonly isOnline: Uint8Array; //  [cpu]
  private readonly wanted: Uint8Array[] = []; // [mask][cpu] online or not
  private readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
    this.isOnline = new Uint8Array(machine.cpuCount).fill(1);
    this.add(new Uint8Array(machine.cpuCount).fill(1));
  }

  ofNodes(nodes: readonly number[]): number {
    const cpus = Array.from(this.machine.cpuNode.keys()).filter((cpu) => nodes.includes(this.machine.cpuNode[cpu]!));
    if (cpus.length === 0) throw new PolicyError(`nodes ${nodes.join(',')} have no CPU`);
    return this.ofCpus(cpus);
  }

  /** @throws PolicyError for an empty list or a CPU that the machine does not have */
  ofCpus(cpus: readonly number[]): number {
    const { cpuCount } = this.machine;
    const bits = new Uint8Array(cpuCount);
    for (const cpu of cpus) {
      if (!(Number.isInteger(cpu) && cpu >= 0 && cpu < cpuCount)) throw new PolicyError(`CPU ${String(cpu)}, want 0 to ${cpuCount - 1}`);
      bits[cpu] = 1;
    }
    if (cpus.length === 0) throw new PolicyError('a mask without a CPU');
    const known = this.wanted.findIndex((other) => other.every((bit, cpu) => bit === bits[cpu]));
    return known >= 0 ? known : this.add(bits);
  }

  /** What is in both; the first alone if nothing is. */
  both(first: number, second: number): number {
    const common = Array.from(this.isOnline.keys()).filter((cpu) => this.wanted[first]![cpu] === 1 && this.wanted[second]![cpu] === 1);
    return common.length === 0 ? first : this.ofCpus(common);
  }

  /** CPUs of a set that may be used now, by rising number. */
  cpusOf(mask: number): number[] {
    const allowed = this.allowed[mask]!;
    return Array.from(allowed.keys()).filter((cpu) => allowed[cpu] === 1);
  }

  setOnline(cpu: number, isOnline: boolean): void {
    this.isOnline[cpu] = isOnline ? 1 : 0;
    for (let mask = 0; mask < this.wanted.length; mask++) this.renew(mask);
  }

  private add(bits: Uint8Array): number {
    const mask = this.wanted.push(bits) - 1;
    this.allowed.push(new Uint8Array(bits.length));
    this.allowedNodes.push(new Uint8Array(this.machine.nodeCount));
    this.counts.push(0);
    this.renew(mask);
    return mask;
  }

  private renew(mask: number): void {
    const wanted = this.wanted[mask]!;
    const allowed = this.allowed[mask]!;
    const nodes = this.allowedNodes[mask]!;
    const isBroken = !wanted.some((bit, cpu) => bit === 1 && this.isOnline[cpu] === 1);
    let count = 0;
    nodes.fill(0);
    for (let cpu = 0; cpu < allowed.length; cpu++) {
      const may = this.isOnline[cpu] === 1 && (isBroken || wanted[cpu] === 1);
      allowed[cpu] = may ? 1 : 0;
      if (!may) continue;
      count++;
      nodes[this.machine.cpuNode[cpu]!] = 1;
    }
    this.counts[mask] = count;
  }
}

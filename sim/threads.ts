import type { GuestState } from './guest-state.ts';
import { ALL_CPUS } from './masks.ts';
import { DEFAULT_WEIGHT } from './policy-api.ts';
import { NONE } from './units.ts';

/**
 * What is kept of single threads, where programs have some that the host schedules by themselves: what each has asked the kernel for, and
 * what is told of each. [V] one element a vCPU; those of other guests have what holds without asking.
 */
export class Threads {
  readonly weight: Float64Array; //          [V] DEFAULT_WEIGHT is nice 0
  readonly sliceNs: Float64Array; //         [V] 0 for the policy's own
  readonly ownMask: Int32Array; //           [V] CPUs it has asked for, a mask
  readonly givenMask: Int32Array; //         [V] CPUs the policy gives it
  readonly nodes: (readonly number[] | null)[]; // [V] of its memory from now on; null for the policy's
  readonly contextSwitches: Float64Array; // [V]
  readonly wakes: Float64Array; //           [V]
  readonly wakeWaitNs: Float64Array; //      [V]
  readonly migrations: Float64Array; //      [V]
  /** vCPUs that have asked for something which is still to be done, in the order they asked: pending[0..pendingCount). */
  readonly pending: Int32Array;
  pendingCount = 0;
  readonly askedMask: Int32Array; //    [V] NONE for what is
  readonly askedWeight: Float64Array; // [V] likewise
  readonly askedSliceNs: Float64Array; // [V] likewise
  private readonly isPending: Uint8Array; // [V]

  constructor(guests: readonly GuestState[], vcpuCount: number) {
    this.weight = new Float64Array(vcpuCount).fill(DEFAULT_WEIGHT);
    this.sliceNs = new Float64Array(vcpuCount);
    this.ownMask = new Int32Array(vcpuCount).fill(ALL_CPUS);
    this.givenMask = new Int32Array(vcpuCount).fill(ALL_CPUS);
    this.nodes = new Array<readonly number[] | null>(vcpuCount).fill(null);
    this.contextSwitches = new Float64Array(vcpuCount);
    this.wakes = new Float64Array(vcpuCount);
    this.wakeWaitNs = new Float64Array(vcpuCount);
    this.migrations = new Float64Array(vcpuCount);
    this.pending = new Int32Array(vcpuCount);
    this.askedMask = new Int32Array(vcpuCount).fill(NONE);
    this.askedWeight = new Float64Array(vcpuCount).fill(NONE);
    this.askedSliceNs = new Float64Array(vcpuCount).fill(NONE);
    this.isPending = new Uint8Array(vcpuCount);
    for (const { program, firstVcpu } of guests) {
      program.threads?.forEach(({ weight, sliceNs }, task) => {
        this.weight[firstVcpu + task] = weight;
        this.sliceNs[firstVcpu + task] = sliceNs;
      });
    }
  }

  keepMasks(vcpu: number, own: number, given: number): void {
    this.ownMask[vcpu] = own;
    this.givenMask[vcpu] = given;
  }

  askAffinity(vcpu: number, mask: number): void {
    this.askedMask[vcpu] = mask;
    this.ask(vcpu);
  }

  askAttributes(vcpu: number, weight: number, sliceNs: number): void {
    this.askedWeight[vcpu] = weight;
    this.askedSliceNs[vcpu] = sliceNs;
    this.ask(vcpu);
  }

  isChanging(vcpu: number): boolean {
    return this.isPending[vcpu] === 1;
  }

  /** What it asked for is done. */
  changed(vcpu: number): void {
    this.askedMask[vcpu] = NONE;
    this.askedWeight[vcpu] = NONE;
    this.askedSliceNs[vcpu] = NONE;
    this.isPending[vcpu] = 0;
  }

  /** Its guest's books begin anew. */
  clear(firstVcpu: number, vcpuCount: number): void {
    for (const counter of [this.contextSwitches, this.wakes, this.wakeWaitNs, this.migrations]) {
      counter.fill(0, firstVcpu, firstVcpu + vcpuCount);
    }
  }

  private ask(vcpu: number): void {
    if (this.isPending[vcpu] === 1) return;
    this.isPending[vcpu] = 1;
    this.pending[this.pendingCount++] = vcpu;
  }
}

import { assert } from './assert.ts';
import type { GuestState, ProgramCalls } from './guest-state.ts';
import { release } from './guest-sync.ts';
import { TASK_BLOCKED } from './states.ts';
import { BLOCK } from './workload-api.ts';
import type { World } from './world.ts';

/** What programs may ask of the kernel. One record for all guests, pointed at the one that asks. */
export class KernelCalls implements ProgramCalls {
  guest!: GuestState;
  isBoot = false;
  private readonly w: World;
  constructor(w: World) {
    this.w = w;
  }
  get nowNs(): number {
    return this.w.nowNs;
  }
  wake(task: number): void {
    const { w, guest } = this;
    const id = guest.firstTask + task;
    if (w.taskState[id] !== TASK_BLOCKED) return;
    assert(w.phaseKind[id] === BLOCK, 'program wakes a task that waits for something else');
    release(w, guest, id);
  }
  allocate(region: number, bytes: number): boolean {
    const { w, guest } = this;
    const asking = w.cpuVcpu[w.currentCpu]! - guest.firstVcpu;
    return w.memory.allocate(guest.id, this.region(region), bytes, guest.topology.vcpuVnode[asking]!);
  }
  free(region: number): void {
    const { w, guest } = this;
    const id = this.region(region);
    w.replicas?.dropRegion(guest.id, id);
    w.memory.release(guest.id, id);
  }
  startMeasuring(): void {
    const { guest } = this;
    guest.measureNs = this.w.nowNs;
    guest.restartsBooks = true;
  }
  private region(region: number): number {
    return this.w.memory.firstRegion[this.guest.id]! + region + (this.isBoot ? this.guest.program.regions : 0);
  }
}

import type { GuestVnodes } from './guest-blocks.ts';
import type { GuestTopology } from './guest-topology.ts';
import type { Random } from './random.ts';
import type { GuestSpec } from './scenario.ts';
import type { VnodeLayout } from './vnuma.ts';
import type { GuestCalls, GuestProgram } from './workload-api.ts';

/** What is kept of a guest as a whole: read and written once a task or phase, never per CPU and instant. */
export interface GuestState {
  readonly id: number;
  readonly spec: GuestSpec;
  readonly program: GuestProgram;
  /** The boot, run before the program on a task of its own; null without one. */
  readonly boot: GuestProgram | null;
  readonly isHostNoise: boolean;
  readonly firstVcpu: number;
  readonly vcpuCount: number;
  readonly firstTask: number;
  /** The program's tasks, then the boot's one. */
  readonly taskCount: number;
  readonly regionCount: number;
  /** The first of its program's curves in the World's. */
  readonly firstCurve: number;
  /** Whether each task has a vCPU of its own (a group of processes). */
  readonly isThreaded: boolean;
  /** How the host has divided it into virtual nodes, and what its kernel makes of that: for its scheduler, and for its memory. */
  readonly layout: VnodeLayout;
  readonly topology: GuestTopology;
  readonly division: GuestVnodes;
  /** The first of its ready queues, one for each virtual node it believes in. */
  readonly firstQueue: number;
  /** Virtual time of its scheduler: guest-scheduler.ts. */
  leastVirtualNs: number;
  /** Tasks that wait for other tasks, asleep or spinning. */
  waitingTasks: number;
  /** All its tasks wait for one another: nothing more will happen in it. */
  isDeadlocked: boolean;
  bootedNs: number;
  startedNs: number;
  /** When the measured part began; NONE before. */
  measureNs: number;
  /** Its counters, causes and lifetimes start from 0 at this instant. */
  restartsBooks: boolean;
  endedNs: number;
  liveTasks: number;
  /** On the host: it has arrived and not departed. */
  isHere: boolean;
  hasDeparted: boolean;
  /** It departed before its work was done. */
  leftUndone: boolean;
  outOfMemory: boolean;
  freeSlots: Int32Array | null; // open arrivals: stack of task slots that are free
  freeSlotCount: number;
  /** Which CPUs take the interrupts of this guest's devices. */
  readonly interrupts: Random;
}

/** What programs may call, pointed at the guest whose program is being asked. */
export interface ProgramCalls extends GuestCalls {
  guest: GuestState;
  isBoot: boolean;
}

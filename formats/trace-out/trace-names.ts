import type { TraceGuest, TraceTable } from '../../sim/trace-events.ts';

/** Bytes of a command name that Linux keeps (TASK_COMM_LEN - 1). */
const COMM_BYTES = 15;
/** Process numbers start here, so that none is taken for that of init or a kernel thread. */
const FIRST_PID = 1000;

const NICE_0_PRIO = 120;
const NICE_0_WEIGHT = 1024;

const utf8 = new TextEncoder();

/** Process and thread numbers and names under which formats of kernels show guests and their vCPUs; the same in every format. */
export interface TraceNames {
  /** [guest] of its process (QEMU, a domain, a group of processes). */
  readonly guestPid: Int32Array;
  /** [vcpu] of its thread; no process has one of these numbers. */
  readonly vcpuTid: Int32Array;
  /** [vcpu] at most 15 bytes: the thread's own name, or the guest's, cut where need be, a slash and the vCPU's number in the guest. */
  readonly vcpuComm: readonly string[];
  /** [vcpu] the kernel's priority at the begin: 120 for nice 0. */
  readonly vcpuPrio: Int32Array;
}

/** A guest has a process, whose number is followed by those of its vCPUs' threads. */
export function traceNames({ guests, vcpuGuest }: TraceTable): TraceNames {
  const guestPid = new Int32Array(guests.length);
  const vcpuTid = new Int32Array(vcpuGuest.length);
  const vcpuComm: string[] = [];
  const vcpuPrio = new Int32Array(vcpuGuest.length);
  let next = FIRST_PID;
  guests.forEach((guest, id) => {
    guestPid[id] = next++;
    for (let i = 0; i < guest.vcpuCount; i++) {
      vcpuTid[guest.firstVcpu + i] = next++;
      const thread = guest.threads?.[i];
      vcpuComm[guest.firstVcpu + i] = thread ? printable(thread.name).slice(0, COMM_BYTES) : commOf(guest.name, i);
      vcpuPrio[guest.firstVcpu + i] = prioOf(thread?.weight ?? NICE_0_WEIGHT);
    }
  });
  return { guestPid, vcpuTid, vcpuComm, vcpuPrio };
}

/**
 * The kernel's priority of a thread that has the weight of a nice value, which is a fourth more from one to the next.
 * @param weight 1024 for nice 0
 */
export function prioOf(weight: number): number {
  return NICE_0_PRIO - Math.round(Math.log(weight / NICE_0_WEIGHT) / Math.log(1.25));
}

/** What a task is called: `guest 3 task 5`, or its boot. */
export function taskName(guest: TraceGuest, task: number): string {
  const index = task - guest.firstTask;
  return guest.hasBoot && index === guest.taskCount - 1 ? 'boot' : `task ${index}`;
}

function commOf(name: string, vcpu: number): string {
  const end = `/${vcpu}`;
  return printable(name).slice(0, COMM_BYTES - utf8.encode(end).length) + end;
}

/** Tools split at spaces, and count bytes. */
function printable(name: string): string {
  return name.replace(/[^!-~]/g, '_');
}

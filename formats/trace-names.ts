import type { TraceGuest, TraceTable } from '../sim/trace-events.ts';

/** Bytes of a command name that Linux keeps (TASK_COMM_LEN - 1). */
const COMM_BYTES = 15;
/** Process numbers start here, so that none is taken for that of init or a kernel thread. */
const FIRST_PID = 1000;

const utf8 = new TextEncoder();

/** Process and thread numbers and names under which formats of kernels show guests and their vCPUs; the same in every format. */
export interface TraceNames {
  /** [guest] of its process (QEMU, a domain, a group of processes). */
  readonly guestPid: Int32Array;
  /** [vcpu] of its thread; no process has one of these numbers. */
  readonly vcpuTid: Int32Array;
  /** [vcpu] at most 15 bytes: the guest's name, cut where need be, a slash and the vCPU's number in the guest. */
  readonly vcpuComm: readonly string[];
}

/** A guest has a process, whose number is followed by those of its vCPUs' threads. */
export function traceNames({ guests, vcpuGuest }: TraceTable): TraceNames {
  const guestPid = new Int32Array(guests.length);
  const vcpuTid = new Int32Array(vcpuGuest.length);
  const vcpuComm: string[] = [];
  let next = FIRST_PID;
  guests.forEach((guest, id) => {
    guestPid[id] = next++;
    for (let i = 0; i < guest.vcpuCount; i++) {
      vcpuTid[guest.firstVcpu + i] = next++;
      vcpuComm[guest.firstVcpu + i] = commOf(guest.name, i);
    }
  });
  return { guestPid, vcpuTid, vcpuComm };
}

/** What a task is called: `guest 3 task 5`, or its boot. */
export function taskName(guest: TraceGuest, task: number): string {
  const index = task - guest.firstTask;
  return guest.hasBoot && index === guest.taskCount - 1 ? 'boot' : `task ${index}`;
}

function commOf(name: string, vcpu: number): string {
  const end = `/${vcpu}`;
  const printable = name.replace(/[^!-~]/g, '_'); // tools split at spaces, and count bytes
  return printable.slice(0, COMM_BYTES - utf8.encode(end).length) + end;
}

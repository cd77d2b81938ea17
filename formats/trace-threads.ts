import type { TraceTable } from '../sim/trace-events.ts';

/** The host's threads in a trace, one a vCPU, under names and numbers as ps would show them. Number 0 is the idle task. */
export interface TraceThreads {
  readonly pid: Int32Array; //          [vcpu] of the thread
  readonly processPid: Int32Array; //   [vcpu] of the process it is in
  readonly comm: readonly string[]; //  [vcpu] at most 15 bytes of ASCII, none of them a blank, as TASK_COMM_LEN leaves room for
}

/** So that the first threads do not look like init and kthreadd. */
const FIRST_PID = 1001;
const COMM_BYTES = 15;

/** A process a guest, whose threads follow it: numbers rise by guest and vCPU, so the same scenario has the same ones. */
export function threadsOf({ guests, vcpuGuest }: TraceTable): TraceThreads {
  const vcpuCount = vcpuGuest.length;
  const pid = new Int32Array(vcpuCount);
  const processPid = new Int32Array(vcpuCount);
  const comm = new Array<string>(vcpuCount).fill('');
  let next = FIRST_PID;
  for (const guest of guests) {
    const first = next;
    for (let i = 0; i < guest.vcpuCount; i++) {
      pid[guest.firstVcpu + i] = next++;
      processPid[guest.firstVcpu + i] = first;
      comm[guest.firstVcpu + i] = commOf(guest.name, guest.vcpuCount === 1 ? '' : `/${i}`);
    }
  }
  return { pid, processPid, comm };
}

/** Long names lose their end, and keep the number. */
function commOf(name: string, number: string): string {
  const plain = name.replace(/[^!-~]/g, '-');
  return plain.slice(0, COMM_BYTES - number.length) + number;
}

import { EventTimes } from './event-times.ts';
import { BUNDLE, FTRACE, PACKET, PREV_STATE, SCHED_SWITCH, TRACE, WAKE } from './perfetto-fields.ts';
import { SEQUENCE } from './perfetto-tracks.ts';
import { message, type ProtobufWriter } from './protobuf.ts';
import { prioOf, type TraceNames } from './trace-names.ts';

/** An event has room in so many bytes: its longest parts are two names of threads, of 15 bytes. */
const EVENT_ROOM = 256;
const TASK_READY = 1;
const NONE = -1;
/** Of idle tasks, as the kernel shows it. */
const IDLE_PRIO = 120;

/**
 * Scheduling as the kernel's own tracepoints, a bundle of ftrace with one event each: what trace_processor makes CPUs' slices, states of
 * threads, wakers and priorities of. Times: event-times.ts. Its standard modules take the CPUs that have slices for all there are, and
 * a slice without an end for -1 ns: so a CPU that is idle at the first instant has a switch of the idle task to itself then, and every
 * CPU goes idle at the end.
 */
export class PerfettoSched {
  private readonly writer: ProtobufWriter;
  private readonly tids: Int32Array; //             [vcpu]
  private readonly prios: Int32Array; //            [vcpu] the kernel's, 120 for nice 0
  private readonly leaving: readonly Uint8Array[]; // [cpus + vcpu, CPUs' idle tasks first] names and numbers, as prev
  private readonly coming: readonly Uint8Array[]; //  [likewise] as next
  private readonly named: readonly Uint8Array[]; //   [vcpu] and as the only thread of an event
  private readonly current: Int32Array; //          [cpu] vCPU that runs there, or NONE
  private readonly times: EventTimes;
  private readonly hasSwitched: Uint8Array; //        [cpu]
  private sinceNs = 0;
  private isIdleTold = false;

  constructor(writer: ProtobufWriter, { vcpuTid, vcpuComm, vcpuPrio }: TraceNames, cpus: number) {
    const threads = [
      ...Array.from({ length: cpus }, (_, cpu) => ({ comm: `swapper/${cpu}`, tid: 0 })),
      ...vcpuComm.map((comm, vcpu) => ({ comm, tid: vcpuTid[vcpu]! })),
    ];
    const messages = (names: { comm: number; pid: number }, from: number): Uint8Array[] =>
      threads.slice(from).map(({ comm, tid }) =>
        message((one) => {
          one.text(names.comm, comm);
          one.number(names.pid, tid);
        }),
      );
    this.writer = writer;
    this.tids = vcpuTid;
    this.prios = vcpuPrio.slice();
    this.leaving = messages({ comm: SCHED_SWITCH.prevComm, pid: SCHED_SWITCH.prevPid }, 0);
    this.coming = messages({ comm: SCHED_SWITCH.nextComm, pid: SCHED_SWITCH.nextPid }, 0);
    this.named = messages(WAKE, cpus);
    this.current = new Int32Array(cpus).fill(NONE);
    this.hasSwitched = new Uint8Array(cpus);
    this.times = new EventTimes(cpus, vcpuTid.length);
  }

  /** @param timeNs the first instant that is told */
  begins(timeNs: number): void {
    this.sinceNs = timeNs;
  }

  /** sched_switch. @param isGone whether the vCPU that leaves never comes back */
  switches(timeNs: number, cpu: number, previous: number, state: number, next: number, isGone: boolean): void {
    const { writer } = this;
    const cpus = this.current.length;
    this.open(this.timeOf(timeNs, cpu, previous, next), cpu, previous);
    this.hasSwitched[cpu] = 1;
    const event = writer.open(FTRACE.schedSwitch);
    writer.out.put(this.leaving[previous < 0 ? cpu : cpus + previous]!);
    writer.number(SCHED_SWITCH.prevPrio, this.prioOf(previous));
    const isReady = previous < 0 || state === TASK_READY;
    writer.number(SCHED_SWITCH.prevState, isGone ? PREV_STATE.dead : isReady ? PREV_STATE.runnable : PREV_STATE.sleeping);
    writer.out.put(this.coming[next < 0 ? cpu : cpus + next]!);
    writer.number(SCHED_SWITCH.nextPrio, this.prioOf(next));
    this.close(event);
    this.current[cpu] = next;
  }

  /** sched_waking, by the vCPU whose task wakes it; for a timer, a device or the host by the idle task, whatever the interrupted CPU runs. */
  wakes(timeNs: number, vcpu: number, targetCpu: number, waker: number, cpu: number): void {
    const { writer } = this;
    this.open(this.timeOf(timeNs, cpu, vcpu, NONE), cpu, waker);
    const event = writer.open(FTRACE.schedWaking);
    writer.out.put(this.named[vcpu]!);
    writer.number(WAKE.prio, this.prios[vcpu]!);
    writer.number(WAKE.targetCpu, targetCpu);
    this.close(event);
  }

  /** sched_process_free: the thread has ended. Its fields have the numbers of a wake's. */
  frees(timeNs: number, vcpu: number, cpu: number): void {
    const { writer } = this;
    this.open(this.timeOf(timeNs, cpu, vcpu, NONE), cpu, this.current[cpu]!);
    const event = writer.open(FTRACE.schedProcessFree);
    writer.out.put(this.named[vcpu]!);
    writer.number(WAKE.prio, this.prios[vcpu]!);
    this.close(event);
  }

  reniced(vcpu: number, weight: number): void {
    this.prios[vcpu] = prioOf(weight);
  }

  ends(atNs: number): void {
    this.tellIdle();
    this.current.forEach((vcpu, cpu) => this.switches(atNs, cpu, vcpu, TASK_READY, NONE, false));
  }

  private timeOf(timeNs: number, cpu: number, vcpu: number, other: number): number {
    if (timeNs > this.sinceNs) this.tellIdle();
    return this.times.next(timeNs, cpu, vcpu, other);
  }

  /** Of the CPUs that nothing has come to at the first instant, once that is over. */
  private tellIdle(): void {
    if (this.isIdleTold) return;
    this.isIdleTold = true;
    this.hasSwitched.forEach((has, cpu) => has === 0 && this.switches(this.sinceNs, cpu, NONE, 0, NONE, false));
  }

  private prioOf(vcpu: number): number {
    return vcpu < 0 ? IDLE_PRIO : this.prios[vcpu]!;
  }

  private packet = 0;
  private bundle = 0;
  private event = 0;
  /** @param by the vCPU that does it, NONE for the idle task */
  private open(timeNs: number, cpu: number, by: number): void {
    const { writer } = this;
    writer.out.room(EVENT_ROOM);
    this.packet = writer.open(TRACE.packet);
    writer.number(PACKET.sequence, SEQUENCE);
    this.bundle = writer.open(PACKET.ftrace);
    writer.number(BUNDLE.cpu, cpu);
    this.event = writer.open(BUNDLE.event);
    writer.number(FTRACE.timestamp, timeNs);
    writer.number(FTRACE.pid, by < 0 ? 0 : this.tids[by]!);
  }

  private close(fields: number): void {
    const { writer } = this;
    writer.close(fields);
    writer.close(this.event);
    writer.close(this.bundle);
    writer.close(this.packet);
  }
}

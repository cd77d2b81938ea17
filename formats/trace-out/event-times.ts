const NONE = -1;

/**
 * Times of a kernel's events for readers that sort them by time, and those of one instant by CPU or as they come, whatever the file has
 * first: trace-cmd and trace_processor (src/trace_processor/sorter/trace_sorter.cc) do, as a kernel has no two at one instant. So where a
 * vCPU has one on two CPUs at an instant (woken by one, it runs on another), the second stands a ns later, with what follows on its CPU
 * at that instant: times are off by a few ns there, and order is never lost.
 */
export class EventTimes {
  private readonly cpuNs: Float64Array; //  [cpu] of its last event
  private readonly vcpuNs: Float64Array; // [vcpu] of its last event,
  private readonly vcpuCpu: Int32Array; //  [vcpu] which was on this CPU

  constructor(cpus: number, vcpus: number) {
    this.cpuNs = new Float64Array(cpus);
    this.vcpuNs = new Float64Array(vcpus).fill(-1);
    this.vcpuCpu = new Int32Array(vcpus).fill(NONE);
  }

  /** Time of the next event of a CPU, one of two vCPUs, of one (`other` NONE) or of none. */
  next(timeNs: number, cpu: number, vcpu: number, other: number): number {
    const atNs = this.after(this.after(Math.max(timeNs, this.cpuNs[cpu]!), cpu, vcpu), cpu, other);
    this.cpuNs[cpu] = atNs;
    this.note(atNs, cpu, vcpu);
    this.note(atNs, cpu, other);
    return atNs;
  }

  private after(timeNs: number, cpu: number, vcpu: number): number {
    if (vcpu < 0 || this.vcpuNs[vcpu]! < timeNs) return timeNs;
    return this.vcpuNs[vcpu]! + (this.vcpuCpu[vcpu] === cpu ? 0 : 1);
  }

  private note(atNs: number, cpu: number, vcpu: number): void {
    if (vcpu < 0) return;
    this.vcpuNs[vcpu] = atNs;
    this.vcpuCpu[vcpu] = cpu;
  }
}

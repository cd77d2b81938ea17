import type { Timeline } from './recording.ts';
import type { Scenario } from './scenario.ts';
import { VCPU_RUNNING } from './states.ts';
import { LinesSoFar, unitsUnderWay } from './under-way.ts';
import type { World } from './world.ts';

/**
 * What a run was like at points of time that are equally far apart. Looking on changes nothing of the run: no instant is added for it. As
 * nothing changes speed between two instants, what a moment between them is like follows from the instant before; what happens at
 * that very moment does not show in it yet.
 *
 * The points start a nanosecond apart. When there are twice as many as asked for, every other one goes, and they are twice as far apart
 * from then on: memory is bounded, whatever the length, and at least as many as asked for stay of all runs of as many nanoseconds.
 */
export class Looks {
  /** When the next is due. */
  nextNs = 0;
  private count = 0;
  private intervalNs = 1;
  private readonly asked: number;
  private readonly guests: number; //               G, the host's background load left out
  private readonly nodes: number; //                N
  private readonly resources: number; //            R
  private readonly timesNs: Float64Array; //        [point]
  private readonly work: Float64Array; //           [point * G + guest]
  private readonly nodeRunNs: Float64Array; //      [(point * G + guest) * N + node]
  private readonly nodeBlocks: Int32Array; //       [(point * G + guest) * N + node]
  private readonly resourceBytes: Float64Array; //  [point * R + resource]
  private readonly ranNs: Float64Array; //          [G * N] stretches on a CPU that have ended
  private readonly earlierWork: Float64Array; //    [G] done before its books were opened anew
  private readonly lines: LinesSoFar;

  constructor({ machine, guests }: Scenario, asked: number) {
    this.asked = asked;
    this.guests = guests.length;
    this.nodes = machine.nodeCount;
    this.resources = machine.resourceCount;
    const most = 2 * asked + 1; // and the end of the run
    this.timesNs = new Float64Array(most);
    this.work = new Float64Array(most * this.guests);
    this.nodeRunNs = new Float64Array(most * this.guests * this.nodes);
    this.nodeBlocks = new Int32Array(most * this.guests * this.nodes);
    this.resourceBytes = new Float64Array(most * this.resources);
    this.ranNs = new Float64Array(this.guests * this.nodes);
    this.earlierWork = new Float64Array(this.guests);
    this.lines = new LinesSoFar(machine);
  }

  /** To be called before time goes on to `toNs`: looks at all points up to then. */
  until(w: World, toNs: number): void {
    while (this.nextNs <= toNs) {
      if (this.count === 2 * this.asked) this.thinOut();
      this.look(w, this.nextNs);
      this.nextNs += this.intervalNs;
    }
  }

  /** A vCPU leaves its CPU after so long. */
  ran(guest: number, node: number, ns: number): void {
    if (guest < this.guests) this.ranNs[guest * this.nodes + node]! += ns;
  }

  /** A guest's books are about to be opened anew. */
  keepWork(guest: number, work: number): void {
    if (guest < this.guests) this.earlierWork[guest]! += work;
  }

  /** All of it, the present moment, the last, included. To be called before the books are closed. */
  told(w: World): Timeline {
    if (this.count > 0 && this.timesNs[this.count - 1] === w.nowNs) this.count--; // what has happened at this moment shows in the last point
    this.look(w, w.nowNs);
    const points = Array.from({ length: this.count }, (_, point) => point);
    const { nodes, resources } = this;
    const row = (array: Float64Array | Int32Array, at: number, width: number): number[] =>
      Array.from(array.subarray(at * width, (at + 1) * width));
    return {
      timesNs: row(this.timesNs, 0, this.count),
      guests: w.guests.slice(0, this.guests).map(({ measureNs }, guest) => ({
        measuredFromNs: measureNs >= 0 ? measureNs : null,
        work: points.map((point) => this.work[point * this.guests + guest]!),
        nodeRunNs: points.map((point) => row(this.nodeRunNs, point * this.guests + guest, nodes)),
        nodeBlocks: points.map((point) => row(this.nodeBlocks, point * this.guests + guest, nodes)),
      })),
      resourceBytes: points.map((point) => row(this.resourceBytes, point, resources).map(Math.round)),
    };
  }

  /** Points stand at whole multiples of the interval from 0 on; those at odd ones go. */
  private thinOut(): void {
    this.count = this.asked;
    for (let point = 0; point < this.count; point++) {
      this.timesNs[point] = this.timesNs[2 * point]!;
      copyRow(this.work, 2 * point, point, this.guests);
      copyRow(this.nodeRunNs, 2 * point, point, this.guests * this.nodes);
      copyRow(this.nodeBlocks, 2 * point, point, this.guests * this.nodes);
      copyRow(this.resourceBytes, 2 * point, point, this.resources);
    }
    this.intervalNs *= 2; // the next point stands where it stood
  }

  /** What has been booked, and what is under way at its present speed up to `atNs`; only read. */
  private look(w: World, atNs: number): void {
    const { guests, nodes, lines } = this;
    const point = this.count++;
    const firstGuest = point * guests;
    this.timesNs[point] = atNs;
    lines.take(w);
    this.nodeRunNs.set(this.ranNs, firstGuest * nodes);
    for (let guest = 0; guest < guests; guest++) {
      this.work[firstGuest + guest] = this.earlierWork[guest]! + w.counts.workDone[guest]!;
      const first = guest * nodes;
      for (let node = 0; node < nodes; node++) {
        this.nodeBlocks[firstGuest * nodes + first + node] = w.memory.guestNodeBlocks[first + node]!;
      }
    }
    for (let cpu = 0; cpu < w.cpuVcpu.length; cpu++) {
      const vcpu = w.cpuVcpu[cpu]!;
      if (vcpu < 0) continue;
      const guest = w.vcpuGuest[vcpu]!;
      if (guest < guests && w.vcpuState[vcpu] === VCPU_RUNNING)
        this.nodeRunNs[(firstGuest + guest) * nodes + w.scenario.machine.cpuNode[cpu]!]! += atNs - w.runSinceNs[vcpu]!;
      const units = unitsUnderWay(w, cpu, atNs);
      if (units === 0) continue;
      if (guest < guests && w.segCause[cpu]! < 0) this.work[firstGuest + guest]! += units * w.phaseWork[w.vcpuTask[vcpu]!]!;
      lines.add(w, cpu, units);
    }
    lines.bytesTo(this.resourceBytes, point * this.resources);
  }
}

function copyRow(array: Float64Array | Int32Array, from: number, to: number, width: number): void {
  array.copyWithin(to * width, from * width, (from + 1) * width);
}

/** Requests by the time at which each does something next, earliest first and by number at one time: a binary heap. */
export class Agenda {
  private readonly times: Float64Array;
  private readonly requests: Int32Array;
  private count = 0;

  /** @param size requests there are; each stands in it at most once */
  constructor(size: number) {
    this.times = new Float64Array(size);
    this.requests = new Int32Array(size);
  }

  get timeNs(): number {
    return this.times[0]!;
  }

  get request(): number {
    return this.requests[0]!;
  }

  push(timeNs: number, request: number): void {
    let slot = this.count++;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!this.isAfter(parent, timeNs, request)) break;
      this.copy(parent, slot);
      slot = parent;
    }
    this.times[slot] = timeNs;
    this.requests[slot] = request;
  }

  pop(): void {
    const last = --this.count;
    const timeNs = this.times[last]!;
    const request = this.requests[last]!;
    let slot = 0;
    for (let child = 1; child < last; child = 2 * slot + 1) {
      if (child + 1 < last && this.isAfter(child, this.times[child + 1]!, this.requests[child + 1]!)) child++;
      if (this.isAfter(child, timeNs, request)) break;
      this.copy(child, slot);
      slot = child;
    }
    this.times[slot] = timeNs;
    this.requests[slot] = request;
  }

  private isAfter(slot: number, timeNs: number, request: number): boolean {
    const other = this.times[slot]!;
    return other > timeNs || (other === timeNs && this.requests[slot]! > request);
  }

  private copy(from: number, to: number): void {
    this.times[to] = this.times[from]!;
    this.requests[to] = this.requests[from]!;
  }
}

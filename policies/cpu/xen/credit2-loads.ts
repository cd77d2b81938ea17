import { NONE } from '../../../sim/units.ts';

const WINDOW_NS = 2 ** 30; // LOADAVG_WINDOW_SHIFT

/**
 * Average loads of credit2, in vCPUs: of each vCPU how much of the last window it could run, of each run queue how many could. What
 * a queue expects (b_avgload) is its average with vCPUs that come and go counted at once.
 * After: Xen, common/sched/credit2.c, update_runq_load, update_svc_load, _runq_assign, _runq_deassign; in fractions in place of fixed point.
 */
export interface Loads {
  readonly ofVcpu: Float64Array; //   [vcpu]
  readonly expected: Float64Array; // [queue]
  readonly isLoad: Uint8Array; //     [vcpu] whether it can run at present
  /** A vCPU is created: it is thought to run half its time. */
  begin(vcpu: number, nowNs: number): void;
  /** A vCPU's average is brought up to date; if it begins or ceases to be able to run, its queue's too. */
  set(vcpu: number, queue: number, canRun: boolean, nowNs: number): void;
  updateVcpu(vcpu: number, nowNs: number): void;
  updateQueue(queue: number, nowNs: number): void;
  /** A vCPU changes queues; NONE for none. */
  assign(vcpu: number, from: number, to: number, nowNs: number): void;
}

export function loads(vcpuCount: number, queueCount: number): Loads {
  const ofVcpu = new Float64Array(vcpuCount);
  const vcpuNs = new Float64Array(vcpuCount);
  const isLoad = new Uint8Array(vcpuCount);
  const expected = new Float64Array(queueCount);
  const queueNs = new Float64Array(queueCount);
  const running = new Int32Array(queueCount); // [queue] vCPUs that can run now

  const blend = (average: number, load: number, sinceNs: number): number =>
    sinceNs > WINDOW_NS ? load : average + (sinceNs * (load - average)) / WINDOW_NS;

  function updateVcpu(vcpu: number, nowNs: number): void {
    ofVcpu[vcpu] = blend(ofVcpu[vcpu]!, isLoad[vcpu]!, nowNs - vcpuNs[vcpu]!);
    vcpuNs[vcpu] = nowNs;
  }

  function updateQueue(queue: number, nowNs: number): void {
    expected[queue] = blend(expected[queue]!, running[queue]!, nowNs - queueNs[queue]!);
    queueNs[queue] = nowNs;
  }

  return {
    ofVcpu,
    expected,
    isLoad,
    begin(vcpu, nowNs) {
      ofVcpu[vcpu] = 0.5;
      vcpuNs[vcpu] = nowNs;
    },
    updateVcpu,
    updateQueue,
    set(vcpu, queue, canRun, nowNs) {
      if (isLoad[vcpu] === (canRun ? 1 : 0)) return;
      updateQueue(queue, nowNs);
      updateVcpu(vcpu, nowNs);
      isLoad[vcpu] = canRun ? 1 : 0;
      running[queue]! += canRun ? 1 : -1;
    },
    assign(vcpu, from, to, nowNs) {
      if (from !== NONE) {
        if (isLoad[vcpu]) {
          updateQueue(from, nowNs);
          running[from]!--;
        }
        expected[from] = Math.max(0, expected[from]! - ofVcpu[vcpu]!);
      }
      if (to === NONE) return;
      expected[to]! += ofVcpu[vcpu]!;
      if (isLoad[vcpu]) {
        updateQueue(to, nowNs);
        running[to]!++;
      }
    },
  };
}

import { DSQ_LOCAL, DSQ_LOCAL_ON, type Kernel } from '../../sim/policy-api.ts';
import { type CpuId, type DsqId, NONE, type VcpuId } from '../../sim/units.ts';

type QueueCalls = Pick<
  Kernel,
  'createDsq' | 'dsqInsertVtime' | 'dsqNrQueued' | 'dsqFirst' | 'dsqNext' | 'dsqMoveTo' | 'dsqMoveVtime' | 'dsqOf'
>;

interface Waiting {
  readonly vcpu: VcpuId;
  readonly vtime: number;
}

/** vCPUs that wait in a fake kernel. */
export interface FakeQueues {
  /** [vcpu] ns that it was queued with. */
  readonly slices: number[];
  queue(dsq: DsqId): Waiting[];
  /** The queue it waits in. */
  whereIs(vcpu: VcpuId): Waiting[] | undefined;
  take(vcpu: VcpuId): void;
  insert(vcpu: VcpuId, dsq: DsqId, sliceNs: number, vtime: number): void;
  readonly calls: QueueCalls;
}

export const localOf = (cpu: CpuId): DsqId => (DSQ_LOCAL_ON + cpu) as DsqId;

/**
 * Queues as arrays, in the order of their virtual times.
 * @param cpuOf [vcpu] where it runs or last ran
 * @param curr [cpu] what runs there
 */
export function fakeQueues(vcpus: number, cpuOf: readonly CpuId[], curr: readonly VcpuId[]): FakeQueues {
  const slices = Array<number>(vcpus).fill(0);
  const queues = new Map<number, Waiting[]>();
  const queue = (dsq: DsqId): Waiting[] => queues.get(dsq) ?? [];
  const whereIs = (vcpu: VcpuId): Waiting[] | undefined => [...queues.values()].find((list) => list.some((entry) => entry.vcpu === vcpu));
  const take = (vcpu: VcpuId): void => {
    const list = whereIs(vcpu);
    list?.splice(
      list.findIndex((entry) => entry.vcpu === vcpu),
      1,
    );
  };
  const insert = (vcpu: VcpuId, dsq: DsqId, sliceNs: number, vtime: number): void => {
    if (whereIs(vcpu) || curr.includes(vcpu)) throw new Error(`vCPU ${vcpu} is inserted twice`);
    const list = queues.get(dsq === DSQ_LOCAL ? localOf(cpuOf[vcpu]!) : dsq);
    if (!list) throw new Error(`no queue ${dsq}`);
    const at = list.findIndex((entry) => entry.vtime > vtime);
    list.splice(at < 0 ? list.length : at, 0, { vcpu, vtime });
    slices[vcpu] = sliceNs;
  };
  const calls: QueueCalls = {
    createDsq: (dsq) => void queues.set(dsq, []),
    dsqInsertVtime: (vcpu, dsq, sliceNs, vtime) => insert(vcpu, dsq, sliceNs, vtime),
    dsqNrQueued: (dsq) => queue(dsq).length,
    dsqFirst: (dsq) => queue(dsq)[0]?.vcpu ?? NONE,
    dsqNext(vcpu) {
      const list = whereIs(vcpu)!;
      return list[list.findIndex((entry) => entry.vcpu === vcpu) + 1]?.vcpu ?? NONE;
    },
    dsqMoveTo(vcpu, dsq) {
      if (!whereIs(vcpu)) return false;
      take(vcpu);
      queue(dsq).push({ vcpu, vtime: 0 });
      return true;
    },
    dsqMoveVtime(vcpu, dsq, vtime) {
      if (!whereIs(vcpu)) return false;
      take(vcpu);
      insert(vcpu, dsq, slices[vcpu]!, vtime);
      return true;
    },
    dsqOf: (vcpu) => ([...queues].find(([, list]) => list.some((entry) => entry.vcpu === vcpu))?.[0] ?? NONE) as DsqId,
  };
  return { slices, queue, whereIs, take, insert, calls };
}

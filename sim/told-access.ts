import type { HintFault } from './memory-policy.ts';
import { namedStream, type Random } from './random.ts';
import type { CpuId, GuestId, NodeId, VcpuId } from './units.ts';
import type { World } from './world.ts';

/** An access as a policy is told of it, a hint fault or a sample: one record for all, filled anew for each. */
export type ToldAccess = { -readonly [Key in keyof HintFault]: HintFault[Key] };

export function emptyAccess(): ToldAccess {
  const none = -1;
  return {
    guest: none as GuestId,
    vcpu: none as VcpuId,
    block: none,
    node: none as NodeId,
    cpu: none as CpuId,
    cpuNode: none as NodeId,
    isWrite: false,
    markedNs: none,
  };
}

/** Fills in who accesses which block, from where. */
export function tellAccess(w: World, told: ToldAccess, cpu: number, vcpu: number, block: number, isWrite: boolean): void {
  const guest = w.vcpuGuest[vcpu]!;
  told.guest = guest as GuestId;
  told.vcpu = vcpu as VcpuId;
  told.block = block - w.memory.guestBlocks.first[guest]!;
  told.node = w.memory.nodeOf(block) as NodeId;
  told.cpu = cpu as CpuId;
  told.cpuNode = w.scenario.machine.cpuNode[cpu] as NodeId;
  told.isWrite = isWrite;
}

/** A stream of each vCPU's own for one purpose, made when it is first drawn from. */
export class VcpuStreams {
  private readonly streams: (Random | undefined)[] = [];
  private readonly purpose: string;

  constructor(purpose: string) {
    this.purpose = purpose;
  }

  of(w: World, vcpu: number): Random {
    const made = this.streams[vcpu];
    if (made) return made;
    const guest = w.guests[w.vcpuGuest[vcpu]!]!;
    return (this.streams[vcpu] = namedStream(w.scenario.seed, guest.spec.name, vcpu - guest.firstVcpu, this.purpose));
  }
}

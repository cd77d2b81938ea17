import type { GuestState } from './guest-state.ts';
import type { GuestPlaces, Places, VcpuPlaces } from './recording.ts';
import { ALL_CPUS } from './masks.ts';
import type { World } from './world.ts';

/** What a guest's vCPUs may use at one moment. */
interface Affinity {
  readonly hardCpus: (readonly number[] | null)[]; // [vCPU]
  readonly softCpus: (readonly number[] | null)[];
}

interface Arrival extends Affinity {
  readonly atNs: number;
}

/**
 * Where a policy put guests when they came, and where they have been since. Changes nothing of the run; takes memory for each CPU that a
 * vCPU has run on.
 */
export class PlaceBook {
  private readonly arrivals: (Arrival | undefined)[] = []; // [guest]
  private readonly ranNs: Map<number, number> = new Map(); // [vcpu * C + cpu]

  /** The policy has placed a guest, and the core has set its masks. */
  placed(w: World, guest: GuestState): void {
    this.arrivals[guest.id] = { atNs: w.nowNs, ...affinityOf(w, guest) };
  }

  /** A vCPU leaves its CPU, or the run ends, after so long. */
  ran(w: World, vcpu: number, cpu: number, ns: number): void {
    if (ns === 0) return;
    const at = vcpu * w.cpuVcpu.length + cpu;
    this.ranNs.set(at, (this.ranNs.get(at) ?? 0) + ns);
  }

  /** To be called once the books are closed. */
  told(w: World): Places {
    const { name, backs, fallback, onHintFault, onSample, plan } = w.policy.memory;
    const movesPages = Boolean(onHintFault ?? onSample ?? plan);
    return {
      memory: { name, backs, fallback, movesPages },
      guests: w.guests.filter((guest) => !guest.isHostNoise).map((guest) => this.guestPlaces(w, guest)),
    };
  }

  private guestPlaces(w: World, guest: GuestState): GuestPlaces {
    const arrival = this.arrivals[guest.id];
    const end = affinityOf(w, guest);
    const keptNodes = w.vnodeNodes[guest.id];
    return {
      placedNs: arrival?.atNs ?? null,
      memoryNodes: [...w.placements[guest.id]!.memoryNodes],
      vnodeNodes: keptNodes ? [...keptNodes] : null,
      vcpus: Array.from({ length: guest.vcpuCount }, (_, i): VcpuPlaces => ({
        hardCpus: arrival?.hardCpus[i] ?? null,
        softCpus: arrival?.softCpus[i] ?? null,
        hardCpusAtEnd: end.hardCpus[i]!,
        softCpusAtEnd: end.softCpus[i]!,
        ranNs: this.cpusOf(w, guest.firstVcpu + i),
      })),
    };
  }

  private cpusOf(w: World, vcpu: number): { cpu: number; ns: number }[] {
    const first = vcpu * w.cpuVcpu.length;
    const cpus = Array.from(w.cpuVcpu.keys(), (cpu) => ({ cpu, ns: this.ranNs.get(first + cpu) ?? 0 }));
    return cpus.filter(({ ns }) => ns > 0);
  }
}

function affinityOf(w: World, { firstVcpu, vcpuCount }: GuestState): Affinity {
  const cpusOf = (masks: Int32Array): (readonly number[] | null)[] =>
    Array.from(masks.subarray(firstVcpu, firstVcpu + vcpuCount), (mask) => (mask === ALL_CPUS ? null : w.masks.cpusOf(mask)));
  return { hardCpus: cpusOf(w.vcpuMask), softCpus: cpusOf(w.vcpuSoftMask) };
}

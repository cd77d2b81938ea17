import type { Kernel } from '../../sim/policy-api.ts';
import type { GuestId, NodeId } from '../../sim/units.ts';
import { type Client, type EsxHomes, homeNodes, isAtHome } from '../placement/esx-homes.ts';
import { onlineCpus } from '../placement/online.ts';
import { entitle } from './esx-entitlement.ts';

/** A home, and what was entitled to its CPU time and consumed of it in the last period, in ns. */
export interface HomeLoad {
  readonly node: NodeId;
  /** Time of its CPUs, and what of that was left to managed guests. */
  readonly cpusNs: number;
  readonly roomNs: number;
  readonly clients: { readonly client: Client; readonly entitledNs: number }[];
  entitledNs: number;
  /** By how much its clients consumed less than they were entitled to. */
  lackNs: number;
}

/** A change of home, or with `other` an exchange of two homes. */
export interface Change {
  readonly client: Client;
  readonly other: Client | null;
  readonly to: NodeId;
}

/**
 * What clients were entitled to in the last period, against what they consumed. A vCPU wants what it ran and what it waited; the host is
 * shared out to all by weight as if it were one node (assumed: how ESX counts entitlement is not public). Guests that are not managed,
 * and the host's own load, take what they took from the node they are on.
 */
export function loadsOf(k: Kernel, homes: EsxHomes, usedNs: Float64Array, waitedNs: Float64Array, passedNs: number): HomeLoad[] {
  const clients = clientsHere(k, homes);
  const isManaged = new Set(clients.map(({ guest }) => guest));
  const othersNs = new Float64Array(k.nodeCount);
  const wantedNs = new Float64Array(k.vcpuCount);
  for (let vcpu = 0; vcpu < k.vcpuCount; vcpu++) {
    const cpu = k.taskCpu(vcpu as never);
    if (isManaged.has(k.guestOf(vcpu as never))) wantedNs[vcpu] = Math.min(usedNs[vcpu]! + waitedNs[vcpu]!, passedNs);
    else if (cpu >= 0) othersNs[k.cpuNode(cpu)]! += usedNs[vcpu]!;
  }
  const loads = homeNodes(k).map((node): HomeLoad => {
    const cpusNs = onlineCpus(k, node) * passedNs;
    return { node, cpusNs, roomNs: Math.max(0, cpusNs - othersNs[node]!), clients: [], entitledNs: 0, lackNs: 0 };
  });
  const entitledNs = entitle(wantedNs, (vcpu) => k.weight(vcpu as never), loads.reduce((sum, { roomNs }) => sum + roomNs, 0)); // prettier-ignore
  for (const client of clients) {
    const sum = (of: Float64Array): number => client.vcpus.reduce((all, vcpu) => all + of[vcpu]!, 0);
    const load = loads.find(({ node }) => node === client.home)!;
    load.clients.push({ client, entitledNs: sum(entitledNs) });
    load.entitledNs += sum(entitledNs);
    load.lackNs += Math.max(0, sum(entitledNs) - sum(usedNs));
  }
  return loads;
}

/** Parts of guests that are there and held to their homes. */
export function clientsHere(k: Kernel, homes: EsxHomes): Client[] {
  const guests = Array.from({ length: k.guestCount }, (_, guest) => guest as GuestId).filter((guest) => k.isHere(guest));
  return guests.flatMap((guest) => (isAtHome(k, homes.of(guest)) ? homes.of(guest) : []));
}

/**
 * The change of homes that serves most of what is entitled on the node that lacks most and the node that is loaded least; null where
 * lacks differ by no more than `threshold` of a node's CPUs. It must serve more than `threshold` of the crowded node's CPUs beyond what is
 * served now, or guests would go back and forth (assumed). Where changes serve as much, the one after which most memory is at home;
 * exchanges must bring more of it home.
 * After: VMware vSphere Resource Management, "Rebalancing": the least loaded node, and rather a guest with memory there already.
 */
export function bestChange(k: Kernel, loads: readonly HomeLoad[], threshold: number): Change | null {
  if (loads.length < 2) return null;
  const from = loads.reduce((most, load) => (lackOf(load) > lackOf(most) ? load : most));
  if (!(lackOf(from) - Math.min(...loads.map(lackOf)) > threshold)) return null;
  const targets = loads.filter((load) => load !== from);
  const to = targets.reduce((least, load) => (useOf(load) < useOf(least) ? load : least));
  let best: Change | null = null;
  let bestNs = threshold * from.cpusNs;
  let bestBytes = 0;
  const weigh = (change: Change, movedNs: number, bytes: number): void => {
    const gainNs = servedNs(from, -movedNs) + servedNs(to, movedNs) - servedNs(from, 0) - servedNs(to, 0);
    if (gainNs < bestNs || (gainNs === bestNs && (best === null || bytes <= bestBytes))) return;
    [best, bestNs, bestBytes] = [change, gainNs, bytes];
  };
  for (const { client, entitledNs } of from.clients) {
    if (hasOn(to, client)) continue;
    const bytes = bytesNearer(k, client, to.node);
    weigh({ client, other: null, to: to.node }, entitledNs, bytes);
    for (const { client: other, entitledNs: otherNs } of to.clients) {
      const both = bytes + bytesNearer(k, other, from.node);
      if (both > 0 && !hasOn(from, other)) weigh({ client, other, to: to.node }, entitledNs - otherNs, both);
    }
  }
  return best;
}

/** As a share of the node's CPUs. */
function lackOf({ lackNs, cpusNs }: HomeLoad): number {
  return lackNs / cpusNs;
}

function useOf({ entitledNs, roomNs }: HomeLoad): number {
  return roomNs === 0 ? Infinity : entitledNs / roomNs;
}

/** What the node can serve if so much more were entitled there. */
function servedNs({ entitledNs, roomNs }: HomeLoad, moreNs: number): number {
  return Math.min(entitledNs + moreNs, roomNs);
}

/** Whether a part of the guest is there already. */
function hasOn({ clients }: HomeLoad, { guest }: Client): boolean {
  return clients.some(({ client }) => client.guest === guest);
}

/** Memory of its guest that comes to be at home less what comes to be away. */
function bytesNearer(k: Kernel, { guest, home }: Client, to: NodeId): number {
  return k.guestNodeBytes(guest, to) - k.guestNodeBytes(guest, home);
}

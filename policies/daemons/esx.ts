import type { Actuators, Daemon, Kernel } from '../../sim/policy-api.ts';
import type { GuestId, NodeId, VcpuId } from '../../sim/units.ts';
import { type Client, type EsxHomes, homeNodes } from '../placement/esx-homes.ts';
import { cpusOf, onlineCores } from '../placement/online.ts';
import { CpuUse } from './cpu-use.ts';
import { bestChange, clientsHere, loadsOf } from './esx-balance.ts';

/** Looks in a period at which vCPUs are seen to wait (assumed: ESX knows how long they did). */
const LOOKS = 20;
const LEAST_CORES_A_NODE = 2; // Numa.RebalanceCoresNode; two such nodes have the 4 cores of Numa.RebalanceCoresTotal

export interface EsxOptions {
  /** Numa.RebalancePeriod */
  readonly periodNs: number;
  /** Numa.MigImbalanceThreshold, as a share of a node's CPUs. */
  readonly threshold: number;
}

/**
 * The rebalancer of home nodes. Every period it changes the home of one guest, or exchanges two, if nodes differ too much in what their
 * guests lack of their entitlement; and sends memory that is not at home there, at the rate the memory part allows.
 * After: VMware vSphere Resource Management, "Using NUMA Systems with ESXi". One change a period and the order of pages are assumed; that
 * ESX also moves guests in turn for fairness in the long term is left out.
 */
export function esxRebalancer(homes: EsxHomes, { periodNs, threshold }: EsxOptions): Daemon {
  let use: CpuUse | undefined;
  let waitedNs = new Float64Array(0); // [vcpu] in this period
  let lookedNs = 0;
  const follow = follower(homes);

  return {
    name: 'esx',
    periodNs: Math.ceil(periodNs / LOOKS),
    step(k, act) {
      if (!use) {
        use = new CpuUse(k);
        waitedNs = new Float64Array(k.vcpuCount);
      } else {
        use.look(k);
        for (let vcpu = 0; vcpu < waitedNs.length; vcpu++) {
          if (k.isRunnable(vcpu as VcpuId)) waitedNs[vcpu]! += k.nowNs - lookedNs;
        }
      }
      lookedNs = k.nowNs;
      if (k.nowNs - use.sinceNs < periodNs) return;
      if (mayRebalance(k)) rebalance(k, act, use);
      follow(k, act);
      use.clear(k);
      waitedNs.fill(0);
    },
  };

  function rebalance(k: Kernel, act: Actuators, { vcpuNs, sinceNs }: CpuUse): void {
    const change = bestChange(k, loadsOf(k, homes, vcpuNs, waitedNs, k.nowNs - sinceNs), threshold);
    if (!change) return;
    const from = change.client.home;
    rehome(k, act, change.client, change.to);
    if (change.other) rehome(k, act, change.other, from);
  }

  function rehome(k: Kernel, act: Actuators, client: Client, home: NodeId): void {
    const cpus = cpusOf(k, [home]);
    for (const vcpu of client.vcpus) act.setAffinity(vcpu, cpus);
    homes.move(k, client, home);
  }
}

function mayRebalance(k: Kernel): boolean {
  return homeNodes(k).every((node) => onlineCores(k, node) >= LEAST_CORES_A_NODE);
}

/**
 * Orders what a guest has on nodes that are no home of its parts to the home where it has least, if there is room. An order under way is
 * left alone while it gets on, unless it should go elsewhere now.
 */
function follower(homes: EsxHomes): (k: Kernel, act: Actuators) => void {
  const orders = new Map<string, { readonly to: NodeId; bytes: number }>(); // by guest and node

  function bring(k: Kernel, act: Actuators, guest: GuestId, from: NodeId, to: NodeId | undefined): void {
    const key = `${guest}/${from}`;
    const bytes = k.guestNodeBytes(guest, from);
    const order = orders.get(key);
    if (bytes === 0 || to === undefined) orders.delete(key);
    else if (order?.to === to && bytes < order.bytes) order.bytes = bytes;
    else {
      orders.set(key, { to, bytes });
      act.migratePages(guest, from, to);
    }
  }

  return (k, act) => {
    for (const guest of new Set(clientsHere(k, homes).map((client) => client.guest))) {
      const all = homes.of(guest).map(({ home }) => home);
      const roomy = all.filter((home) => k.nodeFreeBytes(home) >= k.blockBytes);
      const least = (a: NodeId, b: NodeId): NodeId => (k.guestNodeBytes(guest, b) < k.guestNodeBytes(guest, a) ? b : a);
      const to = roomy.length > 0 ? roomy.reduce(least) : undefined;
      for (let node = 0 as NodeId; node < k.nodeCount; node++) if (!all.includes(node)) bring(k, act, guest, node, to);
    }
  };
}

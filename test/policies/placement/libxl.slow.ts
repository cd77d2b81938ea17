import { type CpuId, GiB, type GuestId, type NodeId } from '../../../sim/units.ts';
import type { Fake } from '../fake-kernel.ts';

/** libxl's placement the obvious way: every set of nodes is tried, those that will do are sorted, the first is taken. */
export function slowLibxl(k: Fake, guest: number, placed: readonly (number[] | undefined)[]): number[] {
  const nodes = Array.from({ length: k.nodeCount }, (_, node) => node);
  const cpus = nodes.map(
    (node) => Array.from({ length: k.cpuCount }, (_, cpu) => k.cpuNode(cpu as CpuId)).filter((at) => at === node).length,
  );
  const freeGiB = nodes.map((node) => k.nodeFreeBytes(node as NodeId) / GiB(1));
  const vcpusOn = nodes.map((node) => {
    let sum = 0;
    for (let other = 0; other < k.guestCount; other++) {
      const on = k.isHostNoise(other as GuestId) ? [] : placed[other];
      if (other !== guest && on && (on.length === 0 || on.includes(node))) sum += k.guestVcpuCount(other as GuestId);
    }
    return sum;
  });
  const needCpus = k.guestVcpuCount(guest as GuestId);
  const total = (set: number[], of: number[]): number => set.reduce((sum, node) => sum + of[node]!, 0);
  const isEven = cpus.every((count) => count === cpus[0]);
  const withCpus = nodes.filter((node) => cpus[node]! > 0);
  const atLeast = isEven ? Math.min(Math.ceil(needCpus / cpus[0]!), withCpus.length) : 1;
  const sets: number[][] = [];
  for (let bits = 1; bits < 2 ** k.nodeCount; bits++) {
    const set = nodes.filter((node) => (bits >> node) & 1);
    const fits = total(set, cpus) >= needCpus && total(set, freeGiB) >= k.guestMemoryBytes(guest as GuestId) / GiB(1);
    if (set.every((node) => withCpus.includes(node)) && set.length >= atLeast && fits) sets.push(set);
  }
  const lexicographic = (a: number[], b: number[]): number => a.map((node, i) => node - b[i]!).find((less) => less !== 0) ?? 0;
  sets.sort(
    (a, b) => a.length - b.length || total(a, vcpusOn) - total(b, vcpusOn) || total(b, freeGiB) - total(a, freeGiB) || lexicographic(a, b),
  );
  return sets[0] ?? [];
}

import { describe, expect, test } from 'vitest';
import { opteron6164 } from '../../../../machines/opteron-6164-4s.ts';
import { xeon8167m } from '../../../../machines/xeon-8167m-2s.ts';
import { buildDomains, type Domain, type Domains } from '../../../../policies/cpu/linux/domains.ts';
import { ms } from '../../../../sim/units.ts';
import { fakeKernel, type FakeSpec } from '../../fake-kernel.ts';

function domainsOf(spec: Omit<FakeSpec, 'guests'>): Domains {
  return buildDomains(fakeKernel({ ...spec, guests: [] }));
}

function chainOf({ base }: Domains, cpu: number): Domain[] {
  const chain: Domain[] = [];
  for (let domain = base[cpu]!; domain; domain = domain.parent!) chain.push(domain);
  return chain;
}

const groupsOf = (domain: Domain): number[][] => domain.groups.map(({ cpus }) => [...cpus]);
const nodes = (...ids: number[]): number[] => ids.flatMap((node) => [0, 1, 2, 3, 4, 5].map((i) => node * 6 + i));

describe('eight nodes of six CPUs, at 16 and 22 from each other', () => {
  const domains = domainsOf({ nodeCpus: opteron6164.nodeCpus, slit: opteron6164.slit.value });
  const [llc, near, all] = chainOf(domains, 0) as [Domain, Domain, Domain];

  test('have a domain for the node, one for the nodes at 16, and one for all; threads, package and node itself add nothing', () => {
    expect(chainOf(domains, 0).map(({ level }) => level)).toEqual(['llc', 'numa', 'numa']);
    expect([...llc.cpus]).toEqual(nodes(0));
    expect([...near.cpus]).toEqual(nodes(0, 1, 2, 4, 6)); // the SLIT's row: 10 16 16 22 16 22 16 22
    expect(all.cpus.length).toBe(48);
    expect([llc.parent, near.child, near.parent, all.parent]).toEqual([near, llc, all, null]);
  });

  test('balance single CPUs in a node, nodes among the near ones', () => {
    expect(groupsOf(llc)).toEqual([[0], [1], [2], [3], [4], [5]]);
    expect(groupsOf(near)).toEqual([nodes(0), nodes(1), nodes(2), nodes(4), nodes(6)]);
  });

  test('overlap at the top: what is near node 0, then what is near the first node that is not, and the next', () => {
    // Not near node 0: 3, 5, 7. Near node 3: 1 2 3 4 5, which leaves 7. Near node 7: 1 2 5 6 7.
    expect(groupsOf(all)).toEqual([nodes(0, 1, 2, 4, 6), nodes(1, 2, 3, 4, 5), nodes(1, 2, 5, 6, 7)]);
    // Only CPUs of the nodes they are drawn for may pull for them: no other node is near just these.
    expect(all.groups.map(({ balanceCpus }) => [...balanceCpus])).toEqual([nodes(0), nodes(3), nodes(7)]);
  });

  test('are seen otherwise from node 1, two hops from node 2: no group holds both sides of every pair that is far apart', () => {
    const top = chainOf(domains, 6)[2]!;
    expect(groupsOf(top)).toEqual([nodes(0, 1, 3, 4, 7), nodes(0, 2, 3, 4, 5, 6, 7)]);
    expect([...top.groups[0]!.cpus]).not.toContain(12); // node 2 is missing from node 1's own group, so it can be pulled from
  });

  test('have the parameters of sd_init', () => {
    expect([llc, near, all].map(({ imbalancePct }) => imbalancePct)).toEqual([117, 117, 117]);
    expect([llc, near, all].map(({ cacheNiceTries }) => cacheNiceTries)).toEqual([1, 2, 2]);
    expect([llc, near, all].map(({ minIntervalNs }) => minIntervalNs)).toEqual([ms(6), ms(30), ms(48)]);
    expect([llc, near, all].map(({ maxIntervalNs }) => maxIntervalNs)).toEqual([ms(12), ms(60), ms(96)]);
    expect([llc, near, all].map(({ prefersSibling }) => prefersSibling)).toEqual([true, false, false]);
    expect([llc, near, all].map(({ serializes }) => serializes)).toEqual([false, true, true]);
    expect([llc, near, all].every(({ wakeAffine, balancesFork }) => wakeAffine && balancesFork)).toBe(true); // 22 is not beyond 30
    expect([near, all].map(({ imbNumaNr }) => imbNumaNr)).toEqual([1, 1]); // max(1, 6 / 8), times 30 / 30 and 48 / 30
  });

  test('know which CPUs share a last-level cache', () => {
    expect([...domains.llcOf.slice(0, 13)]).toEqual([0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 12]);
    expect(domains.llcSize[47]).toBe(6);
    expect(domains.llc[47]).toBe(chainOf(domains, 47)[0]);
  });
});

describe('two sockets of 26 cores of two threads', () => {
  const domains = domainsOf({ nodeCpus: xeon8167m.nodeCpus, slit: xeon8167m.slit.value, threadsPerCore: 2 });
  const [smt, llc, numa] = chainOf(domains, 55) as [Domain, Domain, Domain]; // the second thread of a core of node 1

  test('have domains of a core, of the node and of both', () => {
    expect([smt, llc, numa].map(({ level, cpus }) => [level, cpus.length])).toEqual([['smt', 2], ['llc', 52], ['numa', 104]]); // prettier-ignore
    expect(groupsOf(smt)).toEqual([[55], [54]]);
    expect(groupsOf(llc).slice(0, 2)).toEqual([[54, 55], [56, 57]]); // prettier-ignore
    expect(groupsOf(numa).map((cpus) => [cpus[0], cpus.length])).toEqual([[52, 52], [0, 52]]); // prettier-ignore
  });

  test('tell groups that are one core from those that are not', () => {
    expect([smt, llc, numa].map(({ groups }) => groups[0]!.isCore)).toEqual([false, true, false]);
    expect([smt, llc, numa].map(({ groups }) => groups[0]!.cores)).toEqual([1, 1, 26]);
  });

  test('are balanced at 110 % between threads, move at once there, and may differ by an eighth of a node', () => {
    expect([smt, llc, numa].map(({ imbalancePct }) => imbalancePct)).toEqual([110, 117, 117]);
    expect([smt, llc, numa].map(({ cacheNiceTries }) => cacheNiceTries)).toEqual([0, 1, 2]);
    expect(numa.imbNumaNr).toBe(6); // 52 / 8
    expect(domains.llc[55]).toBe(llc);
  });
});

describe('nodes that are not alike', () => {
  // Node 0 has no CPU, node 1 one, node 2 three, node 3 two: CPU 0; 1 to 3; 4 and 5. Node 3 is beyond 30 from all.
  const spec = {
    nodeCpus: [0, 1, 3, 2],
    slit: [
      [10, 12, 14, 40],
      [12, 10, 20, 31],
      [14, 20, 10, 31],
      [40, 31, 31, 10],
    ],
  };
  const domains = domainsOf(spec);

  test('a CPU alone on its node starts with the nearest other node; distances of nodes without CPUs do not count', () => {
    expect(chainOf(domains, 0).map(({ level, cpus }) => [level, ...cpus])).toEqual([['numa', 0, 1, 2, 3], ['numa', 0, 1, 2, 3, 4, 5]]); // prettier-ignore
    expect(domains.llc[0]).toBeNull();
    expect([domains.llcOf[0], domains.llcSize[0]]).toEqual([0, 1]);
    expect(groupsOf(chainOf(domains, 0)[0]!)).toEqual([[0], [1, 2, 3]]);
  });

  test('beyond 30 no wake is drawn and no fork balanced', () => {
    const top = chainOf(domains, 4).at(-1)!;
    expect([top.cpus.length, top.wakeAffine, top.balancesFork]).toEqual([6, false, false]);
    expect(chainOf(domains, 1)[1]!.wakeAffine).toBe(true); // 20
  });

  test('a node with no neighbour within a distance has no level there', () => {
    expect(chainOf(domains, 5).map(({ level, cpus }) => [level, cpus.length])).toEqual([['llc', 2], ['numa', 6]]); // prettier-ignore
    expect(groupsOf(chainOf(domains, 5)[1]!)).toEqual([[4, 5], [0, 1, 2, 3]]); // prettier-ignore
  });

  test('a machine of one CPU has no domain', () => {
    const alone = domainsOf({ nodeCpus: [1] });
    expect([alone.base, alone.llc, alone.count]).toEqual([[null], [null], 0]);
  });

  test('a machine of one node has the last-level cache alone', () => {
    const one = domainsOf({ nodeCpus: [5] });
    expect(chainOf(one, 3).map(({ level, cpus }) => [level, cpus.length])).toEqual([['llc', 5]]);
    expect(groupsOf(one.base[3]!)).toEqual([[3], [4], [0], [1], [2]]); // its own first
  });
});

test('on a ring of eight nodes whose diameter is 4 hops no group reaches out of the domain it is part of', () => {
  const slit = Array.from({ length: 8 }, (_, a) =>
    Array.from({ length: 8 }, (__, b) => 10 + 5 * Math.min((a - b + 8) % 8, (b - a + 8) % 8)),
  );
  const domains = domainsOf({ nodeCpus: [2, 2, 2, 2, 2, 2, 2, 2], slit });
  for (let cpu = 0; cpu < 16; cpu++) {
    const chain = chainOf(domains, cpu);
    expect(chain.map(({ cpus }) => cpus.length)).toEqual([2, 6, 10, 14, 16]);
    for (const domain of chain) {
      const covered = new Set(domain.groups.flatMap(({ cpus }) => [...cpus]));
      expect([...covered].sort((a, b) => a - b)).toEqual([...domain.cpus]);
      expect([...domain.groups[0]!.cpus]).toContain(cpu);
    }
  }
});

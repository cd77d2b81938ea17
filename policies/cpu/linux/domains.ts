import type { Kernel } from '../../../sim/policy-api.ts';
import { type CpuId, ms, NONE, type NodeId } from '../../../sim/units.ts';

/** Nodes further apart than this by SLIT are not balanced at fork, exec and wake (RECLAIM_DISTANCE). */
const RECLAIM_DISTANCE = 30;

/** A span of CPUs within which load is balanced, as one CPU sees it: each CPU has domains of its own, from near to far. */
export interface Domain {
  /** Counted over the machine: a place for what changes. */
  readonly id: number;
  readonly level: 'smt' | 'llc' | 'node' | 'numa';
  readonly cpus: Int32Array;
  /** What it is divided into; the first holds the CPU whose domain it is. */
  readonly groups: readonly Group[];
  readonly imbalancePct: number;
  readonly cacheNiceTries: number;
  readonly minIntervalNs: number;
  readonly maxIntervalNs: number;
  /** SD_BALANCE_FORK and EXEC, and SD_WAKE_AFFINE, which far NUMA levels do without. */
  readonly balancesFork: boolean;
  readonly wakeAffine: boolean;
  /** SD_PREFER_SIBLING: tasks should rather be spread over domains like this one than share it. */
  readonly prefersSibling: boolean;
  /** SD_SERIALIZE: one CPU of the machine balances at a time. Here all do, one after the other. */
  readonly serializes: boolean;
  /** Tasks that may be more on one NUMA group than on another (imb_numa_nr). */
  readonly imbNumaNr: number;
  child: Domain | null;
  parent: Domain | null;
}

/** CPUs that are one side of a balance. */
export interface Group {
  /** Counted over the machine. */
  readonly id: number;
  readonly cpus: Int32Array;
  /** CPUs that may pull for the group; all of them but where groups overlap (group_balance_mask). */
  readonly balanceCpus: Int32Array;
  readonly cores: number;
  /** Its CPUs are threads of one core (its flags have SD_SHARE_CPUCAPACITY). */
  readonly isCore: boolean;
}

export interface Domains {
  /** [cpu] its smallest domain; null for one that is alone in the machine. */
  readonly base: readonly (Domain | null)[];
  /** [cpu] its largest domain within the last-level cache (sd_llc); null where a CPU has one for itself. */
  readonly llc: readonly (Domain | null)[];
  readonly llcOf: Int32Array; //   [cpu] first CPU with the same last-level cache
  readonly llcSize: Int32Array; // [cpu]
  readonly count: number;
  readonly groupCount: number;
}

/** A level before groups are laid and levels without use dropped: what all CPUs have in common there, and the span of each. */
interface Level {
  readonly kind: Domain['level'];
  readonly distance: number; // NUMA levels
  readonly spans: (Int32Array | null)[]; // [cpu] null where the CPU's levels ended below
}

/**
 * The scheduling domains of a machine: hardware threads of a core, CPUs of a last-level cache, of a node (PKG), and for each distance
 * in the SLIT the nodes no further than that. Levels that add nothing are dropped.
 * After: Linux 6.12 kernel/sched/topology.c: sched_init_numa, build_sched_domains, sd_init, cpu_attach_domain.
 */
export function buildDomains(k: Kernel): Domains {
  const levels = levelsOf(k);
  const groups = new GroupTable(k);
  const base: (Domain | null)[] = [];
  let count = 0;
  for (let cpu = 0; cpu < k.cpuCount; cpu++) {
    const chain: Domain[] = [];
    const shares = numaShares(levels, cpu);
    levels.forEach((level, i) => {
      const span = level.spans[cpu];
      if (span) chain.push(domainOf(levels, i, cpu, groups, shares[i]!));
    });
    base.push(attach(chain));
    for (let domain = base[cpu]!; domain; domain = domain.parent!) (domain as { id: number }).id = count++;
  }
  const llc = base.map(largestInCache);
  return {
    base,
    llc,
    llcOf: Int32Array.from(llc, (domain, cpu) => domain?.cpus[0] ?? cpu),
    llcSize: Int32Array.from(llc, (domain) => domain?.cpus.length ?? 1),
    count,
    groupCount: groups.count,
  };
}

function levelsOf(k: Kernel): Level[] {
  const all = Array.from({ length: k.cpuCount }, (_, cpu) => cpu as CpuId);
  const spansOf = (holds: (cpu: CpuId, other: CpuId) => boolean): (Int32Array | null)[] =>
    all.map((cpu) => Int32Array.from(all.filter((other) => holds(cpu, other))));
  const isSameNode = (a: CpuId, b: CpuId): boolean => k.cpuNode(a) === k.cpuNode(b);
  const levels: Level[] = [
    { kind: 'smt', distance: 0, spans: spansOf((a, b) => k.cpuCore(a) === k.cpuCore(b)) },
    { kind: 'llc', distance: 0, spans: spansOf(isSameNode) },
    { kind: 'node', distance: 0, spans: spansOf(isSameNode) },
  ];
  for (const distance of distancesOf(k)) {
    const spans = spansOf((a, b) => k.distance(k.cpuNode(a), k.cpuNode(b)) <= distance);
    levels.push({ kind: 'numa', distance, spans });
  }
  for (const cpu of all) {
    const whole = levels.findIndex(({ spans }) => spans[cpu]!.length === k.cpuCount);
    levels.forEach(({ spans }, i) => {
      if (i > whole) spans[cpu] = null; // build_sched_domains goes no further
    });
  }
  return levels;
}

/** Distinct distances between nodes that have CPUs, but that of a node to itself. */
function distancesOf(k: Kernel): number[] {
  const nodes = Array.from({ length: k.nodeCount }, (_, node) => node as NodeId).filter((node) => k.nodeCpuCount(node) > 0);
  const distances = new Set(nodes.flatMap((a) => nodes.filter((b) => a !== b).map((b) => k.distance(a, b))));
  return [...distances].sort((a, b) => a - b);
}

/** imb_numa_nr of each level of a CPU: an eighth of a node, which has one last-level cache, and above in proportion to the span. */
function numaShares(levels: readonly Level[], cpu: number): number[] {
  const node = levels.find(({ kind }) => kind === 'node')!.spans[cpu];
  if (!node) return levels.map(() => 0);
  const share = Math.max(1, node.length >> 3);
  const unit = levels.find(({ kind }) => kind === 'numa')?.spans[cpu]?.length ?? node.length; // span that it is for
  return levels.map(({ kind, spans }) => {
    if (kind === 'smt' || kind === 'llc') return 0;
    return kind === 'node' ? share : share * Math.max(1, Math.floor((spans[cpu]?.length ?? 0) / unit));
  });
}

function domainOf(levels: readonly Level[], i: number, cpu: number, table: GroupTable, imbNumaNr: number): Domain {
  const { kind, distance, spans } = levels[i]!;
  const cpus = spans[cpu]!;
  const isFar = kind === 'numa' && distance > RECLAIM_DISTANCE;
  return {
    id: NONE,
    level: kind,
    cpus,
    groups: kind === 'numa' ? overlappingGroups(levels, i, cpu, table) : childGroups(levels, i, cpu, table),
    imbalancePct: kind === 'smt' ? 110 : 117,
    cacheNiceTries: { smt: 0, llc: 1, node: 1, numa: 2 }[kind],
    minIntervalNs: ms(cpus.length),
    maxIntervalNs: ms(2 * cpus.length),
    balancesFork: !isFar,
    wakeAffine: !isFar,
    prefersSibling: kind !== 'numa',
    serializes: kind === 'numa',
    imbNumaNr,
    child: null,
    parent: null,
  };
}

/** build_sched_groups: the spans of the level below; single CPUs at the lowest. */
function childGroups(levels: readonly Level[], i: number, cpu: number, table: GroupTable): Group[] {
  const covered = new Set<number>();
  const groups: Group[] = [];
  for (const member of fromOn(levels[i]!.spans[cpu]!, cpu)) {
    if (covered.has(member)) continue;
    const span = i > 0 ? levels[i - 1]!.spans[member]! : Int32Array.of(member);
    span.forEach((covers) => covered.add(covers));
    groups.push(table.groupOf(i, span, span));
  }
  return groups;
}

/**
 * build_overlap_sched_groups: what is near a CPU's node, then what is near the next node not yet covered, and so on. Each CPU begins
 * with its own node, so that nodes far from each other are not in all groups of everyone (Lozi et al., EuroSys 2016).
 */
function overlappingGroups(levels: readonly Level[], i: number, cpu: number, table: GroupTable): Group[] {
  const span = levels[i]!.spans[cpu]!;
  const covered = new Set<number>();
  const groups: Group[] = [];
  for (const member of fromOn(span, cpu)) {
    if (covered.has(member) || !levels[i]!.spans[member]) continue;
    let below = i - 1; // find_descended_sibling: nothing that reaches out of this domain
    while (below > 0 && !isWithin(levels[below]!.spans[member]!, span)) below--;
    const group = levels[below]!.spans[member]!;
    group.forEach((covers) => covered.add(covers));
    const pulling = group.filter((other) => levels[i]!.spans[other] && isSame(levels[below]!.spans[other]!, group));
    groups.push(table.groupOf(i, group, pulling.length > 0 ? pulling : group));
  }
  return groups;
}

/** Groups by level and span: CPUs that see the same group share it, and what is remembered of it. */
class GroupTable {
  count = 0;
  private readonly k: Kernel;
  private readonly known: Map<string, Group> = new Map();

  constructor(k: Kernel) {
    this.k = k;
  }

  groupOf(level: number, cpus: Int32Array, balanceCpus: Int32Array): Group {
    const key = `${level}:${cpus.join()}`;
    let group = this.known.get(key);
    if (!group) {
      const cores = new Set(Array.from(cpus, (cpu) => this.k.cpuCore(cpu as CpuId))).size;
      group = { id: this.count++, cpus, balanceCpus, cores, isCore: cores === 1 && cpus.length > 1 };
      this.known.set(key, group);
    }
    return group;
  }
}

/** cpu_attach_domain: drops levels that add nothing to the one below, and joins the rest. Returns the smallest; null for none. */
function attach(chain: readonly Domain[]): Domain | null {
  const kept: Domain[] = [];
  for (const domain of chain) {
    const below = kept.at(-1);
    const addsNothing = domain.cpus.length === 1 || (below !== undefined && below.cpus.length === domain.cpus.length);
    if (!addsNothing) kept.push(domain); // one with the same span hands down SD_PREFER_SIBLING, which all but NUMA levels have
  }
  kept.forEach((domain, i) => {
    domain.child = kept[i - 1] ?? null;
    domain.parent = kept[i + 1] ?? null;
  });
  return kept[0] ?? null;
}

function largestInCache(base: Domain | null): Domain | null {
  let found: Domain | null = null;
  for (let domain = base; domain && (domain.level === 'smt' || domain.level === 'llc'); domain = domain.parent) found = domain;
  return found;
}

/** The CPUs of a span in order from one on, round. */
function fromOn(span: Int32Array, cpu: number): number[] {
  return [...span.filter((other) => other >= cpu), ...span.filter((other) => other < cpu)];
}

function isWithin(inner: Int32Array, outer: Int32Array): boolean {
  return inner.every((cpu) => outer.includes(cpu));
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((cpu, i) => cpu === b[i]);
}

import { shown, type SourceText } from '../format-error.ts';
import type { GuestCell } from '../guest-description.ts';
import { readDistances } from './distances.ts';
import { formatIdList } from '../id-list.ts';
import { type Aside, backendNamed, lineOf, type MemoryBackend } from './memory.ts';
import { type MachineEra, NEWEST_MACHINE } from './machine.ts';
import { type QemuOption, type Setting, Settings } from './options.ts';
import type { Smp } from './smp.ts';

export interface QemuNuma {
  readonly cells: readonly GuestCell[];
  readonly distances: readonly (readonly number[])[] | null;
}

interface Node {
  readonly settings: Settings;
  /** null where it is not said. */
  readonly memoryBytes: number | null;
  readonly backend: MemoryBackend | null;
}

const MOST_NODES = 128;
const MIB = 1024 ** 2;
/** Legacy nodes of no said size have multiples of this, all but the last (hw/core/numa.c, numa_mem_align_shift). */
const SPLIT_BYTES = 8 * MIB;
const KINDS = ['node', 'dist', 'cpu', 'hmat-lb', 'hmat-cache'] as const;

/**
 * `-numa` options together, completed and refused as QEMU does.
 * After: hw/core/numa.c (parse_numa_node, parse_numa_distance, parse_numa_hmat_lb, numa_complete_configuration, complete_init_numa_distance,
 * numa_default_auto_assign_ram, numa_legacy_auto_assign_ram), hw/core/machine.c (machine_numa_finish_cpu_init), hw/i386/x86.c (x86_get_default_cpu_node_id),
 * hw/i386/acpi-build.c (build_srat).
 * @param memoryBytes of the whole guest
 */
export function readNuma(
  source: SourceText,
  options: readonly QemuOption[],
  smp: Smp,
  memoryBytes: number,
  backends: ReadonlyMap<string, MemoryBackend>,
  aside: Aside,
  era: MachineEra = NEWEST_MACHINE,
): QemuNuma {
  const all = options.map((option) => new Settings(source, option, 'type'));
  const ofKind = new Map(KINDS.map((kind) => [kind, [] as Settings[]]));
  for (const settings of all) ofKind.get(settings.choice('type', KINDS) ?? settings.fail(null, `want ${KINDS.join(', ')}`))!.push(settings);
  const nodes = new Map<number, Node>();
  const cpuNode = new Int32Array(smp.maxCpus).fill(-1);
  for (const settings of ofKind.get('node')!) addNode(settings, nodes, cpuNode, backends, aside, source);
  if (nodes.size === 0) {
    if (all.length > 0) all[0]!.fail(null, 'without any -numa node, want nodes');
    return { cells: [], distances: null };
  }
  const lost = Array.from({ length: nodes.size }, (_, id) => id).find((id) => !nodes.has(id));
  if (lost !== undefined) all[0]!.fail(null, `node ${lost} is missing of ${nodes.size}, want nodeid from 0 on without a gap`);
  for (const settings of ofKind.get('cpu')!) addCpus(settings, smp, nodes.size, cpuNode);
  completeCpus(cpuNode, smp, nodes.size, aside);
  for (const settings of [...ofKind.get('hmat-lb')!, ...ofKind.get('hmat-cache')!]) checkHmat(settings, nodes.size);
  if (ofKind.get('hmat-lb')!.length + ofKind.get('hmat-cache')!.length > 0) {
    aside.unsimulated.push(`${lineOf(source, options[0]!.at)}: -numa hmat-lb, hmat-cache: guests believe distances (SLIT) and no HMAT`);
  }
  const sizes = sizesOf(nodes, memoryBytes, all[0]!, era);
  const cells = sizes.map((bytes, id): GuestCell => {
    const { backend } = nodes.get(id)!;
    const vcpus = Array.from(cpuNode.keys()).filter((cpu) => cpu < smp.cpus && cpuNode[cpu] === id);
    return { vcpus, memoryBytes: bytes, memory: backend?.binding ?? null, isPreallocated: backend?.isPreallocated ?? false };
  });
  return { cells, distances: readDistances(ofKind.get('dist')!, nodes.size) };
}

function addNode(
  settings: Settings,
  nodes: Map<number, Node>,
  cpuNode: Int32Array,
  backends: ReadonlyMap<string, MemoryBackend>,
  aside: Aside,
  source: SourceText,
): void {
  const stray = settings.all.find(({ key, isBare }) => isBare && /^\d/.test(key));
  if (stray) {
    const before = settings.all[settings.all.indexOf(stray) - 1];
    const what = before?.key === 'cpus' ? `cpus = ${shown(`${before.value},${stray.key}`)}` : shown(stray.key);
    const message = `-numa node,${what}: QEMU says "Invalid parameter '${stray.key.slice(0, 40)}'", want no commas but cpus= again: cpus=0-2,cpus=5`;
    source.fail(stray.at, message);
  }
  settings.allow(['type', 'nodeid', 'cpus', 'mem', 'memdev', 'initiator']);
  const id = settings.count('nodeid', 0, MOST_NODES - 1) ?? nodes.size;
  if (nodes.has(id)) settings.fail(settings.one('nodeid'), `node ${id} is there already, want each once`);
  if (nodes.size >= MOST_NODES) settings.fail(null, `more than ${MOST_NODES} nodes, want fewer`);
  const memoryBytes = settings.one('mem')?.value === '0' ? 0 : settings.size('mem', MIB);
  const backend = backendNamed(backends, settings, 'memdev');
  if (memoryBytes !== null && backend) settings.fail(settings.one('mem'), 'want one of mem and memdev');
  if (settings.one('initiator')) {
    settings.count('initiator', 0, MOST_NODES - 1);
    aside.unsimulated.push(
      `${lineOf(source, settings.one('initiator')!.at)}: -numa node,initiator: guests believe distances (SLIT) and no HMAT`,
    );
  }
  nodes.set(id, { settings, memoryBytes, backend });
  for (const setting of settings.many('cpus')) {
    const [, from, to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(setting.value) ?? [];
    if (from === undefined || Number(to) < Number(from)) settings.fail(setting, 'want a vCPU or a run of them such as 0-2');
    if (Number(to) >= cpuNode.length) settings.fail(setting, `want vCPUs below maxcpus (${cpuNode.length})`);
    for (let cpu = Number(from); cpu <= Number(to); cpu++) assign(settings, setting, cpuNode, cpu, id);
  }
}

function assign(settings: Settings, setting: Setting | null, cpuNode: Int32Array, cpu: number, node: number): void {
  if (cpuNode[cpu]! >= 0 && cpuNode[cpu] !== node) settings.fail(setting, `vCPU ${cpu} is on node ${cpuNode[cpu]} already, want it on one`);
  cpuNode[cpu] = node;
}

const CPU_IDS = ['socket-id', 'die-id', 'cluster-id', 'module-id', 'core-id', 'thread-id'];

/** `-numa cpu,node-id=,socket-id=,core-id=`: all vCPUs that have these ids; an id that is not said goes with any. */
function addCpus(settings: Settings, smp: Smp, nodeCount: number, cpuNode: Int32Array): void {
  settings.allow(['type', 'node-id', ...CPU_IDS]);
  const node = settings.count('node-id', 0, nodeCount - 1) ?? settings.fail(null, 'without node-id, want node-id=NODE');
  const wanted = CPU_IDS.map((key) => settings.count(key, 0, smp.maxCpus - 1));
  if (wanted.every((id) => id === null)) settings.fail(null, 'without an id, want socket-id, die-id, core-id or thread-id');
  let found = 0;
  for (let cpu = 0; cpu < cpuNode.length; cpu++) {
    const ids = idsOf(cpu, smp);
    if (!wanted.every((id, level) => id === null || id === ids[level])) continue;
    assign(settings, null, cpuNode, cpu, node);
    found++;
  }
  if (found === 0) settings.fail(null, 'no vCPU has these ids, want those of -smp');
}

/** Socket, die of it, cluster or module of that, core of that, thread of that; vCPUs are numbered in this order. In the order of CPU_IDS. */
function idsOf(cpu: number, { dies, groups, cores, threads }: Smp): number[] {
  const inGroup = cores / groups;
  const group = Math.floor(cpu / (inGroup * threads)) % groups;
  return [
    Math.floor(cpu / (dies * cores * threads)),
    Math.floor(cpu / (cores * threads)) % dies,
    group,
    group,
    Math.floor(cpu / threads) % inGroup,
    cpu % threads,
  ];
}

/** Where no node says its vCPUs each socket goes to the next node, round. Where some do the SRAT has the others on the first. */
function completeCpus(cpuNode: Int32Array, smp: Smp, nodeCount: number, { ignored }: Aside): void {
  if (cpuNode.every((node) => node < 0)) {
    for (let cpu = 0; cpu < cpuNode.length; cpu++) cpuNode[cpu] = idsOf(cpu, smp)[0] % nodeCount;
    return;
  }
  const missing = [...cpuNode.keys()].filter((cpu) => cpu < smp.cpus && cpuNode[cpu]! < 0);
  if (missing.length === 0) return;
  ignored.push(`-numa: vCPUs ${formatIdList(missing)} are on no node: the guest is told node 0 (QEMU warns that this is obsolete)`);
  for (const cpu of missing) cpuNode[cpu] = 0;
}

function sizesOf(nodes: ReadonlyMap<number, Node>, memoryBytes: number, settings: Settings, era: MachineEra): number[] {
  const all = Array.from({ length: nodes.size }, (_, id) => nodes.get(id)!);
  const withBackend = all.filter(({ backend }) => backend !== null);
  const used = new Set<string>();
  for (const { settings: own, backend } of withBackend) {
    if (used.has(backend!.id)) own.fail(own.one('memdev'), 'want a memory backend that no other node has');
    used.add(backend!.id);
  }
  if (all.every((node) => node.memoryBytes === null && node.backend === null)) {
    if (!era.dividesMemory) settings.fail(null, 'no node has memory, want memdev of each: QEMU since 5.2 divides none');
    return split(memoryBytes, all.length, era.carriesRest);
  }
  const withMem = all.find((node) => node.memoryBytes !== null);
  if (withMem && !era.takesMem) withMem.settings.fail(withMem.settings.one('mem'), 'want memdev: machines of QEMU since 5.1 take no mem');
  const sizes = all.map((node) => node.backend?.bytes ?? node.memoryBytes ?? 0);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (total !== memoryBytes)
    settings.fail(null, `total memory for NUMA nodes (${total}) should equal RAM size (${memoryBytes}), want the sum to be what -m says`);
  return sizes;
}

/** After: numa_default_auto_assign_ram, and numa_legacy_auto_assign_ram where nothing is carried. */
function split(memoryBytes: number, count: number, carriesRest: boolean): number[] {
  const part = Math.floor(memoryBytes / count);
  let used = 0;
  return Array.from({ length: count }, (_, id) => {
    const due = carriesRest ? part * (id + 1) - used : part;
    const bytes = id < count - 1 ? due - (due % SPLIT_BYTES) : memoryBytes - used;
    used += bytes;
    return bytes;
  });
}

/** Whether no node has a memdev, as in the days before memory backends. Beside one that has, a node without has no memory. */
export function hasLegacyNodes(source: SourceText, options: readonly QemuOption[]): boolean {
  const all = options.map((option) => new Settings(source, option, 'type'));
  const nodes = all.filter((settings) => settings.one('type')?.value === 'node');
  return nodes.length > 0 && !nodes.some((settings) => settings.one('memdev'));
}

const HIERARCHIES = ['memory', 'first-level', 'second-level', 'third-level'] as const;
const DATA_TYPES = ['access-latency', 'read-latency', 'write-latency', 'access-bandwidth', 'read-bandwidth', 'write-bandwidth'] as const;

function checkHmat(settings: Settings, nodeCount: number): void {
  if (settings.one('type')!.value === 'hmat-cache') {
    settings.allow(['type', 'node-id', 'size', 'level', 'associativity', 'policy', 'line']);
    if (settings.count('node-id', 0, nodeCount - 1) === null) settings.fail(null, 'without node-id, want node-id=NODE');
    if (settings.size('size', 1) === null) settings.fail(null, 'without size, want size=BYTES');
    settings.count('level', 1, 3);
    settings.choice('associativity', ['none', 'direct', 'complex'] as const);
    settings.choice('policy', ['none', 'write-back', 'write-through'] as const);
    settings.count('line', 0, 65_535);
    return;
  }
  settings.allow(['type', 'initiator', 'target', 'hierarchy', 'data-type', 'latency', 'bandwidth']);
  for (const key of ['initiator', 'target'])
    if (settings.count(key, 0, nodeCount - 1) === null) settings.fail(null, `without ${key}, want ${key}=NODE`);
  if (settings.choice('hierarchy', HIERARCHIES) === null) settings.fail(null, `without hierarchy, want one of ${HIERARCHIES.join(', ')}`);
  const type = settings.choice('data-type', DATA_TYPES) ?? settings.fail(null, `without data-type, want one of ${DATA_TYPES.join(', ')}`);
  const [key, other] = type.endsWith('latency') ? (['latency', 'bandwidth'] as const) : (['bandwidth', 'latency'] as const);
  if (settings.one(other)) settings.fail(settings.one(other), `want ${key} with data-type=${type}`);
  const value = key === 'latency' ? settings.count('latency', 0, 1e8) : settings.size('bandwidth', 1);
  if (value === null) settings.fail(null, `without ${key}, want ${key} with data-type=${type}`);
}

import {
  type Actuators,
  type CpuPolicy,
  DEQ_SLEEP,
  DSQ_LOCAL,
  DSQ_LOCAL_ON,
  ENQ_PREEMPTED,
  ENQ_SLICE_END,
  ENQ_WAKEUP,
  FLOATING,
  type Kernel,
  KICK_PREEMPT,
  type MemoryPolicy,
  type Placement,
  type PlacementPolicy,
  SLICE_DEFAULT_NS,
  WAKE_FORK,
  WAKE_TTWU,
} from '../../sim/policy-api.ts';
import { type GuestConfiguration, UNCONFIGURED } from '../../sim/guest-configuration.ts';
import { type CpuId, type DsqId, GiB, type GuestId, NONE, type NodeId, type VcpuId } from '../../sim/units.ts';
import { fakeMemory, type FakeMemory } from './fake-memory.ts';
import { fakeQueues, localOf } from './fake-queues.ts';

export interface FakeSpec {
  readonly nodeCpus: readonly number[];
  readonly nodeSocket?: readonly number[];
  readonly threadsPerCore?: number;
  readonly slit?: readonly (readonly number[])[];
  /** GB/s, [node of the CPUs][node of the memory]; 1 everywhere if not given. */
  readonly pairGBps?: readonly (readonly number[])[];
  readonly memoryGiB?: readonly number[];
  /** Memory free at first; all of it if not given. */
  readonly freeGiB?: readonly number[];
  readonly holeGiB?: number;
  readonly blockGiB?: number;
  readonly guests: readonly {
    vcpus: number;
    memoryGiB?: number;
    weight?: number;
    cap?: number;
    stallShare?: number;
    isHostNoise?: boolean;
    configured?: GuestConfiguration;
  }[];
  /** What random() returns, in turn and from the start again. */
  readonly draws?: readonly number[];
}

/** A kernel with a policy in it, in which vCPUs run for as long as the test wants. */
export interface Fake extends Kernel {
  readonly memory: FakeMemory;
  /** As daemons are given it; what it sets is seen in masks and in `memory.orders`. */
  readonly act: Actuators;
  readonly kicks: string[]; // 'cpu:flags', oldest first
  /** Gives a guest's vCPUs a soft mask, the first node is home. */
  prefer(guest: number, nodes: readonly number[]): void;
  /** A CPU goes off line, which the policy is told; what runs there runs on. */
  unplug(cpu: number): void;
  /** Holds a guest's vCPUs on nodes. */
  hold(guest: number, nodes: readonly number[]): void;
  /** Holds them on CPUs; null for all. */
  holdOn(guest: number, cpus: readonly number[] | null): void;
  start(policy: CpuPolicy): void;
  wake(...vcpus: number[]): void;
  /** Wakes a vCPU by an interrupt that a CPU takes. */
  interrupt(vcpu: number, cpu: number): void;
  block(vcpu: number): void;
  /** A running vCPU yields, for policies that have a hook for it. */
  yield(vcpu: number): void;
  /** Time passes in steps of 0.1 ms: slices end, ticks and timers fire. */
  pass(ns: number): void;
  /** vCPU on each CPU, NONE where idle. */
  onCpus(): number[];
  waitingOn(dsq: number): number[];
  /** Places a guest and, if memory is backed at build, builds it. Returns the placement. */
  admit(guest: number, placement: PlacementPolicy | null, memory: MemoryPolicy): Placement;
  /** Backs blocks of a guest, as touched by a CPU of a node. Returns their nodes, NONE when out of memory. */
  back(guest: number, blocks: number, memory: MemoryPolicy, placement: Placement, node?: number): number[];
  freeGiB(): number[];
}

const STEP_NS = 100_000;

/** The simplest kernel that can call a policy's hooks: queues are arrays, nothing costs time, memory has no speed. */
export function fakeKernel(spec: FakeSpec): Fake {
  const nodeCount = spec.nodeCpus.length;
  const cpuNode = spec.nodeCpus.flatMap((cpus, node) => Array<NodeId>(cpus).fill(node as NodeId));
  const guestOf = spec.guests.flatMap((guest, id) => Array<GuestId>(guest.vcpus).fill(id as GuestId));
  const slit = spec.slit ?? spec.nodeCpus.map((_, a) => spec.nodeCpus.map((_, b) => (a === b ? 10 : 20)));
  const memoryGiB = spec.memoryGiB ?? spec.nodeCpus.map(() => 8);
  const blockBytes = GiB(spec.blockGiB ?? 1);
  const freeBytes = (spec.freeGiB ?? memoryGiB).map(GiB);
  const curr = cpuNode.map(() => NONE as VcpuId);
  const idle = cpuNode.map(() => true);
  const sliceEndNs = cpuNode.map(() => Infinity);
  const cpuOf = guestOf.map(() => NONE as CpuId);
  const runtimeNs = guestOf.map(() => 0);
  const stoppedNs = guestOf.map(() => 0);
  const held = spec.guests.map(() => null as readonly number[] | null);
  const heldCpus = guestOf.map(() => null as readonly number[] | null); // [vcpu] in place of held
  const soft = spec.guests.map(() => null as readonly number[] | null);
  const timers: { periodNs: number; fire: (k: Kernel) => void }[] = [];
  const pending: [CpuId, number][] = [];
  const kicks: string[] = [];
  const unplugged = new Set<number>();
  let policy: CpuPolicy;
  let nowNs = 0;
  let draw = 0;
  let dispatching: CpuId = NONE;
  let selecting: VcpuId = NONE;
  let direct = 0; // slice of an insert into DSQ_LOCAL made in selectCpu

  const { slices, queue, whereIs, take, insert, calls: queueCalls } = fakeQueues(guestOf.length, cpuOf, curr);
  const nearest = (node: NodeId): NodeId[] =>
    spec.nodeCpus.map((_, id) => id as NodeId).sort((a, b) => slit[node]![a]! - slit[node]![b]! || a - b);

  const firstAllowed = (vcpu: VcpuId): CpuId => cpuNode.findIndex((_, cpu) => fake.allows(vcpu, cpu as CpuId)) as CpuId;

  function choose(cpu: CpuId): VcpuId | undefined {
    const local = queue(localOf(cpu));
    dispatching = cpu;
    if (local.length === 0) policy.dispatch?.(fake, cpu, curr[cpu]!);
    dispatching = NONE;
    return local.shift()?.vcpu;
  }
  function run(cpu: CpuId, vcpu: VcpuId | undefined): void {
    idle[cpu] = vcpu === undefined;
    if (vcpu === undefined) return;
    if (!fake.allows(vcpu, cpu)) throw new Error(`vCPU ${vcpu} may not run on CPU ${cpu}`);
    curr[cpu] = vcpu;
    cpuOf[vcpu] = cpu;
    sliceEndNs[cpu] = nowNs + slices[vcpu]!;
    policy.running?.(fake, vcpu, cpu);
  }
  /** The next is found while the present one still runs; that one is queued afterwards. */
  function reschedule(cpu: CpuId, flags: number): void {
    const next = choose(cpu);
    if (next === undefined && flags === ENQ_SLICE_END && !policy.enqLast) {
      sliceEndNs[cpu] = nowNs + SLICE_DEFAULT_NS;
      return;
    }
    leave(cpu, flags);
    run(cpu, next ?? choose(cpu));
  }
  function leave(cpu: CpuId, flags: number): void {
    const vcpu = curr[cpu]!;
    curr[cpu] = NONE;
    stoppedNs[vcpu] = nowNs;
    policy.stopping?.(fake, vcpu, cpu, flags !== 0);
    if (flags) policy.enqueue(fake, vcpu, flags);
    else policy.quiescent?.(fake, vcpu, DEQ_SLEEP);
  }
  function claim(cpu: CpuId): boolean {
    if (!idle[cpu]) return false;
    idle[cpu] = false;
    pending.push([cpu, 0]); // it turns idle again if nothing comes of it
    return true;
  }
  function settle(): void {
    for (let kick = pending.shift(); kick; kick = pending.shift()) {
      const [cpu, flags] = kick;
      if (curr[cpu] === NONE) run(cpu, choose(cpu));
      else if (flags & KICK_PREEMPT) reschedule(cpu, ENQ_PREEMPTED);
    }
  }

  let wakerCpu: CpuId = NONE; // where the present wake is handled
  let interrupted: CpuId = NONE;

  const { memory: fakedMemory, calls: memoryCalls, migratePages } = fakeMemory(spec, blockBytes);
  const softCpus = guestOf.map(() => null as readonly CpuId[] | null); // [vcpu] in place of soft
  const weights = spec.guests.map((guest) => guest.weight ?? 100);

  const fake: Fake = {
    ...memoryCalls,
    ...queueCalls,
    get moveRoomBytes() {
      return fakedMemory.roomBytes;
    },
    memory: fakedMemory,
    act: {
      setAffinity: (vcpu, cpus) => void (heldCpus[vcpu] = cpus),
      setSoftAffinity: (vcpu, cpus) => void (softCpus[vcpu] = cpus),
      setWeight: (guest, weight) => void (weights[guest] = weight),
      migratePages,
    },
    get nowNs() {
      return nowNs;
    },
    cpuCount: cpuNode.length,
    nodeCount,
    guestCount: spec.guests.length,
    vcpuCount: guestOf.length,
    memoryHoleBytes: GiB(spec.holeGiB ?? 0),
    blockBytes,
    kicks,
    get wakerCpu() {
      return wakerCpu;
    },
    cpuNode: (cpu) => cpuNode[cpu]!,
    cpuCore: (cpu) => Math.floor(cpu / (spec.threadsPerCore ?? 1)),
    nodeSocket: (node) => spec.nodeSocket?.[node] ?? node,
    nodeFirstCpu: (node) => spec.nodeCpus.slice(0, node).reduce((sum, cpus) => sum + cpus, 0) as CpuId,
    nodeCpuCount: (node) => spec.nodeCpus[node]!,
    distance: (from, to) => slit[from]![to]!,
    nthNearest: (node, i) => nearest(node)[i]!,
    pairGBps: (cpuNode, memoryNode) => spec.pairGBps?.[cpuNode]![memoryNode] ?? 1,
    nodeMemoryBytes: (node) => GiB(memoryGiB[node]!),
    nodeFreeBytes: (node) => freeBytes[node]!,
    guestOf: (vcpu) => guestOf[vcpu]!,
    guestKind: () => 'kvm',
    guestMemoryBytes: (guest) => GiB(spec.guests[guest]!.memoryGiB ?? 1),
    guestFirstVcpu: (guest) => guestOf.indexOf(guest) as VcpuId,
    guestVcpuCount: (guest) => spec.guests[guest]!.vcpus,
    guestVnodeCount: () => 1,
    blockVnode: () => 0,
    vcpuVnode: () => 0,
    configured: (guest) => spec.guests[guest]!.configured ?? UNCONFIGURED,
    isHostNoise: (guest) => spec.guests[guest]!.isHostNoise ?? false,
    weight: (vcpu) => weights[guestOf[vcpu]!]!,
    sliceHint: () => 0,
    cap: (guest) => spec.guests[guest]!.cap ?? 0,
    isHere: () => true,
    taskCpu: (vcpu) => cpuOf[vcpu]!,
    cpuCurr: (cpu) => curr[cpu]!,
    isRunning: (vcpu) => curr.includes(vcpu),
    isRunnable: (vcpu) => whereIs(vcpu) !== undefined,
    allowsNode: (vcpu, node) => cpuNode.some((at, cpu) => at === node && fake.allows(vcpu, cpu as CpuId)),
    nrAllowed: (vcpu) => cpuNode.filter((_, cpu) => fake.allows(vcpu, cpu as CpuId)).length,
    prefers: (vcpu, cpu) => softCpus[vcpu]?.includes(cpu) ?? soft[guestOf[vcpu]!]?.includes(cpuNode[cpu]!) ?? true,
    hasSoft: (vcpu) => softCpus[vcpu] !== null || soft[guestOf[vcpu]!] !== null,
    homeNode: (guest) => (soft[guest]?.[0] ?? NONE) as NodeId,
    isOnline: (cpu) => !unplugged.has(cpu),
    allows: (vcpu, cpu) => !unplugged.has(cpu) && (heldCpus[vcpu]?.includes(cpu) ?? held[guestOf[vcpu]!]?.includes(cpuNode[cpu]!) ?? true),
    runtimeNs: (vcpu) => runtimeNs[vcpu]!,
    pmuRunNs: (vcpu) => runtimeNs[vcpu]!,
    pmuStallNs: (vcpu) => runtimeNs[vcpu]! * (spec.guests[guestOf[vcpu]!]!.stallShare ?? 0),
    stoppedNs: (vcpu) => stoppedNs[vcpu]!,
    dsqInsert(vcpu, dsq, sliceNs) {
      if (vcpu === selecting && dsq === DSQ_LOCAL) direct = sliceNs;
      else insert(vcpu, dsq, sliceNs, 0);
    },
    dsqMoveToLocal(dsq) {
      const found = queue(dsq).find((entry) => fake.allows(entry.vcpu, dispatching));
      return found !== undefined && fake.dsqMove(found.vcpu);
    },
    dsqMove(vcpu) {
      if (!whereIs(vcpu) || !fake.allows(vcpu, dispatching)) return false;
      take(vcpu);
      queue(localOf(dispatching)).push({ vcpu, vtime: 0 });
      return true;
    },
    setSlice(vcpu, sliceNs) {
      slices[vcpu] = sliceNs;
      const cpu = curr.indexOf(vcpu);
      if (cpu >= 0) sliceEndNs[cpu] = nowNs + sliceNs;
    },
    isIdle: (cpu) => idle[cpu]!,
    nrIdle: (node) => idle.filter((isIdle, cpu) => isIdle && cpuNode[cpu] === node).length,
    testAndClearIdle: claim,
    pickIdleCpuNode(vcpu, node, start) {
      const cpus = cpuNode.map((_, cpu) => cpu as CpuId).filter((cpu) => cpuNode[cpu] === node);
      const inTurn = [...cpus.filter((cpu) => cpu >= start), ...cpus.filter((cpu) => cpu < start)];
      const found = inTurn.find((cpu) => idle[cpu] && fake.allows(vcpu, cpu));
      return found !== undefined && claim(found) ? found : NONE;
    },
    pickIdleCpu(vcpu) {
      const found = cpuNode.findIndex((_, cpu) => idle[cpu] && fake.allows(vcpu, cpu as CpuId)) as CpuId;
      return found >= 0 && claim(found) ? found : NONE;
    },
    selectCpuDfl(vcpu, prev) {
      if (prev !== NONE && claim(prev)) return prev;
      const near = prev === NONE ? NONE : fake.pickIdleCpuNode(vcpu, cpuNode[prev]!, prev);
      return near === NONE ? fake.pickIdleCpu(vcpu) : near;
    },
    kick(cpu, flags) {
      kicks.push(`${cpu}:${flags}`);
      pending.push([cpu, flags]);
    },
    timer: (periodNs, fire) => void timers.push({ periodNs, fire }),
    random: () => spec.draws![draw++ % spec.draws!.length]!,

    prefer(guest, nodes) {
      soft[guest] = nodes[0] === NONE ? null : nodes;
    },
    unplug(cpu) {
      unplugged.add(cpu);
      idle[cpu] = false;
      policy.cpuOffline?.(fake, cpu as CpuId);
      settle();
    },
    hold(guest, nodes) {
      held[guest] = nodes;
    },
    holdOn(guest, cpus) {
      guestOf.forEach((of, vcpu) => {
        if (of === (guest as GuestId)) heldCpus[vcpu] = cpus;
      });
    },
    start(started) {
      policy = started;
      for (let cpu = 0; cpu < cpuNode.length; cpu++) fake.createDsq((DSQ_LOCAL_ON + cpu) as DsqId);
      policy.init?.(fake);
    },
    interrupt(vcpu, cpu) {
      interrupted = cpu as CpuId;
      fake.wake(vcpu);
      interrupted = NONE;
    },
    wake(...vcpus) {
      for (const id of vcpus) {
        const vcpu = id as VcpuId;
        const prev = cpuOf[vcpu]!;
        wakerCpu = interrupted === NONE ? prev : interrupted;
        selecting = vcpu;
        const flags = prev === NONE ? WAKE_FORK : WAKE_TTWU;
        const selected = fake.nrAllowed(vcpu) === 1 ? firstAllowed(vcpu) : (policy.selectCpu?.(fake, vcpu, prev, flags) ?? prev);
        selecting = NONE;
        const cpu = selected === NONE ? firstAllowed(vcpu) : selected;
        if (direct > 0) insert(vcpu, localOf(cpu), direct, 0);
        direct = 0;
        cpuOf[vcpu] = cpu;
        if (!whereIs(vcpu)) policy.enqueue(fake, vcpu, ENQ_WAKEUP);
        if (!whereIs(vcpu)) throw new Error(`enqueue left vCPU ${vcpu} out of all queues`);
        if (curr[cpu] === NONE) pending.push([cpu, 0]);
        settle();
      }
    },
    block(vcpu) {
      const cpu = curr.indexOf(vcpu as VcpuId) as CpuId;
      leave(cpu, 0);
      run(cpu, choose(cpu));
      settle();
    },
    yield(vcpu) {
      policy.yield!(fake, vcpu as VcpuId);
      reschedule(curr.indexOf(vcpu as VcpuId) as CpuId, ENQ_SLICE_END);
      settle();
    },
    pass(ns) {
      for (const endNs = nowNs + ns; nowNs < endNs;) {
        nowNs += STEP_NS;
        for (const vcpu of curr) if (vcpu !== NONE) runtimeNs[vcpu]! += STEP_NS;
        curr.forEach((vcpu, cpu) => {
          if (vcpu !== NONE && policy.hz && nowNs % (1e9 / policy.hz) === 0) policy.tick?.(fake, vcpu, cpu as CpuId);
        });
        for (const { periodNs, fire } of timers) if (nowNs % periodNs === 0) fire(fake);
        settle();
        for (let cpu = 0 as CpuId; cpu < cpuNode.length; cpu++) {
          if (curr[cpu] !== NONE && nowNs >= sliceEndNs[cpu]!) reschedule(cpu, ENQ_SLICE_END);
        }
        settle();
      }
    },
    onCpus: () => [...curr],
    waitingOn: (dsq) => queue(dsq as DsqId).map((entry) => entry.vcpu),
    admit(guest, placement, memory) {
      const placed = placement?.place(fake, guest as GuestId) ?? FLOATING;
      if (placed.hardNodes) held[guest] = placed.hardNodes;
      placed.hardCpus?.forEach((cpus, i) => (heldCpus[fake.guestFirstVcpu(guest as GuestId) + i] = cpus));
      soft[guest] = placed.softNodes;
      const blocks = Math.ceil(fake.guestMemoryBytes(guest as GuestId) / blockBytes);
      if (memory.backs === 'at-build') fake.back(guest, blocks, memory, placed);
      return placed;
    },
    back(guest, blocks, memory, placement, node = NONE) {
      return Array.from({ length: blocks }, (_, block) => {
        const wanted = memory.alloc(fake, guest as GuestId, block, node as NodeId, placement);
        const byId = spec.nodeCpus.map((_, i) => ((wanted + i) % nodeCount) as NodeId);
        const { memoryNodes } = placement;
        const within = nearest(wanted).filter((candidate) => memoryNodes.length === 0 || memoryNodes.includes(candidate));
        const order = { none: [wanted], 'next-id': byId, distance: nearest(wanted), within }[memory.fallback];
        const found = order.find((candidate) => freeBytes[candidate]! >= blockBytes);
        if (found === undefined) return NONE;
        freeBytes[found]! -= blockBytes;
        return found;
      });
    },
    freeGiB: () => freeBytes.map((bytes) => bytes / GiB(1)),
  };
  return fake;
}

import { BlackBox, EVENT_COUNT, KEPT_EVENTS } from './black-box.ts';
import { Copies } from './copies.ts';
import { CpuSet } from './cpu-set.ts';
import { type Contention, contentionOf } from './contention.ts';
import { GuestCounters } from './guest-counters.ts';
import type { GuestState, ProgramCalls } from './guest-state.ts';
import { HugeMappings } from './huge-mappings.ts';
import { Masks } from './masks.ts';
import { HostMemory } from './memory.ts';
import { layMissCurves, type MissCurves } from './miss-curves.ts';
import type { PageMoves } from './page-moves.ts';
import { PlaceBook } from './places.ts';
import { Pmu } from './pmu.ts';
import type { Kernel, Placement, Policy } from './policy-api.ts';
import { namedStream, type Random } from './random.ts';
import { readyQueueOf, type ReadyQueue } from './ready-queue.ts';
import type { Replicas } from './replicas.ts';
import type { Scenario } from './scenario.ts';
import { CAUSE_COUNT, NO_TRAFFIC, PARTS } from './states.ts';
import { SyncObjects } from './sync-objects.ts';
import { Threads } from './threads.ts';
import { Looks } from './timeline.ts';
import { Timers } from './timers.ts';
import type { Tracer } from './trace.ts';
import { emptyAccess, type ToldAccess, VcpuStreams } from './told-access.ts';
import type { Witness } from './witness.ts';
import { emptyPhase, type Phase } from './workload-api.ts';

/**
 * The whole state of a run: flat arrays, one element an entity. C CPUs, N nodes, V vCPUs, T tasks, G guests, R regions.
 * Groups are by who may write them.
 */
export class World {
  nowNs = 0;
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly guests: readonly GuestState[];
  readonly memory: HostMemory;
  readonly contention: Contention;
  readonly missCurves: MissCurves;
  readonly timers: Timers;
  readonly phase: Phase = emptyPhase();

  // -- host.ts: who runs where ---------------------------------------------------------------------------------------------
  readonly cpuVcpu: Int32Array; //       [C] running vCPU or NONE
  readonly cpuIdle: Uint8Array; //       [C] idle and not claimed by a wake
  readonly resched: CpuSet; //           CPUs that must choose anew at this instant
  readonly cpuPreempt: Uint8Array; //    [C] its slice was taken away
  readonly sliceEndNs: Float64Array; //  [C] Infinity when idle
  readonly idleSinceNs: Float64Array; // [C]
  readonly idleNs: Float64Array; //      [C] idle time so far
  readonly isWanted: Uint8Array; //      [C] watch.ts: idle while a vCPU waits that could run there
  readonly wantedLooks: Int32Array; //   [C] for how many looks in a row
  readonly vcpuState: Uint8Array; //     [V]
  readonly vcpuCpu: Int32Array; //       [V] where it runs or last ran; NONE at first
  readonly vcpuGuest: Int32Array; //     [V]
  readonly vcpuSliceNs: Float64Array; // [V] slice given by the policy; what is left of it when it does not run
  readonly queuedCpu: Int32Array; //     [V] while runnable: CPU that it was queued for
  readonly cpuYield: Uint8Array; //      [C] its vCPU gives it away
  readonly cpuChargeNs: Float64Array; // [C] hooks it ran for itself, to be paid by the vCPU that starts there next
  readonly guestWeight: Float64Array; // [G]
  readonly waitSinceNs: Float64Array; // [V] when it became runnable or was preempted
  readonly runSinceNs: Float64Array; //  [V]
  readonly stoppedNs: Float64Array; //   [V]
  readonly runtimeNs: Float64Array; //   [V] CPU time until it last stopped
  readonly waitNs: Float64Array; //      [V] sum of waits that have ended
  readonly masks: Masks;
  readonly vcpuMask: Int32Array; //      [V] which of the masks
  readonly vcpuSoftMask: Int32Array; //  [V] likewise; ALL_CPUS for no preference

  // -- guest-scheduler.ts: which task is on which vCPU ----------------------------------------------------------------------
  readonly vcpuTask: Int32Array; //      [V] current task or NONE
  readonly guestSliceEndNs: Float64Array; // [C] when the guest of the running vCPU switches tasks; Infinity with none waiting
  readonly taskGuest: Int32Array; //     [T]
  readonly taskState: Uint8Array; //     [T]
  readonly taskVcpu: Int32Array; //      [T] where it is or last was
  readonly ready: ReadyQueue; //         tasks that wait for a vCPU
  readonly taskHome: Int32Array; //      [T] vnode with most of the memory it last worked on, or where it started; NONE where there are none
  readonly chargedNs: Float64Array; //   [V] its CPU time up to which its tasks have been charged
  readonly guestSliceFromNs: Float64Array; // [V] its CPU time when the slice of its task began
  readonly taskSinceNs: Float64Array; // [T] start of the present stretch of waiting; running time is booked by segments.ts
  readonly taskBornNs: Float64Array; //  [T]
  readonly taskLifetimeNs: Float64Array; // [T] lifetimes that have ended
  readonly causes: Float64Array; //      [T * CAUSE_COUNT] ns
  readonly wakeQueue: Int32Array; //     vCPUs to wake at this instant
  readonly wakerCpu: Int32Array; //      [V] where its wake is handled, or NONE for its own last CPU
  currentCpu = -1; //                    CPU on which a program is being asked for its next phase
  wakeCount = 0;

  // -- guest-sync.ts: tasks that wait for one another ------------------------------------------------------------------------
  readonly sync: SyncObjects;
  readonly isSpinning: Uint8Array; //    [T] it waits, but keeps its vCPU
  readonly spinLeftNs: Float64Array; //  [T] CPU time it then still spins for

  // -- guest-kernel.ts: the present phase of each task, as the program filled it; segments.ts counts its units down ------------
  readonly phaseKind: Uint8Array; //         [T]
  readonly phasePattern: Uint8Array; //      [T]
  readonly phaseSystem: Uint8Array; //       [T]
  readonly phaseDisk: Uint8Array; //         [T] it sleeps until a device interrupts
  readonly phaseRegion: Int32Array; //       [T] index into memory's regions or NONE
  readonly phaseCycles: Float64Array; //     [T] cycles per instruction
  readonly phaseAccesses: Float64Array; //   [T] last-level accesses per instruction
  readonly phaseInFlight: Float64Array; //   [T]
  readonly phaseWriteShare: Float64Array; // [T]
  readonly phaseWorkingSet: Float64Array; // [T] bytes
  readonly phaseCurve: Int32Array; //        [T] index into missCurves or NONE
  readonly phaseWork: Float64Array; //       [T] work per instruction
  readonly phaseEndWork: Float64Array; //    [T] work that counts when the phase is done
  readonly phaseUnitsLeft: Float64Array; //  [T] units to do: instructions (RUN) or lines (TOUCH); of a walk, those of its present block
  readonly phaseBlock: Int32Array; //        [T] block at which a walk (sweep or touch) stands, or NONE
  readonly phaseBlocksLeft: Float64Array; // [T] blocks a walk still has to do, the present one included; 0 without a walk
  readonly touchFresh: Uint8Array; //        [T] the block a touch stands at was backed for it, and it still pays for that
  readonly phasePerBlock: Float64Array; //   [T] units a whole block of the walk takes

  // -- segments.ts: what each CPU is doing, at which speed -------------------------------------------------------------------
  readonly segKind: Uint8Array; //       [C]
  readonly fresh: CpuSet; //             CPUs whose vCPU needs its next segment
  readonly segPending: Uint8Array; //    [C] its flow must be built at the next settling
  readonly segCause: Int32Array; //      [C] the one cause all its time goes to, or NONE to split it
  readonly segLeft: Float64Array; //     [C] units to do
  readonly segBlocks: Int32Array; //     [C] blocks of a walk it covers
  readonly segNode: Int32Array; //       [C] node of the blocks a walk's segment covers
  readonly segUnitNs: Float64Array; //   [C] ns per unit
  readonly segSinceNs: Float64Array; //  [C] up to when it is booked
  readonly finishNs: Float64Array; //    [C] Infinity when idle
  readonly dueNs: Float64Array; //       [C] least of finishNs, faultNs, sliceEndNs and guestSliceEndNs: kept by setDue
  readonly partNs: Float64Array; //      [C * 5] ns per unit without delays: compute, local, distance, fault, shared cache
  readonly sharedShare: Float64Array; // [C] share of its misses that are due to sharing the cache
  readonly linesPerUnit: Float64Array; // [C]
  readonly linesInFlight: Float64Array; // [C]
  readonly readShare: Float64Array; //   [C] share of its lines that are fetched: 0 where it only stores whole lines
  readonly writeShare: Float64Array; //  [C]
  readonly flowNode: Int32Array; //      [C] node it draws on, MIXTURE, COPYING or NO_TRAFFIC
  readonly offeredNode: Int32Array; //   [C] the node of the flow the solver has
  readonly nodeShare: Float64Array; //   [C * N] share of its lines by node, for a mixture
  readonly cacheDemand: Float64Array; // [C] accesses per ns it sends to the shared cache when all miss; 0 for none
  readonly cacheNeed: Float64Array; //   [C] bytes it would fill
  readonly cacheShare: Float64Array; //  [C] bytes of the node's cache it has
  readonly missRatio: Float64Array; //   [C] with that share
  readonly nodeDirty: Uint8Array; //     [N] who shares the cache of the node changed
  readonly nodeFilled: Float64Array; //  [N] lines its CPUs have fetched, as far as they are booked
  readonly pending: Int32Array; //       CPUs whose flow must be built: pending[0..pendingCount)
  pendingCount = 0;
  needsSettle = false;
  readonly contextSwitchNs: Float64Array; // [V] to be paid before it runs on
  readonly wakeNs: Float64Array; //      [V]
  readonly samplingNs: Float64Array; //  [V]
  readonly coldCache: Uint8Array; //     [V] it runs on another CPU than before: 1 private cache lost, 2 the node's too
  readonly lostShare: Float64Array; //   [V] of what it had in its node's cache, what is not there any more
  readonly stoppedFilled: Float64Array; // [V] lines that had been fetched on its node when it stopped
  readonly leftNode: Int32Array; //      [V] node it was on before this one, or NONE
  readonly leftFilled: Float64Array; //  [V] lines that had been fetched there when it left
  readonly refillLines: Float64Array; // [V]
  readonly faultNs: Float64Array; //     [C] when it comes to a marked block; Infinity if not before finishNs
  readonly faultRate: Float64Array; //   [C] faults per ns that this was drawn for
  readonly faultFreeNs: Float64Array; // [V] up to when its faults have been taken together with the last
  readonly pairLines: Float64Array; //   [N * N] lines fetched, CPU's node * N + memory's node
  readonly cpuLines: Float64Array; //    [cpu] the same by the CPU that fetched them
  readonly pairWritten: Float64Array; // [N * N] lines written, fetched before or not

  readonly counts: GuestCounters;
  readonly pmu: Pmu;
  readonly copies: Copies;
  instants = 0;
  droppedArrivals = 0;
  wastedNs = 0;
  idleWhileRunnableNs = 0; // with `checks: all` only
  segmentsDone = 0;
  crawlSinceNs = 0; //      watch.ts: when the present stretch of instants began,
  crawlSegments = 0; //     and how many segments were done then
  // -- moving.ts, copying.ts, hint-faults.ts, sampling.ts: made when a policy first asks for them ------------------------------
  moves: PageMoves | null = null;
  replicas: Replicas | null = null;
  readonly threads: Threads | null; // threads.ts: null unless a program has threads
  readonly huge: HugeMappings;
  readonly fault: ToldAccess = emptyAccess();
  readonly sample: ToldAccess = emptyAccess();
  readonly faultStreams: VcpuStreams = new VcpuStreams('faults');
  readonly sampleStreams: VcpuStreams = new VcpuStreams('samples');
  faultingVcpu = -1; //     whose hint fault is being told
  pageWorkNs = 0; //        what marking and splitting have cost, not paid yet
  hashLow = 0x811c9dc5;
  hashHigh = 0x1b873593;
  /** Order in which things of one instant are looked at: by id, or drawn anew (`ties: seeded`). */
  readonly cpuOrder: Int32Array;
  readonly tieRandom: Random | null;
  readonly due: Int32Array; // scratch: ids of timers due now
  endNs: number; //           moved when the instances start, if the run has a duration
  guestsLeft: number; //      guests that have not ended
  tickNs = 0;
  gateClosed = true; //       instances have not been started yet
  /** [G] where the policy put each guest. */
  readonly placements: Placement[] = [];
  /** [guest] host node of each of its vnodes, of guests whose vnodes the host keeps. */
  readonly vnodeNodes: (Int32Array | undefined)[] = [];
  kernel!: Kernel;
  calls!: ProgramCalls; //    what programs are given; set by build.ts, like the kernel
  hook = ''; // policy hook being run, for the message when it throws
  readonly box: BlackBox; //  the last events, for the same
  witness: Witness | null = null; // witness.ts: whoever follows its decisions
  trace: Tracer | null = null; //     trace.ts: whoever writes it down event by event
  readonly looks: Looks | null; // timeline.ts: null unless the scenario asks for it
  readonly places: PlaceBook | null; // places.ts: likewise

  constructor(scenario: Scenario, guests: readonly GuestState[], policy: Policy, box: BlackBox = new BlackBox()) {
    const { machine } = scenario;
    const C = machine.cpuCount;
    const N = machine.nodeCount;
    const G = guests.length;
    const V = guests.reduce((sum, guest) => sum + guest.vcpuCount, 0);
    const T = guests.reduce((sum, guest) => sum + guest.taskCount, 0);
    const R = guests.reduce((sum, guest) => sum + guest.regionCount, 0);
    this.scenario = scenario;
    this.box = box;
    this.cpuOrder = Int32Array.from({ length: C }, (_, cpu) => cpu);
    this.looks = scenario.timelinePoints ? new Looks(scenario, scenario.timelinePoints) : null;
    this.places = scenario.tellsPlaces ? new PlaceBook() : null;
    this.tieRandom = scenario.ties === 'seeded' ? namedStream(scenario.seed, 'host', 0, 'ties') : null;
    this.due = new Int32Array(T + G + R + N + scenario.hotplug.length + 64);
    this.endNs = scenario.limitNs;
    this.policy = policy;
    this.guests = guests;
    this.memory = new HostMemory(
      machine,
      scenario.blockBytes,
      guests.map(({ spec, program, regionCount, division }) => ({
        bytes: spec.memoryBytes,
        regions: regionCount,
        division,
        heat: program.heat,
      })),
    );
    this.huge = new HugeMappings(
      Math.max(1, Math.round((scenario.mappingBytes ?? 0) / scenario.blockBytes)),
      this.memory.guestBlocks.first,
      this.memory.guestBlocks.count,
    );
    this.contention = contentionOf(scenario.contention, machine, C);
    this.timers = new Timers(T + 5 * G + R + N + scenario.hotplug.length + 96);
    this.missCurves = layMissCurves(guests.map(({ spec, program }) => ({ name: spec.name, curves: program.missCurves ?? [] })));

    this.cpuVcpu = new Int32Array(C).fill(-1);
    this.cpuIdle = new Uint8Array(C).fill(1);
    this.resched = new CpuSet(this.cpuOrder);
    this.cpuPreempt = new Uint8Array(C);
    this.sliceEndNs = new Float64Array(C).fill(Infinity);
    this.idleSinceNs = new Float64Array(C);
    this.idleNs = new Float64Array(C);
    this.isWanted = new Uint8Array(C);
    this.wantedLooks = new Int32Array(C);
    this.vcpuState = new Uint8Array(V);
    this.vcpuCpu = new Int32Array(V).fill(-1);
    this.vcpuGuest = new Int32Array(V);
    this.vcpuSliceNs = new Float64Array(V);
    this.queuedCpu = new Int32Array(V).fill(-1);
    this.cpuYield = new Uint8Array(C);
    this.cpuChargeNs = new Float64Array(C);
    this.guestWeight = Float64Array.from(guests, (guest) => guest.spec.weight);
    this.waitSinceNs = new Float64Array(V);
    this.runSinceNs = new Float64Array(V);
    this.stoppedNs = new Float64Array(V);
    this.runtimeNs = new Float64Array(V);
    this.waitNs = new Float64Array(V);
    this.masks = new Masks(machine);
    this.vcpuMask = new Int32Array(V);
    this.vcpuSoftMask = new Int32Array(V);

    this.vcpuTask = new Int32Array(V).fill(-1);
    this.guestSliceEndNs = new Float64Array(C).fill(Infinity);
    this.taskGuest = new Int32Array(T);
    this.taskState = new Uint8Array(T);
    this.taskVcpu = new Int32Array(T).fill(-1);
    this.ready = readyQueueOf(T, guests);
    this.taskHome = new Int32Array(T).fill(-1);
    this.chargedNs = new Float64Array(V);
    this.guestSliceFromNs = new Float64Array(V);
    this.sync = new SyncObjects(guests.map((guest) => guest.program), T); // prettier-ignore
    this.isSpinning = new Uint8Array(T);
    this.spinLeftNs = new Float64Array(T);
    this.taskSinceNs = new Float64Array(T);
    this.taskBornNs = new Float64Array(T);
    this.taskLifetimeNs = new Float64Array(T);
    this.causes = new Float64Array(T * CAUSE_COUNT);
    this.wakeQueue = new Int32Array(V);
    this.wakerCpu = new Int32Array(V).fill(-1);

    this.phaseKind = new Uint8Array(T);
    this.phasePattern = new Uint8Array(T);
    this.phaseSystem = new Uint8Array(T);
    this.phaseDisk = new Uint8Array(T);
    this.phaseRegion = new Int32Array(T).fill(-1);
    this.phaseCycles = new Float64Array(T);
    this.phaseAccesses = new Float64Array(T);
    this.phaseInFlight = new Float64Array(T);
    this.phaseWriteShare = new Float64Array(T);
    this.phaseWorkingSet = new Float64Array(T);
    this.phaseCurve = new Int32Array(T).fill(-1);
    this.phaseWork = new Float64Array(T);
    this.phaseEndWork = new Float64Array(T);
    this.phaseUnitsLeft = new Float64Array(T);
    this.phaseBlock = new Int32Array(T).fill(-1);
    this.phaseBlocksLeft = new Float64Array(T);
    this.phasePerBlock = new Float64Array(T);
    this.touchFresh = new Uint8Array(T);

    this.segKind = new Uint8Array(C);
    this.fresh = new CpuSet(this.cpuOrder);
    this.dueNs = new Float64Array(C).fill(Infinity);
    this.segPending = new Uint8Array(C);
    this.segCause = new Int32Array(C).fill(-1);
    this.segLeft = new Float64Array(C);
    this.segBlocks = new Int32Array(C);
    this.segNode = new Int32Array(C);
    this.segUnitNs = new Float64Array(C).fill(1);
    this.segSinceNs = new Float64Array(C);
    this.finishNs = new Float64Array(C).fill(Infinity);
    this.partNs = new Float64Array(C * PARTS);
    this.sharedShare = new Float64Array(C);
    this.linesPerUnit = new Float64Array(C);
    this.linesInFlight = new Float64Array(C);
    this.readShare = new Float64Array(C);
    this.writeShare = new Float64Array(C);
    this.flowNode = new Int32Array(C).fill(NO_TRAFFIC);
    this.offeredNode = new Int32Array(C).fill(NO_TRAFFIC);
    this.nodeShare = new Float64Array(C * N);
    this.cacheDemand = new Float64Array(C);
    this.cacheNeed = new Float64Array(C);
    this.cacheShare = new Float64Array(C);
    this.missRatio = new Float64Array(C);
    this.nodeDirty = new Uint8Array(N);
    this.nodeFilled = new Float64Array(N);
    this.pending = new Int32Array(C);
    this.contextSwitchNs = new Float64Array(V);
    this.wakeNs = new Float64Array(V);
    this.samplingNs = new Float64Array(V);
    this.coldCache = new Uint8Array(V);
    this.lostShare = new Float64Array(V);
    this.stoppedFilled = new Float64Array(V);
    this.leftNode = new Int32Array(V).fill(-1);
    this.leftFilled = new Float64Array(V);
    this.refillLines = new Float64Array(V);
    this.faultNs = new Float64Array(C).fill(Infinity);
    this.faultRate = new Float64Array(C);
    this.faultFreeNs = new Float64Array(V);
    this.pairLines = new Float64Array(N * N);
    this.cpuLines = new Float64Array(scenario.machine.cpuCount);
    this.pairWritten = new Float64Array(N * N);

    this.counts = new GuestCounters(G);
    this.pmu = new Pmu(V, N);
    this.copies = new Copies(V, N);
    this.threads = guests.some(({ program }) => program.threads) ? new Threads(guests, V) : null;
    this.guestsLeft = guests.filter((guest) => !guest.isHostNoise).length;
    for (const guest of guests) {
      this.vcpuGuest.fill(guest.id, guest.firstVcpu, guest.firstVcpu + guest.vcpuCount);
      this.taskGuest.fill(guest.id, guest.firstTask, guest.firstTask + guest.taskCount);
    }
  }

  /** What a guest did before its instances start, its boot, does not count as theirs. */
  clearCounters({ id, firstVcpu, vcpuCount }: GuestState): void {
    this.trace?.guestMeasured(this, id);
    this.looks?.keepWork(id, this.counts.workDone[id]!);
    this.counts.clear(id);
    this.threads?.clear(firstVcpu, vcpuCount);
    this.waitNs.fill(0, firstVcpu, firstVcpu + vcpuCount);
  }
}

/** To be called after finishNs, faultNs, sliceEndNs or guestSliceEndNs of a CPU has changed. */
export function setDue(w: World, cpu: number): void {
  const finishNs = w.finishNs[cpu]!;
  const sliceEndNs = w.sliceEndNs[cpu]!;
  const guestSliceEndNs = w.guestSliceEndNs[cpu]!;
  const sliceNs = sliceEndNs < guestSliceEndNs ? sliceEndNs : guestSliceEndNs;
  const workNs = finishNs < w.faultNs[cpu]! ? finishNs : w.faultNs[cpu]!;
  w.dueNs[cpu] = workNs < sliceNs ? workNs : sliceNs;
}

/** Mixes a decision into the rolling hash, 64 bits in two halves, and keeps it among the last events. */
export function note(w: World, what: number, a: number, b: number): void {
  let low = w.hashLow;
  low = Math.imul(low ^ what, 0x01000193);
  low = Math.imul(low ^ a, 0x01000193);
  low = Math.imul(low ^ b, 0x01000193);
  low = Math.imul(low ^ (w.nowNs >>> 0), 0x01000193);
  w.hashLow = low;
  w.hashHigh = Math.imul(w.hashHigh ^ (w.hashHigh >>> 15) ^ low, 0x85ebca6b) ^ ((w.nowNs / 2 ** 32) >>> 0);
  const { box } = w;
  const slot = box.head[EVENT_COUNT]!++ & (KEPT_EVENTS - 1);
  box.timesNs[slot] = w.nowNs;
  box.whats[slot] = what;
  box.firsts[slot] = a;
  box.seconds[slot] = b;
  if (w.witness !== null) w.witness.noted(w, what, a, b);
}

import { HOP_CLASSES } from '../sim/machine.ts';
import { CAUSES, type GuestRecord, type Measures, type Recording, type Timeline } from '../sim/recording.ts';
import { beliefOf, cacheCount } from '../sim/guest-belief.ts';
import type { GuestSpec, Scenario } from '../sim/scenario.ts';
import { PLAIN_VNUMA, type VnodeHosting } from '../sim/vnuma.ts';
import { formatNamed } from './named-options.ts';
import { type PolicySource, policySource } from './user-policy/user-policy.ts';

export const SCHEMA_VERSION = 1;

/**
 * What `run --json` prints, as docs/run-result.schema.json describes it: what was run and what came of it, nothing of the world
 * around. Keys stand in a fixed order, so that equal runs give equal bytes.
 */
export function runResult(scenario: Scenario, recording: Recording, version: string): RunResult {
  const { guests, total, bytesByResource, status, message, exit, simulatedNs, hash } = recording;
  return {
    schemaVersion: SCHEMA_VERSION,
    version,
    seed: scenario.seed,
    machine: scenario.machine.spec.name,
    policy: formatNamed(scenario.policy, scenario.policyOptions),
    policySource: policySource(scenario.policy),
    oracle: scenario.policy.oracle,
    workload: workloadText(scenario),
    status,
    message,
    exit,
    simulatedNs,
    hash,
    total: { ...measures(total), throughput: totalThroughput(total) },
    guests: guests.map((guest, i) => guestResult(scenario, i, guest)),
    bytesByResource: Object.fromEntries(scenario.machine.resourceNames.map((name, r) => [name, bytesByResource[r]!])),
    linesByPair: recording.linesByPair,
    ...(recording.timeline && { timeline: recording.timeline }),
    busyNs: recording.busyNs,
    idleNs: recording.idleNs,
    wastedNs: recording.wastedNs,
    idleWhileRunnableNs: recording.idleWhileRunnableNs,
    hostNoiseNs: recording.hostNoiseNs,
    dom0Ns: recording.dom0Ns,
    moverNs: recording.moverNs,
    instants: recording.instants,
    solves: recording.solves,
    droppedArrivals: recording.droppedArrivals,
    setting: {
      startGapNs: scenario.startGapNs,
      durationNs: scenario.durationNs,
      limitNs: scenario.limitNs,
      ties: scenario.ties,
      contention: scenario.contention,
      hostNoise: scenario.hostNoise,
      dom0: scenario.dom0,
      blockBytes: scenario.blockBytes,
      mappingBytes: Math.max(scenario.blockBytes, scenario.mappingBytes ?? 0),
      hostCacheBytes: scenario.hostCacheBytes,
      hotplug: scenario.hotplug.map(({ atNs, cpu, isOnline }) => ({ atNs, cpu, isOnline })),
      watchdogNs: scenario.watchdogNs,
      costs: { ...scenario.costs },
    },
  };
}

/** Guests that count in different units have no total. */
function totalThroughput({ throughput: { value, unit } }: Measures): RunResult['total']['throughput'] {
  return { value: unit === 'mixed' ? null : value, unit };
}

/** The different workloads of a scenario as users write them, in the order of the guests: `kernbench:j=2+lmbench-rd`. */
export function workloadText(scenario: Scenario): string {
  return [...new Set(scenario.guests.map((guest) => formatNamed(guest.workload, guest.options)))].join('+');
}

export interface RunResult {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly version: string;
  readonly seed: string;
  readonly machine: string;
  readonly policy: string;
  readonly policySource: PolicySource | null;
  /** The policy was given what no kernel could know. */
  readonly oracle: boolean;
  readonly workload: string;
  readonly status: Recording['status'];
  readonly message: string | null;
  /** What the policy did wrong, with status `policy-error`. */
  readonly exit: Recording['exit'];
  readonly simulatedNs: number;
  readonly hash: string;
  readonly total: Omit<Measures, 'throughput'> & { readonly throughput: { readonly value: number | null; readonly unit: string } };
  readonly guests: readonly GuestResult[];
  readonly bytesByResource: Readonly<Record<string, number>>;
  /** Lines fetched from memory, [CPU's node * nodes + memory's node]. */
  readonly linesByPair: readonly number[];
  /** Only where it was asked for. */
  readonly timeline?: Timeline;
  readonly busyNs: number;
  readonly idleNs: number;
  readonly wastedNs: number;
  readonly idleWhileRunnableNs: number | null;
  readonly hostNoiseNs: number;
  readonly dom0Ns: number;
  readonly moverNs: number;
  readonly instants: number;
  readonly solves: number;
  readonly droppedArrivals: number;
  readonly setting: { readonly mappingBytes: number } & Pick<
    Scenario,
    | 'startGapNs'
    | 'durationNs'
    | 'limitNs'
    | 'ties'
    | 'contention'
    | 'hostNoise'
    | 'dom0'
    | 'blockBytes'
    | 'hostCacheBytes'
    | 'hotplug'
    | 'watchdogNs'
    | 'costs'
  >;
}

export interface GuestResult extends GuestRecord {
  readonly kind: string;
  readonly vnodes: number;
  /** What it makes of that, and what of it the host keeps. */
  readonly vnuma: VnumaResult;
  readonly weight: number;
  readonly capPercent: number;
  readonly arrivesNs: number;
  readonly departsNs: number | null;
  readonly bootShare: number;
}

export interface VnumaResult {
  /** Virtual nodes and last-level caches it believes in. */
  readonly believedVnodes: number;
  readonly believedCaches: number;
  /** What it was told and does not use, and why. */
  readonly dropped: readonly string[];
  readonly host: VnodeHosting;
  /** When the host ceases to keep what it kept, or null. */
  readonly movesNs: number | null;
}

function vnumaResult(spec: GuestSpec): VnumaResult {
  const { vnodes, vcpuCache, dropped } = beliefOf(spec);
  const { hosting, movesNs } = spec.vnuma ?? PLAIN_VNUMA;
  return {
    believedVnodes: vnodes,
    believedCaches: cacheCount(vcpuCache),
    dropped: [...dropped],
    host: hosting,
    movesNs: hosting === 'moved' ? movesNs : null,
  };
}

function guestResult(scenario: Scenario, at: number, guest: GuestRecord): GuestResult {
  const spec = scenario.guests[at]!;
  return {
    name: guest.name,
    kind: spec.kind,
    workload: formatNamed(spec.workload, spec.options),
    vcpus: guest.vcpus,
    memoryBytes: guest.memoryBytes,
    vnodes: spec.vnodes,
    vnuma: vnumaResult(spec),
    weight: spec.weight,
    capPercent: spec.capPercent,
    arrivesNs: spec.arrivesNs,
    departsNs: spec.departsNs,
    bootShare: spec.bootShare,
    status: guest.status,
    bootNs: guest.bootNs,
    ...measures(guest),
    figures: Object.fromEntries(Object.entries(guest.figures)),
    blocksByNode: [...guest.blocksByNode],
    ...(guest.threads && {
      threads: guest.threads.map((thread) => ({ ...thread, figures: Object.fromEntries(Object.entries(thread.figures)) })),
    }),
  };
}

function measures(of: Measures): Measures {
  return {
    throughput: { value: of.throughput.value, unit: of.throughput.unit },
    elapsedNs: of.elapsedNs,
    remoteRatio: of.remoteRatio,
    accessesByHop: Object.fromEntries(HOP_CLASSES.map((hop) => [hop, of.accessesByHop[hop]])) as Measures['accessesByHop'],
    migrations: { core: of.migrations.core, cpu: of.migrations.cpu, node: of.migrations.node, socket: of.migrations.socket },
    pageMoves: of.pageMoves,
    pageReturns: of.pageReturns,
    pageReplicas: of.pageReplicas,
    failedMoves: of.failedMoves,
    hintFaults: of.hintFaults,
    samples: of.samples,
    waitNs: of.waitNs,
    contextSwitches: of.contextSwitches,
    wakes: of.wakes,
    delayedWakes: of.delayedWakes,
    wakeWaitNs: of.wakeWaitNs,
    completions: of.completions,
    userNs: of.userNs,
    sysNs: of.sysNs,
    lifetimeNs: of.lifetimeNs,
    causes: Object.fromEntries(CAUSES.map((cause) => [cause, of.causes[cause]])) as Measures['causes'],
  };
}

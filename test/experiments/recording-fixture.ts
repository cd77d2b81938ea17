import { CAUSES, type GuestRecord, type Measures, type Places, type Recording, type Timeline } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';

/** Every figure differs, so that one in the wrong place shows. */
export function measuresOf(work: number, causes: Partial<Record<(typeof CAUSES)[number], number>> = {}): Measures {
  return {
    throughput: { value: work, unit: 'stares/s' },
    elapsedNs: 2_000_000_000,
    remoteRatio: 0.375,
    accessesByHop: { local: 501.5, sameSocket: 302, oneHop: 203, twoHop: 104 },
    migrations: { core: 10, cpu: 11, node: 12, socket: 13 },
    pageMoves: 14,
    pageReturns: 141,
    pageReplicas: 142,
    failedMoves: 143,
    hintFaults: 144,
    samples: 145,
    waitNs: 15_000,
    contextSwitches: 16,
    wakes: 17,
    delayedWakes: 18,
    wakeWaitNs: 190,
    completions: 19,
    userNs: 20,
    sysNs: 21,
    lifetimeNs: Object.values(causes).reduce((sum, ns) => sum + ns, 0),
    causes: { ...(Object.fromEntries(CAUSES.map((cause) => [cause, 0])) as Measures['causes']), ...causes },
  };
}

/** Guest i is held to CPU i, would rather run nowhere else, and ran there; its memory is bound to node 1. */
function placesOf({ guests }: Scenario): Places {
  return {
    memory: { name: 'bind', backs: 'first-touch', fallback: 'within', movesPages: false },
    guests: guests.map(({ vcpus }, i) => ({
      placedNs: 0,
      memoryNodes: [1],
      vnodeNodes: null,
      vcpus: Array.from({ length: vcpus }, () => ({
        hardCpus: [i],
        softCpus: null,
        hardCpusAtEnd: [i],
        softCpusAtEnd: null,
        ranNs: [{ cpu: i, ns: 7_000 + i }],
      })),
    })),
  };
}

/** A recording as the engine would leave it of these guests, that did `work` in all. */
export function recordingOf(
  scenario: Scenario,
  work: number,
  causes: Parameters<typeof measuresOf>[1] = { compute: 600, distance: 400 },
): Recording {
  const guests = scenario.guests.map((guest, i): GuestRecord => ({
    ...measuresOf(work / scenario.guests.length, causes),
    name: guest.name,
    workload: guest.workload.name,
    vcpus: guest.vcpus,
    memoryBytes: guest.memoryBytes,
    status: 'ok',
    bootNs: 1_000 + i,
    figures: { latencyNs: 2.5 + i },
    blocksByNode: [5, 4, 3],
  }));
  return {
    status: 'ok',
    message: null,
    exit: null,
    simulatedNs: 3_000_000_000,
    instants: 31,
    solves: 32,
    hash: '00c0ffee',
    total: measuresOf(work, causes),
    guests,
    linesByPair: [61, 62, 63, 64],
    timeline: scenario.timelinePoints ? steadily(guests, scenario.machine.nodeCount, scenario.timelinePoints) : null,
    ...(scenario.tellsPlaces && { places: placesOf(scenario) }),
    hostNoiseNs: 33,
    dom0Ns: 34,
    moverNs: 38,
    bytesByResource: Array.from(scenario.machine.resourceNames, (_, r) => 1_000 * (r + 1)),
    busyNs: 34,
    idleNs: 35,
    wastedNs: 36,
    idleWhileRunnableNs: 37,
    droppedArrivals: 0,
  };
}

/** Work that goes on at one speed from the second 1 on, to the end of the recording at 3 s. */
function steadily(guests: readonly GuestRecord[], nodes: number, points: number): Timeline {
  const timesNs = Array.from({ length: points + 1 }, (_, i) => (i * 3_000_000_000) / points);
  return {
    timesNs,
    guests: guests.map(({ throughput: { value } }) => ({
      measuredFromNs: 1_000_000_000,
      work: timesNs.map((ns) => (value * Math.max(0, ns - 1e9)) / 1e9),
      nodeRunNs: timesNs.map(() => new Array<number>(nodes).fill(0)),
      nodeBlocks: timesNs.map(() => new Array<number>(nodes).fill(1)),
    })),
    resourceBytes: timesNs.map(() => []),
  };
}

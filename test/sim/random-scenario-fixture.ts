import fc from 'fast-check';
import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { uniform } from '../../machines/uniform.ts';
import { policies } from '../../policies/index.ts';
import { buildMachine, type Machine } from '../../sim/machine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { OptionValues } from '../../sim/options.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { KiB, MiB, ms, us } from '../../sim/units.ts';
import { PLAIN_VNUMA, type VnumaSpec } from '../../sim/vnuma.ts';
import { randomMachine } from './random-machine-fixture.ts';
import { guest, policy, scenario, workload } from './scenario-fixture.ts';

/** A scenario in plain words: fast-check prints it when a property fails, and makes it smaller as long as it still fails. */
export interface ScenarioDraw {
  /** A machine's name, or the seed of a random one. */
  readonly machine: string | number;
  readonly policy: string;
  readonly guests: readonly GuestDraw[];
  readonly seed: number;
  readonly startGapUs: number;
  readonly durationMs: number;
  readonly ties: 'id' | 'seeded';
  readonly contention: Scenario['contention'];
  readonly hostNoise: number;
  readonly dom0: number;
  readonly hostCacheMiB: number;
  readonly blockKiB: number;
  /** CPUs, by their place among all, that go off line, when, and for how long. */
  readonly hotplug: readonly { readonly place: number; readonly atUs: number; readonly forUs: number }[];
}

interface GuestDraw {
  readonly workload: string;
  readonly set: OptionValues;
  readonly kind: GuestSpec['kind'];
  readonly vcpus: number;
  readonly vnodes: number;
  /** Sockets are of one core of so many threads, where that goes into its vCPUs. */
  readonly virtual: Pick<VnumaSpec, 'hosting' | 'isHeeded'> & { readonly movesUs: number; readonly threads: number };
  readonly weight: number;
  readonly bootShare: number;
  readonly arrivesUs: number;
  readonly staysUs: number | null;
}

const size = fc.integer({ min: 64, max: 2112 }).map((pages) => pages * KiB(4));
const time = (least: number, most: number): fc.Arbitrary<number> => fc.integer({ min: least, max: most }).map(us);
const few = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });

/** Workloads and, of each, the options that are drawn. */
const options: Readonly<Record<string, Record<string, fc.Arbitrary<number | string>>>> = {
  compute: { phase: time(200, 3200) },
  'lmbench-rd': { size },
  'lmbench-lat': { size, stride: fc.constantFrom(64, 16) },
  'lmbench-wr': { size },
  stream: { size },
  phased: {
    size,
    compute: time(0, 2000),
    memory: time(100, 2000),
    accesses: few(200),
    knee: fc.integer({ min: 1, max: KiB(256) }),
    floor: fc.constantFrom(0, 0.25, 1),
  },
  think: { tasks: few(12), think: time(100, 900), service: time(100, 1300) },
  queue: {
    rate: fc.constant(2000),
    service: time(100, 300),
    slots: fc.constant(64),
    law: fc.constantFrom('exp', 'h2', 'det'),
  },
  'metis-like': {
    size: fc.constant(MiB(8)),
    passes: few(2),
    table: fc.constant(KiB(64)),
    tasks: few(4),
    pattern: fc.constantFrom('sweep', 'random'),
    take: fc.constantFrom('queue', 'equal'),
  },
  locks: { tasks: few(12), think: time(50, 400), hold: time(10, 150), mode: fc.constantFrom('spin', 'sleep') },
  'specjbb-like': { heap: few(256).map((pages) => MiB(1) + pages * KiB(4)), service: time(100, 900), think: time(0, 200) },
  'hot-set': {
    size: size.map((bytes) => bytes + MiB(1)),
    heat: fc.constantFrom('hot', 'zipf', 'uniform'),
    drift: fc.oneof(fc.constant(0), time(10, 900)),
    lines: few(4),
  },
  hackbench: { groups: few(2), fds: few(4), loops: few(5), bytes: few(9000), ipc: fc.constantFrom('sockets', 'pipe') },
  schbench: { message: few(2), threads: few(5), operations: few(3), sleep: time(0, 200), rps: fc.constantFrom(0, 400) },
  web: {
    load: fc.constantFrom(0.3, 1.2),
    arrivals: fc.constantFrom('poisson', 'bursty'),
    service: time(100, 900),
    workers: fc.constantFrom(0, 1, 3),
    memory: fc.constantFrom(0, 0.3),
    size: fc.constant(MiB(2)),
    footprint: fc.constantFrom(0, 10_000),
    slots: fc.constant(64),
  },
  bursty: {
    load: fc.constantFrom(0.3, 1),
    burst: time(100, 4000),
    mode: fc.constantFrom('closed', 'open'),
    memory: fc.constantFrom(0, 0.5),
    size,
  },
  'idle-mostly': { utilisation: fc.constantFrom(0.05, 0.4), timers: few(9), burst: time(50, 800), memory: fc.constantFrom(0, 0.3), size },
  'noisy-neighbour': {
    kind: fc.constantFrom('stream', 'cache', 'cpu', 'wakeups'),
    threads: few(6),
    duty: fc.constantFrom(0.3, 1),
    period: time(2000, 9000),
    size,
  },
  kernbench: { jobs: few(8), j: few(10), link: time(500, 1500), media: fc.constantFrom('tmpfs', 'disk') },
};

export const drawnWorkloads = Object.keys(options);

const works = fc.oneof(...drawnWorkloads.map((name) => fc.record(options[name]!).map((set) => ({ workload: name, set }))));

const guests: fc.Arbitrary<GuestDraw> = fc
  .tuple(
    works,
    fc.record({
      kind: fc.constantFrom('kvm', 'xen-hvm', 'xen-pv', 'bare'),
      vcpus: few(8),
      vnodes: fc.constantFrom(1, 1, 2, 2),
      virtual: fc.record({
        hosting: fc.constantFrom('break', 'keep', 'moved'),
        movesUs: few(40_000),
        isHeeded: fc.constantFrom(true, true, false),
        threads: fc.constantFrom(0, 1, 2, 3),
      }),
      weight: fc.constantFrom(100, 50, 300),
      bootShare: fc.constantFrom(0, 0.25),
      arrivesUs: fc.oneof(fc.constant(0), fc.constant(0), few(40_000)),
      staysUs: fc.oneof(fc.constant(null), fc.constant(null), few(60_000)),
    }),
  )
  .map(([work, rest]) => ({ ...work, ...rest }));

/** Scenarios drawn from everything that may be combined; each is small enough for tens of them in a short test. */
export const scenarioDraws: fc.Arbitrary<ScenarioDraw> = fc.record({
  machine: fc.oneof(fc.constantFrom('lopsided', 'clustered', 'uniform', 'opteron-6164-4s'), fc.nat(1_000_000)),
  policy: fc.constantFrom(...policies.map(({ name }) => name)),
  guests: fc.array(guests, { minLength: 1, maxLength: 10 }),
  seed: fc.nat(1_000_000),
  startGapUs: fc.oneof(fc.constant(0), few(5000)),
  durationMs: fc.integer({ min: 20, max: 80 }),
  ties: fc.constantFrom('id', 'seeded'),
  contention: fc.constantFrom('fifo', 'max-min'),
  hostNoise: fc.constantFrom(0, 1, 2),
  dom0: fc.constantFrom(0, 0, 1),
  hostCacheMiB: fc.constantFrom(0, 0, 60),
  blockKiB: fc.constantFrom(64, 128, 256, 512, 1024, 2048),
  hotplug: fc.oneof(
    fc.constant([]),
    fc.array(fc.record({ place: fc.double({ min: 0, max: 0.999, noNaN: true }), atUs: few(40_000), forUs: few(30_000) }), { maxLength: 3 }),
  ),
});

/** Ports so narrow that one CPU fills its own. */
const clustered: MachineSpec = {
  ...lopsided,
  name: 'clustered',
  clusters: { value: { cpus: 2, capacityGBps: 2 }, source: 'assumed: for tests' },
};

const machines = new Map<string, Machine>([lopsided, clustered, uniform, opteron6164].map((spec) => [spec.name, buildMachine(spec)]));

export function scenarioOf(draw: ScenarioDraw): Scenario {
  const machine = typeof draw.machine === 'string' ? machines.get(draw.machine)! : randomMachine(draw.machine);
  // Who has a CPU for each vCPU and never moves one cannot find another for a vCPU that the host holds on a full node: it waits for ever.
  const isOneToOne = policy(draw.policy).claims?.oneToOne === true;
  const specs = draw.guests.map(({ workload: name, ...rest }, i) => {
    const { arrivesUs, staysUs, virtual, ...spec } = rest;
    const departsNs = staysUs === null ? null : us(arrivesUs + staysUs);
    return guest(workload(name), {
      name: `guest${i}`,
      memoryBytes: MiB(128),
      ...spec,
      vnuma: vnumaOf(machine, spec, isOneToOne ? { ...virtual, hosting: 'break' } : virtual),
      arrivesNs: us(arrivesUs),
      departsNs,
    });
  });
  return scenario({
    machine,
    policy: policy(draw.policy),
    guests: specs,
    seed: String(draw.seed),
    startGapNs: us(draw.startGapUs),
    durationNs: specs.every((spec) => spec.workload.ends === 'by itself') ? null : ms(draw.durationMs),
    ties: draw.ties,
    contention: draw.contention,
    hostNoise: draw.hostNoise,
    dom0: draw.dom0,
    hostCacheBytes: MiB(draw.hostCacheMiB),
    blockBytes: KiB(draw.blockKiB),
    hotplug: hotplugOf(draw, machine.cpuCount),
  });
}

/** What goes together: a host node for each virtual node, whole sockets. */
function vnumaOf(
  machine: Machine,
  { kind, vcpus, vnodes }: Pick<GuestDraw, 'kind' | 'vcpus' | 'vnodes'>,
  { hosting, movesUs, isHeeded, threads }: GuestDraw['virtual'],
): VnumaSpec {
  const withCpus = machine.nodeCpuCount.filter((cpus) => cpus > 0).length;
  const isVirtual = kind !== 'bare' && vnodes > 1 && vnodes <= Math.min(vcpus, withCpus);
  const isTold = kind !== 'bare' && kind !== 'xen-pv' && threads > 0 && vcpus % threads === 0;
  return {
    ...PLAIN_VNUMA,
    topology: isTold ? { sockets: vcpus / threads, cores: 1, threads } : null,
    isHeeded,
    hosting: isVirtual ? hosting : 'break',
    movesNs: us(movesUs),
  };
}

/** Each CPU goes once at most, and CPU 0 stays. */
function hotplugOf({ hotplug }: ScenarioDraw, cpuCount: number): Scenario['hotplug'] {
  const gone = new Set<number>([0]);
  const events = hotplug.flatMap(({ place, atUs, forUs }) => {
    const cpu = Math.floor(place * cpuCount);
    if (gone.has(cpu)) return [];
    gone.add(cpu);
    return [
      { atNs: us(atUs), cpu, isOnline: false },
      { atNs: us(atUs + forUs), cpu, isOnline: true },
    ];
  });
  return events.sort((a, b) => a.atNs - b.atNs || a.cpu - b.cpu);
}

/** The scenario of a seed, for tests that loop over seeds. */
export function randomScenario(seed: number): Scenario {
  return scenarioOf(fc.sample(scenarioDraws, { seed, numRuns: 1 })[0]!);
}

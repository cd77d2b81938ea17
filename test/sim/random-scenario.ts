import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { uniform } from '../../machines/uniform.ts';
import { policies } from '../../policies/index.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { OptionValues } from '../../sim/options.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { KiB, MiB, ms, us } from '../../sim/units.ts';
import { guest, scenario, workload } from './scenario-fixture.ts';

/** Ports so narrow that one CPU fills its own. */
const clustered: MachineSpec = {
  ...lopsided,
  name: 'clustered',
  clusters: { value: { cpus: 2, capacityGBps: 2 }, source: 'assumed: for tests' },
};
const machines = [lopsided, uniform, opteron6164, clustered].map((spec) => buildMachine(spec));

/** A scenario drawn from everything that may be combined; small enough for tens of them in a test. */
export function randomScenario(seed: string): Scenario {
  const random = namedStream(seed, 'scenario', 0, 'draw');
  const machine = pick(random, machines);
  const blockBytes = KiB(64 << below(random, 6));
  const guests = Array.from({ length: 1 + below(random, machine.cpuCount > 6 ? 12 : 5) }, (_, i) => randomGuest(random, i));
  return scenario({
    machine,
    policy: pick(random, policies),
    guests,
    seed,
    startGapNs: random() < 0.3 ? us(below(random, 5000)) : 0,
    durationNs: guests.every((spec) => spec.workload.ends === 'by itself') ? null : ms(20 + below(random, 60)),
    ties: random() < 0.5 ? 'seeded' : 'id',
    hostNoise: pick(random, [0, 1, 2]),
    dom0: pick(random, [0, 0, 1]),
    blockBytes,
  });
}

function randomGuest(random: Random, i: number): GuestSpec {
  const name = pick(random, [
    'lmbench-rd',
    'lmbench-lat',
    'stream',
    'compute',
    'think',
    'queue',
    'kernbench',
    'locks',
    'metis-like',
    'specjbb-like',
  ]);
  const vcpus = 1 + below(random, 8);
  const size = KiB(256) + KiB(4) * below(random, 2048);
  const set: Record<string, OptionValues> = {
    'lmbench-rd': { size },
    'lmbench-lat': { size, stride: 64 },
    stream: { size },
    compute: { phase: us(200 + below(random, 3000)) },
    think: { tasks: 1 + below(random, 12), think: us(500), service: us(700) },
    queue: { rate: 2000, service: us(300), slots: 64, law: pick(random, ['exp', 'h2', 'det']) },
    locks: { tasks: 1 + below(random, 12), think: us(200), hold: us(90), mode: pick(random, ['spin', 'sleep']) },
    'metis-like': { size: MiB(2) + size, tasks: 2, passes: 1, table: KiB(256), take: pick(random, ['queue', 'equal']) },
    'specjbb-like': { heap: MiB(1) + KiB(4) * below(random, 256), service: us(500), think: us(below(random, 200)) },
    kernbench: { jobs: 1 + below(random, 8), j: 1 + below(random, 10), link: ms(1), media: pick(random, ['tmpfs', 'disk']) },
  };
  const kind = pick(random, ['kvm', 'xen-hvm', 'xen-pv', 'bare'] as const);
  return guest(workload(name), {
    name: `guest${i}`,
    kind,
    vcpus,
    memoryBytes: MiB(128),
    weight: pick(random, [50, 100, 300]),
    set: set[name]!,
    bootShare: random() < 0.6 ? 0.25 : 0,
  });
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[below(random, items.length)]!;
}

import { lopsided } from '../../machines/lopsided.ts';
import { buildMachine, type Machine } from '../../sim/machine.ts';
import { type Actuators, DSQ_GLOBAL, type Kernel, type MemoryPolicy, type Policy } from '../../sim/policy-api.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { type CpuId, GiB, type GuestId, KiB, MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { DONE, type Heat, RANDOM, RUN, SLEEP, SWEEP, TOUCH, type WorkloadEntry } from '../../sim/workload-api.ts';
import { asEntry, guest, program, scenario, TEST_COSTS } from './scenario-fixture.ts';

/** Nodes of 16, 10 and 20 MiB, so that guests of a few MiB soon fill them; the second machine has no CPU on its last node. */
const small = { ...lopsided, memoryGiB: { value: [16 / 1024, 10 / 1024, 20 / 1024], source: 'assumed: for tests' }, memoryHoleGiB: { value: 0, source: 'assumed: for tests' } }; // prettier-ignore
export const SMALL: Machine = buildMachine({ ...small, name: 'small' });
export const SMALL_BLIND: Machine = buildMachine({ ...small, name: 'small-blind', nodeCpus: [3, 2, 0] });

/** Tasks that touch, read, write, sweep, free and allocate what is drawn from their guest's own stream. */
export function restless(heat: Heat | null): WorkloadEntry {
  const entry = program(() => undefined);
  return {
    ...entry,
    build: (_options, setup) => {
      const random = setup.stream(0, 'restless');
      const regionBytes = Math.floor(setup.memoryBytes / (setup.vcpus + 1));
      const has = new Uint8Array(setup.vcpus);
      return {
        tasks: setup.vcpus,
        regions: setup.vcpus,
        unit: 'units/s',
        heat: Array.from({ length: setup.vcpus }, () => heat),
        next(task, phase, calls) {
          if (has[task] === 0) {
            calls.allocate(task, regionBytes);
            has[task] = 1;
            Object.assign(phase, { kind: TOUCH, region: task, offsetBytes: 0, bytes: regionBytes });
            return;
          }
          const region = has[below(random, setup.vcpus)] === 1 ? task : task;
          const what = below(random, 8);
          if (what === 0) Object.assign(phase, { kind: SLEEP, durationNs: us(1 + below(random, 500)) });
          else if (what === 1) Object.assign(phase, { kind: TOUCH, region, offsetBytes: 0, bytes: regionBytes });
          else if (what === 2 && random() < 0.3) {
            calls.free(task);
            has[task] = 0;
            Object.assign(phase, { kind: RUN, instructions: 1000, cyclesPerInstruction: 1 });
          } else {
            const loads = 500 + below(random, 20_000);
            const writeShare = random() < 0.6 ? 0 : random();
            const pattern = random() < 0.5 ? SWEEP : RANDOM;
            Object.assign(phase, { kind: RUN, region, pattern, instructions: loads, accessesPerInstruction: 1, writeShare, work: loads });
            Object.assign(phase, { workingSetBytes: GiB(64), passes: 1 + below(random, 5), linesInFlight: 1 + below(random, 4) });
          }
          if (calls.nowNs > ms(60)) phase.kind = DONE;
        },
      };
    },
  };
}

/** Does something to some guest's memory that the interface allows, wherever it is called from. */
function mischief(k: Kernel, mayMark: boolean): void {
  const guest = below(() => k.random(), k.guestCount) as GuestId;
  const blocks = k.guestBlockCount(guest);
  if (blocks === 0) return;
  const draw = (bound: number): number => below(() => k.random(), bound);
  const block = draw(blocks);
  const node = draw(k.nodeCount) as NodeId;
  switch (draw(7)) {
    case 0:
      if (mayMark) k.markBlocks(guest, block, 1 + draw(2 * blocks));
      break;
    case 1:
    case 2:
      k.moveBlock(guest, block, node);
      break;
    case 3:
      k.replicateBlock(guest, block, node);
      break;
    case 4:
      k.splitBlock(guest, block);
      break;
    case 5:
      k.mergeBlock(guest, block);
      break;
    default:
      for (let i = 0; i < 6; i++) k.moveBlock(guest, (block + i) % blocks, node);
  }
}

function migrates(k: Kernel, act: Actuators): void {
  for (let i = 0; i < 4; i++) mischief(k, true);
  const draw = (bound: number): number => below(() => k.random(), bound);
  act.migratePages(draw(k.guestCount) as GuestId, draw(k.nodeCount) as NodeId, draw(k.nodeCount) as NodeId);
}

/** Rates, cooldowns and hooks as drawn; whatever it may ask for it asks for, out of every hook. */
export function hostile(random: Random): Policy {
  const maybe = <Value>(share: number, value: Value): Value | undefined => (random() < share ? value : undefined);
  const cooldownNs = maybe(0.5, us(1 + below(random, 4000)));
  const fallback = (['distance', 'next-id', 'within'] as const)[below(random, 3)]!;
  const held = random() < 0.5 ? [0, 2] : [2, 1];
  const eager = random();
  const at = (k: Kernel, share: number): void => {
    if (k.random() < share * eager) mischief(k, true);
  };
  const memory: MemoryPolicy = {
    name: 'hostile',
    backs: random() < 0.3 ? 'at-build' : 'first-touch',
    fallback,
    alloc(k, _guest, _block, node) {
      at(k, 0.02);
      return node < 0 || k.random() < 0.3 ? (below(() => k.random(), k.nodeCount) as NodeId) : node;
    },
    onHintFault(k, { guest, block, cpuNode, markedNs }) {
      if (markedNs > k.nowNs || k.blockNode(guest, block) < 0) throw new RangeError('a fault without a mark, or on nothing');
      if (k.random() < 0.5) mischief(k, false);
      else if (k.random() < 0.5) k.moveBlock(guest, block, cpuNode);
    },
    samples: { periodLines: 50 + below(random, 2000) },
    onSample: (k) => at(k, 0.3),
    onMoved: (k) => at(k, 0.5),
    plan: { periodNs: us(50 + below(random, 2000)), step: (k) => mischief(k, true) },
    ...(random() < 0.4 ? { moveBytesPerSecond: MiB(1 + below(random, 2000)) } : {}),
    ...(cooldownNs === undefined ? {} : { cooldownNs }),
    ...(random() < 0.5 ? { revertAfterNs: (cooldownNs ?? 0) + us(1 + below(random, 5000)) } : {}),
  };
  return {
    name: 'hostile',
    placement: {
      name: 'held',
      place: () => ({ hardNodes: null, softNodes: null, memoryNodes: fallback === 'within' ? (held as NodeId[]) : [] }),
    },
    cpu: {
      name: 'global',
      hz: 1000,
      selectCpu(k, vcpu, prev) {
        at(k, 0.1);
        const idle = k.pickIdleCpu(vcpu);
        return idle >= 0 ? idle : prev;
      },
      enqueue(k, vcpu) {
        at(k, 0.1);
        k.dsqInsert(vcpu, DSQ_GLOBAL, us(300), 0);
        for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) if (k.isIdle(cpu)) k.kick(cpu, 1);
      },
      dispatch: (k) => at(k, 0.1),
      running: (k) => at(k, 0.1),
      stopping: (k) => at(k, 0.1),
      quiescent: (k) => at(k, 0.1),
      updateIdle: (k) => at(k, 0.1),
      tick: (k) => at(k, 0.2),
    },
    memory,
    daemons: [{ name: 'mover', periodNs: us(300 + below(random, 3000)), step: migrates }],
  };
}

/** A small scenario of guests that come and go under a hostile policy. */
export function hostileScenario(seed: number): Scenario {
  const random = namedStream(String(seed), 'test', 0, 'hostile');
  const heats: (Heat | null)[] = [
    null,
    { kind: 'hot', blockShare: 0.1, accessShare: 0.9, driftNs: us(300) },
    { kind: 'zipf', exponent: 1.2, driftNs: 0 },
  ];
  const guests: GuestSpec[] = Array.from({ length: 1 + below(random, 4) }, (_, i) => {
    const arrivesNs = random() < 0.5 ? 0 : us(below(random, 4000));
    const departsNs = random() < 0.5 ? null : arrivesNs + us(1 + below(random, 9000));
    const memoryBytes = MiB(1 + below(random, 14));
    return guest(restless(heats[below(random, 3)]!), {
      name: `g${i}`,
      vcpus: 1 + below(random, 3),
      kind: random() < 0.2 ? 'bare' : 'kvm',
      memoryBytes,
      arrivesNs: i === 0 ? 0 : arrivesNs,
      departsNs: i === 0 ? null : departsNs,
    });
  });
  const policySeed = `${seed}`;
  const blockBytes = KiB([64, 128, 256][below(random, 3)]!);
  return scenario({
    machine: random() < 0.8 ? SMALL : SMALL_BLIND,
    policy: asEntry(() => hostile(namedStream(policySeed, 'test', 0, 'policy'))),
    guests,
    seed: String(seed),
    durationNs: ms(12),
    ties: random() < 0.5 ? 'id' : 'seeded',
    contention: random() < 0.8 ? 'fifo' : 'max-min',
    blockBytes,
    ...(random() < 0.5 ? { mappingBytes: blockBytes * (2 + below(random, 7)) } : {}),
    hostCacheBytes: random() < 0.3 ? MiB(5) : 0,
    costs: TEST_COSTS,
  });
}

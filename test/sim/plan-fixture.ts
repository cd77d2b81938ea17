import { run } from '../../sim/engine.ts';
import type { Machine } from '../../sim/machine.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import type { Recording } from '../../sim/recording.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { MiB, us } from '../../sim/units.ts';
import { DONE, RANDOM, SLEEP, SWEEP } from '../../sim/workload-api.ts';
import { guest, pinned, program, scenario } from './scenario-fixture.ts';

/** Of a task's memory of 4 MiB, at the fixture's 256 KiB a block. */
const BLOCKS = 16;

/** Work and places drawn once, to be run again with something changed: one guest of one task on each CPU it names. */
export interface Plan {
  readonly tasks: readonly TaskPlan[];
}

export interface TaskPlan {
  readonly cpu: number;
  /** Nodes of its memory, block by block in turn. */
  readonly nodes: readonly number[];
  readonly phases: readonly PhasePlan[];
}

export interface PhasePlan {
  /** More than 0: it sleeps, and nothing else counts. */
  readonly sleepNs: number;
  readonly instructions: number;
  readonly cycles: number;
  readonly accesses: number;
  readonly linesInFlight: number;
  readonly writeShare: number;
  readonly pattern: number;
  readonly workingSetBytes: number;
}

/** Tasks on different CPUs, each with its memory on one or two nodes, that compute, sweep, chase and sleep. */
export function drawPlan(machine: Machine, seed: number): Plan {
  const random = namedStream(String(seed), 'plan', 0, 'test');
  const cpus = Array.from({ length: machine.cpuCount }, (_, cpu) => cpu);
  const tasks = Array.from({ length: 2 + below(random, Math.min(5, cpus.length - 1)) }, () => ({
    cpu: cpus.splice(below(random, cpus.length), 1)[0]!,
    nodes: Array.from({ length: 1 + below(random, 2) }, () => below(random, machine.nodeCount)),
    phases: Array.from({ length: 1 + below(random, 6) }, () => drawPhase(random)),
  }));
  return { tasks };
}

function drawPhase(random: Random): PhasePlan {
  return {
    sleepNs: random() < 0.2 ? us(1 + below(random, 500)) : 0,
    instructions: 1000 + below(random, 50_000),
    cycles: random() < 0.4 ? 0.25 : 3 * random(),
    accesses: random() < 0.2 ? 0 : 0.01 + random(),
    linesInFlight: random() < 0.4 ? Infinity : 1 + below(random, 3),
    writeShare: random() < 0.5 ? 0 : random(),
    pattern: random() < 0.5 ? SWEEP : RANDOM,
    workingSetBytes: MiB(0.5) * (1 + below(random, 40)),
  };
}

/** How often something of a plan ends at a time that is rounded up: phases, walks from node to node, and what comes before a phase. */
export function segmentEnds({ tasks }: Plan): number {
  const ends = ({ nodes, phases }: TaskPlan): number =>
    phases.reduce((sum, phase) => sum + 3 + (phase.pattern === SWEEP && new Set(nodes).size > 1 ? BLOCKS : 1), 0);
  return tasks.reduce((sum, task) => sum + ends(task), 0);
}

/** Each phase of a plan changed, or replaced by several. */
export function mapPhases({ tasks }: Plan, change: (phase: PhasePlan) => PhasePlan | readonly PhasePlan[]): Plan {
  return { tasks: tasks.map((task) => ({ ...task, phases: task.phases.flatMap((phase) => change(phase)) })) };
}

export function planGuests({ tasks }: Plan): GuestSpec[] {
  return tasks.map(({ phases }, i) => guest(plannedWork(phases), { name: `g${i}`, memoryBytes: MiB(4) }));
}

/** Runs a plan where it says, and nothing else, unless `change` says so. */
export function runPlan(plan: Plan, change: Partial<Scenario> & Pick<Scenario, 'machine'>): Recording {
  const policy = pinned(
    plan.tasks.map(({ cpu }) => cpu),
    (id, block) => plan.tasks[id]!.nodes[block % plan.tasks[id]!.nodes.length]!,
  );
  return run(scenario({ policy, guests: planGuests(plan), ...change }));
}

function plannedWork(phases: readonly PhasePlan[]): GuestSpec['workload'] {
  const entry = program(() => undefined);
  return {
    ...entry,
    build: () => {
      let step = 0;
      return {
        tasks: 1,
        regions: 1,
        unit: 'units/s',
        next(_task, phase, calls) {
          if (step === 0) calls.allocate(0, MiB(4));
          const planned = phases[step++];
          if (!planned) phase.kind = DONE;
          else if (planned.sleepNs > 0) {
            phase.kind = SLEEP;
            phase.durationNs = planned.sleepNs;
          } else {
            phase.instructions = planned.instructions;
            phase.cyclesPerInstruction = planned.cycles;
            phase.accessesPerInstruction = planned.accesses;
            phase.linesInFlight = planned.linesInFlight;
            phase.writeShare = planned.writeShare;
            phase.region = 0;
            phase.pattern = planned.pattern;
            phase.workingSetBytes = planned.workingSetBytes;
            phase.work = planned.instructions;
          }
        },
      };
    },
  };
}

import { describe, expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import type { Scenario } from '../../sim/scenario.ts';
import {
  GUEST_MEASURED,
  HINT_FAULT,
  MIGRATE,
  PAGE_MOVE,
  PAGE_REPLICA,
  SWITCH,
  TASK_LEAVE,
  TASK_ON,
  TASK_START,
  TASK_WAKE,
  TRACE_KINDS,
  WAKING,
} from '../../sim/trace-events.ts';
import { MiB, ms, us } from '../../sim/units.ts';
import { AFFINITY, DONE, DOWN, SLEEP, UP } from '../../sim/workload-api.ts';
import { randomScenario } from './random-scenario-fixture.ts';
import { hostileScenario } from './restless-fixture.ts';
import {
  asEntry,
  computes,
  FREE_COSTS,
  guest,
  lopsidedMachine,
  onNodes,
  pinned,
  pinnedCpus,
  policy,
  program,
  scenario,
  workload,
} from './scenario-fixture.ts';
import { type KeptTrace, type Row, traced } from './trace-fixture.ts';

const of = (trace: KeptTrace, kind: number): Row[] => trace.rows.filter((row) => row[1] === kind);

test('a run is the same to the byte, whether it is traced or not (12 random scenarios)', () => {
  for (let seed = 0; seed < 12; seed++) {
    const drawn: Scenario = { ...randomScenario(9100 + seed), checks: 'cheap' };
    const { recording, trace } = traced(drawn, seed % 2 === 0 ? us(700) : 0);
    expect(JSON.stringify(recording), `seed ${seed}`).toBe(JSON.stringify(run(drawn)));
    expect(trace.rows.length, `seed ${seed}`).toBeGreaterThan(5);
    expect(trace.endsNs, `seed ${seed}`).toEqual([recording.simulatedNs]);
  }
});

/** Goes through the switches as a reader of a kernel's trace does, and refuses what no kernel writes. */
function replay({ rows, table, endsNs }: KeptTrace): { busyNs: number; idleNs: number } {
  const current = new Map<number, number>(); // [cpu] vCPU, and back
  const cpuOf = new Map<number, number>();
  const sinceNs = new Map<number, number>();
  const taskOf = new Map<number, number>();
  let busyNs = 0;
  let lastNs = 0;
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`${what}, at ${lastNs} ns`);
  };
  for (const [timeNs, kind, a, b, c, d] of rows) {
    must(timeNs >= lastNs, 'time goes back');
    lastNs = timeNs;
    if (kind === TASK_ON) {
      must(!taskOf.has(b), `vCPU ${b} has a task already`);
      taskOf.set(b, a);
    } else if (kind === TASK_LEAVE && b >= 0) {
      must(taskOf.get(b) === a, `task ${a} was not on vCPU ${b}`);
      taskOf.delete(b);
    } else if (kind === MIGRATE) must(!cpuOf.has(a) && b !== c, `vCPU ${a} migrates while it runs, or nowhere`);
    else if (kind === SWITCH) {
      must((current.get(a) ?? -1) === b && b !== d, `CPU ${a} did not run vCPU ${b}, or runs it on`);
      if (b >= 0) {
        busyNs += timeNs - sinceNs.get(a)!;
        cpuOf.delete(b);
        current.delete(a);
      }
      must(c === 0 || (b >= 0 && c === 1), `vCPU ${b} leaves in state ${c}`);
      if (d < 0) continue;
      must(!cpuOf.has(d), `vCPU ${d} runs twice`);
      current.set(a, d);
      cpuOf.set(d, a);
      sinceNs.set(a, timeNs);
    }
  }
  for (const cpu of current.keys()) busyNs += endsNs[0]! - sinceNs.get(cpu)!;
  return { busyNs, idleNs: table!.cpuNode.length * endsNs[0]! - busyNs };
}

test('replaying the switches gives the busy and idle time of the recording exactly (15 random scenarios)', () => {
  for (let seed = 0; seed < 15; seed++) {
    const drawn: Scenario = { ...randomScenario(9200 + seed), checks: seed < 5 ? 'all' : 'cheap' };
    const { recording, trace } = traced(drawn);
    const { busyNs, idleNs } = replay(trace);
    expect([seed, busyNs, idleNs]).toEqual([seed, recording.busyNs, recording.idleNs]);
  }
});

test('a thread that moves itself at one instant has left its CPU before it is on the other, whichever of them chooses first', () => {
  const homes = [2, 0, 3, 1]; // to a lower CPU, and to a higher one
  let at = 0;
  const mover = program(
    (_task, phase) => {
      const turn = at++;
      if (turn === 2 * homes.length) phase.kind = DONE;
      else if (turn % 2 === 0) {
        phase.kind = AFFINITY;
        phase.cpus = [homes[turn / 2]!];
      } else computes(phase, us(100));
    },
    { tasks: 1, threads: [{ name: 'mover', weight: 100, cpus: null, sliceNs: 0 }] },
  );
  const { recording, trace } = traced(scenario({ policy: policy('kvm-cfs'), guests: [guest(mover, { kind: 'bare' })] }));
  const { busyNs } = replay(trace);
  expect(busyNs).toBe(recording.busyNs);
  expect(of(trace, MIGRATE).map(([, , , , to]) => to)).toEqual(homes);
});

/** What the recording counts, counted from the trace: of each guest that is no part of the host's own load, what follows its last GUEST_MEASURED. */
function counted({ rows, table }: KeptTrace): Record<string, number | number[]> {
  const guests = table!.guests;
  const counts = guests.map(() => ({ migrations: [0, 0, 0, 0], switches: 0, wakes: 0, moves: 0, returns: 0, replicas: 0, faults: 0 }));
  for (const [, kind, a, , c, d, e] of rows) {
    if (kind === GUEST_MEASURED)
      counts[a] = { migrations: [0, 0, 0, 0], switches: 0, wakes: 0, moves: 0, returns: 0, replicas: 0, faults: 0 };
    else if (kind === MIGRATE) counts[table!.vcpuGuest[a]!]!.migrations[d]!++;
    else if (kind === SWITCH && d >= 0) counts[table!.vcpuGuest[d]!]!.switches++;
    else if (kind === TASK_ON && c === 1) counts[table!.taskGuest[a]!]!.switches++;
    else if (kind === WAKING) counts[table!.vcpuGuest[a]!]!.wakes++;
    else if (kind === PAGE_MOVE) {
      counts[a]!.moves++;
      counts[a]!.returns += e;
    } else if (kind === PAGE_REPLICA) counts[a]!.replicas++;
    else if (kind === HINT_FAULT) counts[a]!.faults++;
  }
  const own = counts.filter((_, guest) => !guests[guest]!.isHostNoise);
  const sum = (of: (count: (typeof own)[number]) => number): number => own.reduce((total, count) => total + of(count), 0);
  return {
    migrations: [0, 1, 2, 3].map((shared) => sum(({ migrations }) => migrations[shared]!)),
    switches: sum(({ switches }) => switches),
    wakes: sum(({ wakes }) => wakes),
    moves: sum(({ moves }) => moves),
    returns: sum(({ returns }) => returns),
    replicas: sum(({ replicas }) => replicas),
    faults: sum(({ faults }) => faults),
  };
}

test('migrations, switches, wakes, page moves and faults are as many as the recording counts (30 random scenarios)', () => {
  const seen = { migrations: 0, moves: 0, replicas: 0, faults: 0, guestSwitches: 0 };
  for (let seed = 0; seed < 30; seed++) {
    const drawn = seed % 2 === 0 ? randomScenario(9300 + seed) : hostileScenario(9300 + seed);
    const { recording, trace } = traced({ ...drawn, checks: 'cheap' });
    const { migrations, contextSwitches, wakes, pageMoves, pageReturns, pageReplicas, hintFaults } = recording.total;
    expect({ seed, ...counted(trace) }).toEqual({
      seed,
      migrations: [migrations.core, migrations.cpu, migrations.node, migrations.socket],
      switches: contextSwitches,
      wakes,
      moves: pageMoves,
      returns: pageReturns,
      replicas: pageReplicas,
      faults: hintFaults,
    });
    seen.migrations += of(trace, MIGRATE).length;
    seen.moves += pageMoves;
    seen.replicas += pageReplicas;
    seen.faults += hintFaults;
    seen.guestSwitches += of(trace, TASK_ON).filter(([, , , , c]) => c === 1).length;
  }
  for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(10);
});

describe('three guests on the lopsided machine, two of which share CPU 0', () => {
  const guests = ['a', 'b', 'c'].map((name) => guest(workload('compute'), { name, memoryBytes: MiB(1) }));
  const { trace, recording } = traced(scenario({ policy: pinned([0, 0, 4], () => 0), guests, durationNs: ms(90), costs: FREE_COSTS }));

  test('wake at once, nobody woke them, and those that share a CPU take turns of 20 ms', () => {
    expect(of(trace, WAKING)).toEqual([
      [0, WAKING, 0, -1, 0, -1, 0],
      [0, WAKING, 1, -1, 0, -1, 0],
      [0, WAKING, 2, -1, 4, -1, 4],
    ]);
    expect(of(trace, SWITCH)).toEqual([
      [0, SWITCH, 0, -1, 0, 0, 0],
      [0, SWITCH, 4, -1, 0, 2, 0],
      [ms(20), SWITCH, 0, 0, 1, 1, 0],
      [ms(40), SWITCH, 0, 1, 1, 0, 0],
      [ms(60), SWITCH, 0, 0, 1, 1, 0],
      [ms(80), SWITCH, 0, 1, 1, 0, 0],
    ]);
    expect(recording.total.contextSwitches).toBe(6);
  });

  test('the table tells which numbers are whose', () => {
    const table = trace.table!;
    expect(table).toMatchObject({ machine: 'lopsided', nodeCount: 3, seed: '1', blockBytes: 256 * 1024 });
    expect([...table.cpuNode]).toEqual([0, 0, 0, 1, 2, 2]);
    expect(table.guests.map(({ name, firstVcpu, vcpuCount, firstTask, isThreaded, isHostNoise }) => ({ name, firstVcpu, vcpuCount, firstTask, isThreaded, isHostNoise }))).toEqual(
      ['a', 'b', 'c'].map((name, id) => ({ name, firstVcpu: id, vcpuCount: 1, firstTask: id, isThreaded: false, isHostNoise: false })),
    ); // prettier-ignore
  });
});

test('a wake names the vCPU whose task woke it, a timer has none; a task is told of from its start to its end', () => {
  const nsOf = (count: number): number => us(count) * lopsidedMachine.clockGHz;
  const steps = [0, 0];
  const two = program(
    (task, phase) => {
      const step = steps[task]!++;
      if (task === 0) {
        if (step === 0) computes(phase, nsOf(1000));
        else Object.assign(phase, { kind: step === 1 ? UP : DONE, object: 0 });
      } else if (step === 0) Object.assign(phase, { kind: DOWN, object: 0 });
      else if (step === 1) computes(phase, nsOf(2000));
      else if (step === 2) Object.assign(phase, { kind: SLEEP, durationNs: us(700) });
      else if (step === 3) computes(phase, nsOf(500));
      else phase.kind = DONE;
    },
    { semaphores: [0] },
  );
  const { trace } = traced(
    scenario({ policy: pinned([0, 4], () => 0), guests: [guest(two, { vcpus: 2, memoryBytes: MiB(1) })], costs: FREE_COSTS }),
  );
  // task 0 computes for 1 ms and wakes task 1, which computes until 3 ms, sleeps until 3.7 ms and ends at 4.2 ms
  expect(of(trace, WAKING).slice(2)).toEqual([
    [us(1000), WAKING, 1, 4, 4, 0, 0],
    [us(3700), WAKING, 1, 4, 4, -1, 4],
  ]);
  const life = trace.rows.filter(([, kind, task]) => [TASK_START, TASK_WAKE, TASK_ON, TASK_LEAVE].includes(kind as never) && task === 1);
  expect(life.map(([timeNs, kind, , b, c]) => [timeNs / 1000, kind, b, c])).toEqual([
    [0, TASK_START, 0, 0],
    [0, TASK_WAKE, -1, 0],
    [0, TASK_ON, 1, 0],
    [0, TASK_LEAVE, 1, 4],
    [1000, TASK_WAKE, 0, 0],
    [1000, TASK_ON, 1, 0],
    [3000, TASK_LEAVE, 1, 3],
    [3700, TASK_WAKE, -1, 0],
    [3700, TASK_ON, 1, 0],
    [4200, TASK_LEAVE, 1, 0],
  ]);
  expect(of(trace, SWITCH).filter(([, , cpu]) => cpu === 4).map(([timeNs, , , b, c, d]) => [timeNs / 1000, b, c, d])).toEqual([
    [0, -1, 0, 1],
    [0, 1, 0, -1],
    [1000, -1, 0, 1],
    [3000, 1, 0, -1],
    [3700, -1, 0, 1],
    [4200, 1, 0, -1],
  ]); // prettier-ignore
});

test('looks are equally far apart, come between the events of their time, and sum to what the recording counts (12 random scenarios)', () => {
  for (let seed = 0; seed < 12; seed++) {
    const { recording, trace } = traced({ ...randomScenario(9500 + seed), checks: 'cheap' }, us(900));
    const nodes = trace.table!.nodeCount;
    const bytes = recording.bytesByResource.map(() => 0);
    let [local, remote] = [0, 0];
    trace.looks.forEach((look, i) => {
      expect(look.atNs).toBe(Math.min(us(900) * (i + 1), recording.simulatedNs));
      expect(trace.rows[look.after - 1]![0]).toBeLessThanOrEqual(look.atNs);
      look.resourceBytes.forEach((carried, resource) => (bytes[resource]! += carried));
      local += look.localLines.reduce((sum, lines) => sum + lines, 0);
      remote += look.remoteLines.reduce((sum, lines) => sum + lines, 0);
    });
    const all = recording.linesByPair.reduce((sum, lines) => sum + lines, 0);
    const own = recording.linesByPair.filter((_, pair) => Math.floor(pair / nodes) === pair % nodes).reduce((sum, lines) => sum + lines, 0);
    bytes.forEach((sum, resource) =>
      expect(Math.abs(sum - recording.bytesByResource[resource]!), `seed ${seed}`).toBeLessThan(1e-6 * sum + 1),
    );
    expect(Math.abs(local - own), `seed ${seed}`).toBeLessThan(1e-6 * all + nodes);
    expect(Math.abs(local + remote - all), `seed ${seed}`).toBeLessThan(1e-6 * all + nodes ** 2);
  }
});

test('a run that a fault of its policy ends is told to its end', () => {
  const broken = asEntry(() => ({
    name: 'broken',
    cpu: {
      ...pinnedCpus([0]),
      running(k) {
        if (k.nowNs > ms(3)) throw new Error('broken');
      },
      stopping: () => undefined,
    },
    memory: onNodes(() => 0),
  }));
  const guests = [guest(workload('compute'), { vcpus: 3, memoryBytes: MiB(1) })];
  const { recording, trace } = traced(scenario({ policy: broken, guests, durationNs: ms(90) }));
  expect(recording.status).toBe('policy-error');
  expect(trace.endsNs).toEqual([recording.simulatedNs]);
  expect(replay(trace)).toEqual({ busyNs: recording.busyNs, idleNs: recording.idleNs });
});

test('the sink gets rows in portions, so that they take no more room however long the run', () => {
  const hog = guest(workload('compute'), { vcpus: 1, memoryBytes: MiB(1) });
  const guests = Array.from({ length: 3 }, (_, id) => ({ ...hog, name: `g${id}` }));
  const { trace } = traced(
    scenario({ policy: pinned([0, 0, 0], () => 0, us(10)), guests, durationNs: ms(400), costs: FREE_COSTS, checks: 'cheap' }),
  );
  expect(of(trace, SWITCH).length).toBeGreaterThan(39_990);
  expect(trace.calls).toBe(Math.ceil(trace.rows.length / 16384));
  expect(trace.rows.every(([, kind]) => kind < TRACE_KINDS)).toBe(true);
});

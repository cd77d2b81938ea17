import { describe, expect, test } from 'vitest';
import { run } from '../../sim/engine.ts';
import { FLOATING } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import {
  GUEST_ARRIVES,
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
  WAKING,
} from '../../sim/trace-events.ts';
import { MiB, ms, us } from '../../sim/units.ts';
import { SLEEP } from '../../sim/workload-api.ts';
import { randomScenario } from './random-scenario-fixture.ts';
import { asEntry, computes, FREE_COSTS, guest, onNodes, pinned, pinnedCpus, program, scenario, workload } from './scenario-fixture.ts';
import { type KeptTrace, type Row, traced } from './trace-fixture.ts';

const of = (trace: KeptTrace, kind: number): Row[] => trace.rows.filter((row) => row[1] === kind);

test('a run is the same to the byte, whether it is traced or not (24 random scenarios)', () => {
  for (let seed = 0; seed < 24; seed++) {
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
  for (const [timeNs, kind, a, b, c, d] of rows) {
    expect(timeNs).toBeGreaterThanOrEqual(lastNs);
    lastNs = timeNs;
    if (kind === TASK_ON) {
      expect(taskOf.has(b), `vCPU ${b} has a task already`).toBe(false);
      taskOf.set(b, a);
    } else if (kind === TASK_LEAVE && b >= 0) {
      expect(taskOf.get(b)).toBe(a);
      taskOf.delete(b);
    } else if (kind === MIGRATE) {
      expect(cpuOf.has(a), 'a vCPU migrates while it runs').toBe(false);
      expect(b).not.toBe(c);
    } else if (kind === SWITCH) {
      expect(current.get(a) ?? -1).toBe(b);
      expect(b).not.toBe(d);
      if (b >= 0) {
        expect(cpuOf.get(b)).toBe(a);
        busyNs += timeNs - sinceNs.get(a)!;
        cpuOf.delete(b);
        current.delete(a);
        expect([0, 1]).toContain(c);
      } else expect(c).toBe(0);
      if (d >= 0) {
        expect(cpuOf.has(d), `vCPU ${d} runs twice`).toBe(false);
        current.set(a, d);
        cpuOf.set(d, a);
        sinceNs.set(a, timeNs);
      }
    }
  }
  for (const cpu of current.keys()) busyNs += endsNs[0]! - sinceNs.get(cpu)!;
  return { busyNs, idleNs: table!.cpuNode.length * endsNs[0]! - busyNs };
}

test('replaying the switches gives the busy and idle time of the recording exactly (60 random scenarios)', () => {
  for (let seed = 0; seed < 60; seed++) {
    const drawn = randomScenario(9200 + seed);
    const { recording, trace } = traced(drawn);
    const { busyNs, idleNs } = replay(trace);
    expect([seed, busyNs, idleNs]).toEqual([seed, recording.busyNs, recording.idleNs]);
  }
});

/** What the recording counts, counted from the trace: of each guest that is no part of the host's own load, what follows its last GUEST_MEASURED. */
function counted({ rows, table }: KeptTrace): Record<string, number | number[]> {
  const guests = table!.guests;
  const counts = guests.map(() => ({ migrations: [0, 0, 0, 0], switches: 0, wakes: 0, moves: 0, returns: 0, replicas: 0, faults: 0 }));
  for (const [, kind, a, , c, d, e] of rows) {
    if (kind === GUEST_MEASURED) counts[a] = { migrations: [0, 0, 0, 0], switches: 0, wakes: 0, moves: 0, returns: 0, replicas: 0, faults: 0 };
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

test('migrations, switches, wakes, page moves and faults are as many as the recording counts (60 random scenarios)', () => {
  const seen = { migrations: 0, moves: 0, faults: 0, guestSwitches: 0 };
  for (let seed = 0; seed < 60; seed++) {
    const { recording, trace } = traced({ ...randomScenario(9300 + seed), checks: 'cheap' });
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
    seen.faults += hintFaults;
    seen.guestSwitches += of(trace, TASK_ON).filter(([, , , , c]) => c === 1).length;
  }
  for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(20);
});

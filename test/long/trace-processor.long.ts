import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ChromeTrace } from '../../formats/trace-out/chrome-trace.ts';
import { PerfettoTrace } from '../../formats/trace-out/perfetto.ts';
import { traceNames } from '../../formats/trace-out/trace-names.ts';
import { GUEST_DEPARTS, HINT_FAULT, PAGE_MOVE, PAGE_REPLICA, SWITCH, TASK_ON, WAKING } from '../../sim/trace-events.ts';
import { busyScenarios, streamed } from '../formats/trace-stream-fixture.ts';
import type { KeptTrace } from '../sim/trace-fixture.ts';
import { type Cell, COMPLAINTS, isTraceProcessorThere, queried, unlessThere } from '../trace-processor/trace-processor.ts';

const RUNS = 10;
/** Where a thread has two events at one instant on two CPUs, the second is written a ns later; so many may follow each other. */
const MOST_LATE_NS = 5;

/** thread, state, CPU of a running one, waker of a runnable one; and since when. */
type State = readonly [tid: number, state: string, cpu: number | null, waker: number | null];

/** States of the threads one after the other as the rows of a trace say them, by the slowest of ways. */
function statesOf(kept: KeptTrace): { states: State[]; timesNs: number[] } {
  const table = kept.table!;
  const { vcpuTid } = traceNames(table);
  const told: { state: State; timeNs: number; order: number }[] = [];
  const gone = new Set<number>();
  const running = new Set<number>();
  const tell = (timeNs: number, vcpu: number, state: string, cpu: number | null, waker: number | null): void => {
    told.push({ state: [vcpuTid[vcpu]!, state, cpu, waker], timeNs, order: told.length });
  };
  for (const [timeNs, kind, a, b, c, d] of kept.rows) {
    if (kind === GUEST_DEPARTS) gone.add(a);
    if (kind === WAKING) tell(timeNs, a, 'R', null, d < 0 ? 0 : vcpuTid[d]!);
    if (kind !== SWITCH) continue;
    if (b >= 0) tell(timeNs, b, gone.has(table.vcpuGuest[b]!) ? 'X' : c === 1 ? 'R' : 'S', null, null);
    if (d >= 0) tell(timeNs, d, 'Running', a, null);
    if (b >= 0) running.delete(b);
    if (d >= 0) running.add(d);
  }
  for (const vcpu of running) tell(kept.endsNs[0]!, vcpu, 'R', null, null); // CPUs go idle at the end
  told.sort((one, other) => one.state[0] - other.state[0] || one.order - other.order);
  return { states: told.map(({ state }) => state), timesNs: told.map(({ timeNs }) => timeNs) };
}

const STATES = `select t.tid, s.state, s.cpu, w.tid, s.ts from thread_state s join thread t using (utid) left join thread w on w.utid = s.waker_utid
  order by t.tid, s.id`;
const SLICES = `select count(*), count(distinct cpu) from sched join thread using (utid) where not is_idle`;
/** CPU time as a standard module has it, and of how many CPUs. */
const UTILISATION = `include perfetto module linux.cpu.utilization.system;
  select awake_dur, (select max(cpu) + 1 from sched) from cpu_utilization_in_interval(trace_start(), trace_dur())`;
const ENDED = 'select tid from thread where end_ts is not null order by tid';
const NAMED = (names: string): string => `select count(*) from slice where name in (${names})`;
const TASKS = 'select count(*), min(dur), max(depth) from slice join thread_track on slice.track_id = thread_track.id where dur <> 0';
const BYTES = `select sum(int_value) from args join slice using (arg_set_id) where args.key = 'debug.bytes' and name in ('pages move', 'pages return')`;
const COUNTERS = 'select count(distinct track_id), min(value) from counter';

test.skipIf(!isTraceProcessorThere)(
  `trace_processor has no complaint of a trace, and makes the same states, wakers, slices and arrows of it (${RUNS} random runs)${unlessThere}`,
  () => {
    const seen = { states: 0, wakers: 0, late: 0, tasks: 0, flows: 0, ended: 0, counters: 0 };
    busyScenarios(RUNS).forEach((scenario, i) => {
      const where = `run ${i}`;
      const { bytes, kept, recording } = streamed(scenario, (write) => new PerfettoTrace(write));
      const count = (...kinds: number[]): number => kept.rows.filter((row) => kinds.includes(row[1])).length;
      const [complaints, states, slices, ended, moves, faults, flows, tasks, moved, counters, bounds, utilisation] = queried(bytes, [
        COMPLAINTS,
        STATES,
        SLICES,
        ENDED,
        NAMED("'pages move', 'pages return'"),
        NAMED("'hint fault'"),
        'select count(*) from flow',
        TASKS,
        BYTES,
        COUNTERS,
        'select start_ts, end_ts from trace_bounds',
        UTILISATION,
      ]) as Cell[][][];
      expect(complaints, where).toEqual([]);

      const want = statesOf(kept);
      expect(
        states!.map((row) => row.slice(0, 4)),
        where,
      ).toEqual(want.states);
      states!.forEach((row, at) => {
        const lateNs = (row[4] as number) - want.timesNs[at]!;
        expect(lateNs, `${where}, ${JSON.stringify(row)}`).toBeGreaterThanOrEqual(0);
        expect(lateNs, `${where}, ${JSON.stringify(row)}`).toBeLessThanOrEqual(MOST_LATE_NS);
        if (lateNs > 0) seen.late++;
      });
      const stretches = kept.rows.filter((row) => row[1] === SWITCH && row[5] >= 0);
      expect(slices, where).toEqual([[stretches.length, new Set(stretches.map((row) => row[2])).size]]);

      const table = kept.table!;
      const gone = kept.rows.filter((row) => row[1] === GUEST_DEPARTS).map((row) => table.guests[row[2]]!);
      const { vcpuTid } = traceNames(table);
      const goneTids = gone.flatMap(({ firstVcpu, vcpuCount }) => [...vcpuTid.subarray(firstVcpu, firstVcpu + vcpuCount)]);
      expect(ended!.flat(), where).toEqual(goneTids.sort((a, b) => a - b));

      expect(moved![0]![0] ?? 0, where).toBe(2 * count(PAGE_MOVE) * scenario.blockBytes);
      expect(faults, where).toEqual([[count(HINT_FAULT)]]);
      expect(flows![0]![0], where).toBe((moves![0]![0] as number) / 2 + count(PAGE_REPLICA));
      expect(tasks![0]![0], where).toBe(kept.rows.filter((row) => row[1] === TASK_ON && !table.guests[table.vcpuGuest[row[3]]!]!.isThreaded).length); // prettier-ignore
      expect(tasks![0]![2] ?? 0, where).toBe(0);
      expect(counters![0]![1] ?? 0, where).toBeGreaterThanOrEqual(0);
      expect(bounds, where).toEqual([[kept.rows[0]?.[0] ?? 0, kept.endsNs[0]]]);

      const [usedNs, cpus] = utilisation![0] as number[];
      expect(Math.abs(usedNs! - recording.busyNs), where).toBeLessThan(MOST_LATE_NS * table.cpuNode.length + stretches.length);
      expect(cpus, where).toBe(table.cpuNode.length);

      seen.states += states!.length;
      seen.wakers += states!.filter((row) => (row[3] as number) > 0).length;
      seen.tasks += tasks![0]![0] as number;
      seen.flows += flows![0]![0] as number;
      seen.ended += ended!.length;
      seen.counters += counters![0]![0] as number;
    });
    process.stdout.write(`trace_processor: ${JSON.stringify(seen)}\n`);
    for (const [name, many] of Object.entries(seen)) expect(many, name).toBeGreaterThan(10);
  },
);

const QUERIES = /```sql\n(.*?)```/s.exec(readFileSync('docs/trace.md', 'utf8'))![1]!.trim().split(/\n\n/);

test.skipIf(!isTraceProcessorThere)(`the queries of docs/trace.md are answered${unlessThere}`, () => {
  const traces = busyScenarios(6).map((scenario) => streamed(scenario, (write) => new PerfettoTrace(write)));
  const withMoves = traces.find(({ kept }) => kept.rows.some((row) => row[1] === PAGE_MOVE))!;
  const answers = queried(withMoves.bytes, QUERIES);
  expect(answers.map((rows) => rows.length > 0)).toEqual(QUERIES.map(() => true));
  expect(QUERIES.length).toBe(4);
});

test.skipIf(!isTraceProcessorThere)(`trace_processor has no complaint of Chrome's JSON, and binds every arrow${unlessThere}`, () => {
  let flows = 0;
  busyScenarios(4).forEach((scenario, i) => {
    const { bytes } = streamed(scenario, (write) => new ChromeTrace(write));
    const written = Buffer.from(bytes).toString();
    const count = (phase: string): number => written.split(`"ph":"${phase}"`).length - 1;
    const [complaints, slices, arrows] = queried(bytes, [COMPLAINTS, 'select count(*) from slice', 'select count(*) from flow']);
    expect(complaints, `run ${i}`).toEqual([]);
    expect(slices, `run ${i}`).toEqual([[count('B') + count('i')]]);
    expect(arrows, `run ${i}`).toEqual([[count('s')]]);
    flows += count('s');
  });
  expect(flows).toBeGreaterThan(10);
});

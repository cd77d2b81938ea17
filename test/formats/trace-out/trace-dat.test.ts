import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PerfScriptText } from '../../../formats/trace-out/perf-script-writer.ts';
import { type PlacedBytes, TraceDat } from '../../../formats/trace-out/trace-dat.ts';
import { run } from '../../../sim/engine.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { Tracer } from '../../../sim/trace.ts';
import { MIGRATE, PAGE_MOVE, SWITCH, type TraceSink, type TraceTable, WAKING } from '../../../sim/trace-events.ts';
import { randomScenario } from '../../sim/random-scenario-fixture.ts';

const path = mkdtempSync(join(tmpdir(), 'numalab-trace-dat-'));
afterAll(() => rmSync(path, { recursive: true }));

/** A file in memory. */
class Kept implements PlacedBytes {
  private kept = Buffer.alloc(0);
  readonly out = (bytes: Uint8Array): void => this.writeAt(this.kept.length, bytes);
  writeAt(position: number, bytes: Uint8Array): void {
    const end = position + bytes.length;
    if (end > this.kept.length) this.kept = Buffer.concat([this.kept, Buffer.alloc(end - this.kept.length)]);
    this.kept.set(bytes, position);
  }
  readAt(position: number, into: Uint8Array): void {
    into.set(this.kept.subarray(position, position + into.length));
  }
  bytes(): Buffer {
    return this.kept;
  }
}

const hasTraceCmd = ((): boolean => {
  try {
    execFileSync('trace-cmd', ['--help'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ENOENT';
  }
})();
const note = hasTraceCmd ? '' : ' (skipped: trace-cmd is not installed)';

/** [event, fields] a line that trace-cmd prints, with every field as it stands in the file. */
interface Line {
  readonly cpu: number;
  readonly pid: number;
  readonly timeNs: number;
  readonly event: string;
  readonly fields: ReadonlyMap<string, string>;
}

function report(bytes: Buffer): Line[] {
  const file = join(path, 'trace.dat');
  writeFileSync(file, bytes);
  const text = execFileSync('trace-cmd', ['report', '-i', file, '-R', '-t', '-q'], {
    encoding: 'utf8',
    maxBuffer: 1e9,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return text.split('\n').flatMap((line) => {
    const [, pid, cpu, seconds, fraction, event, said] = /-(\d+) +\[(\d+)\].*? (\d+)\.(\d{9}): (\w+): +(.*)$/.exec(line) ?? [];
    if (pid === undefined) return [];
    const fields = new Map([...said!.matchAll(/(\w+)=(\S*)/g)].map(([, name, value]) => [name!, value!]));
    return [{ cpu: Number(cpu), pid: Number(pid), timeNs: (Number(seconds) - 1) * 1e9 + Number(fraction), event: event!, fields }];
  });
}

/** A machine of three CPUs on two nodes; guests a of two vCPUs and bb of one. */
const table = {
  cpuNode: Int32Array.of(0, 0, 1),
  nodeCount: 2,
  guests: [
    { name: 'a', firstVcpu: 0, vcpuCount: 2 },
    { name: 'a-name-of-more-than-15', firstVcpu: 2, vcpuCount: 1 },
  ],
  vcpuGuest: Int32Array.of(0, 0, 1),
} as unknown as TraceTable;

type Event = readonly [timeNs: number, kind: number, a: number, b: number, c: number, d: number, e: number];

function fed(sink: TraceSink, events: readonly Event[]): void {
  sink.begin(table);
  sink.events({
    count: events.length,
    timesNs: Float64Array.from(events, ([timeNs]) => timeNs),
    rows: Int32Array.from(events.flatMap(([, ...row]) => row)),
  });
  sink.end(events.at(-1)![0]);
}

const GAP_NS = 3 * 2 ** 27 + 17; // more than 27 bits hold: a time extend
const EVENTS: readonly Event[] = [
  [5_000_000_123, WAKING, 1, -1, 0, -1, 0],
  [5_000_000_123, SWITCH, 0, -1, 0, 1, 0],
  [5_000_700_001, WAKING, 2, 2, 1, 1, 0],
  [5_000_700_009, MIGRATE, 2, 2, 1, 2, 0],
  [5_000_700_010, SWITCH, 1, -1, 0, 2, 0],
  [5_000_700_010 + GAP_NS, SWITCH, 1, 2, 1, 0, 0],
  [5_000_700_010 + GAP_NS, PAGE_MOVE, 1, 77, 0, 1, 0],
  [5_000_700_011 + GAP_NS, SWITCH, 0, 1, 0, -1, 0],
];

test.skipIf(!hasTraceCmd)(`trace-cmd reads each event back, across a gap too long for a delta${note}`, () => {
  const out = new Kept();
  const sink = new TraceDat(out);
  fed(sink, EVENTS);
  const lines = report(out.bytes());
  const gap = 5_000_700_010 + GAP_NS;
  const said = lines.map(({ cpu, pid, timeNs, event, fields }) => [timeNs, cpu, pid, event, ...fields.values()].join(' '));
  // numbers: 1000 guest a, 1001 and 1002 its vCPUs, 1003 the other guest, 1004 its vCPU, whose name is cut to 15
  expect(said.sort()).toEqual(
    [
      `5000000123 0 0 sched_waking a/1 1002 120 000`,
      `5000000123 0 0 sched_wakeup_new a/1 1002 120 000`,
      `5000000123 0 0 sched_switch swapper/0 0 120 0 a/1 1002 120`,
      `5000700001 0 1002 sched_waking a-name-of-mor/0 1004 120 002`,
      `5000700001 0 1002 sched_wakeup a-name-of-mor/0 1004 120 001`,
      `5000700009 1 0 sched_migrate_task a-name-of-mor/0 1004 120 2 1`,
      `5000700010 1 0 sched_switch swapper/1 0 120 0 a-name-of-mor/0 1004 120`,
      `${gap} 1 1004 sched_switch a-name-of-mor/0 1004 120 0 a/0 1001 120`,
      `${gap} 2 0 page_move a-name-of-more- 77 0 1 0`,
      `${gap + 1} 0 1002 sched_switch a/1 1002 120 1 swapper/0 0 120`,
      `${gap + 1} 1 1001 sched_stat_runtime a/0 1001 1`,
    ].sort(),
  );
});

test.skipIf(!hasTraceCmd)(`trace-cmd prints states by letter${note}`, () => {
  const out = new Kept();
  fed(new TraceDat(out), EVENTS);
  const file = join(path, 'letters.dat');
  writeFileSync(file, out.bytes());
  const text = execFileSync('trace-cmd', ['report', '-N', '-i', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  expect(text).toContain('prev_comm=a/1 prev_pid=1002 prev_prio=120 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120');
  expect(text).toContain('prev_comm=a-name-of-mor/0 prev_pid=1004 prev_prio=120 prev_state=R ==> next_comm=a/0');
  expect(text).toContain('guest=a-name-of-more- block=77 from_node=0 to_node=1 is_return=0');
  expect(text).toMatch(/sched_stat_runtime: +comm=a\/0 pid=1001 runtime=1 \[ns\]/);
});

test.skipIf(!hasTraceCmd)(`what still runs at the end says for how long, however long that is${note}`, () => {
  const out = new Kept();
  const sink = new TraceDat(out);
  sink.begin(table);
  sink.events({ count: 1, timesNs: Float64Array.of(7), rows: Int32Array.of(SWITCH, 2, -1, 0, 2, 0) });
  sink.end(9_876_543_217); // above 2^32
  const [, line] = report(out.bytes());
  expect([line!.timeNs, line!.cpu, line!.pid, line!.event, ...line!.fields.values()]).toEqual(
    [9_876_543_217, 2, 1004, 'sched_stat_runtime', 'a-name-of-mor/0', '1004', '9876543210'], // prettier-ignore
  );
});

describe.skipIf(!hasTraceCmd)(`a simulated run${note}`, () => {
  test.each([9101, 9104, 9117])('%i: trace-cmd counts what the run counted', (seed) => {
    const scenario: Scenario = { ...randomScenario(seed), checks: 'cheap' };
    const dat = new Kept();
    const text = new Kept();
    const [sink, script] = [new TraceDat(dat), new PerfScriptText(text.out)];
    const tracer = new Tracer(both(sink, script));
    const { guests } = run(scenario, undefined, null, tracer);
    const lines = report(dat.bytes());
    const count = (event: string): number => lines.filter((line) => line.event === event).length;
    expect(count('sched_switch')).toBe(sink.counts.sched_switch);
    expect(count('sched_switch')).toBeGreaterThan(20);
    expect(count('sched_waking')).toBe(count('sched_wakeup') + count('sched_wakeup_new'));
    expect(count('sched_waking')).toBe(sink.counts.sched_waking);
    expect(count('sched_migrate_task')).toBeGreaterThanOrEqual(
      guests.reduce((sum, { migrations: { core, cpu, node, socket } }) => sum + core + cpu + node + socket, 0),
    );
    const scriptLines = text.bytes().toString('latin1').split('\n').slice(0, -1); // prettier-ignore
    const named = (event: string): string[] => scriptLines.filter((line) => line.includes(` sched:${event}: `));
    expect(named('sched_switch')).toHaveLength(count('sched_switch'));
    expect(named('sched_waking')).toHaveLength(count('sched_waking'));
    expect(named('sched_migrate_task')).toHaveLength(count('sched_migrate_task'));
    // CPU by CPU a switch leaves what the one before it came to
    const current = new Map<number, string>();
    for (const { cpu, event, fields } of lines) {
      if (event !== 'sched_switch') continue;
      expect(fields.get('prev_pid')).toBe(current.get(cpu) ?? '0');
      current.set(cpu, fields.get('next_pid')!);
    }
  });
});

test('a page is full before it is put aside, no event is cut in two, and the pages of a CPU stand together in the order of time', () => {
  const out = new Kept();
  // CPUs 0 and 2 in turn, 200 switches each; 4080 bytes of a page hold 60 switches of 4 + 64 bytes: three pages and 20 more
  const many = Array.from({ length: 400 }, (_, i): Event => {
    const own = i >> 1;
    const [vcpu, from, to] = [i % 2 === 0 ? 1 : 2, own % 2 === 0, own % 2 === 1];
    return [1000 + 13 * i, SWITCH, i % 2 === 0 ? 0 : 2, from ? -1 : vcpu, 0, to ? -1 : vcpu, 0];
  });
  fed(new TraceDat(out), many);
  const bytes = out.bytes();
  const table = bytes.lastIndexOf('flyrecord\0') + 10;
  const places = [0, 1, 2].map((cpu) => [
    Number(bytes.readBigUInt64LE(table + 16 * cpu)),
    Number(bytes.readBigUInt64LE(table + 16 * cpu + 8)),
  ]);
  const start = places[0]![0]!;
  expect(start % 4096).toBe(0);
  expect(places).toEqual([
    [start, 4 * 4096],
    [start + 4 * 4096, 0],
    [start + 4 * 4096, 4 * 4096],
  ]);
  expect(bytes.length).toBe(start + 8 * 4096);
  const pages = Array.from({ length: 8 }, (_, page) => start + page * 4096);
  expect(pages.map((page) => bytes.readInt32LE(page + 8))).toEqual([4080, 4080, 4080, 1360, 4080, 4080, 4080, 1360]);
  // 26 ns lie between two of a CPU, 60 * 26 between two of its pages; CPU 2 begins 13 ns later, and the run at 1 s
  expect(pages.map((page) => bytes.readInt32LE(page) - 1e9)).toEqual([1000, 2560, 4120, 5680, 1013, 2573, 4133, 5693]);
});

test('perf-script text: comm, number, CPU, time to the ns, event', () => {
  const out = new Kept();
  fed(new PerfScriptText(out.out), EVENTS);
  const gapText = ((5_000_700_010 + GAP_NS) / 1e9).toFixed(9);
  expect(out.bytes().toString('latin1').split('\n')).toEqual([
    '         swapper     0 [000]     5.000000123:       sched:sched_waking: comm=a/1 pid=1002 prio=120 target_cpu=000',
    '         swapper     0 [000]     5.000000123:       sched:sched_switch: prev_comm=swapper/0 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=a/1 next_pid=1002 next_prio=120',
    '             a/1  1002 [000]     5.000700001:       sched:sched_waking: comm=a-name-of-mor/0 pid=1004 prio=120 target_cpu=002',
    '         swapper     0 [001]     5.000700009: sched:sched_migrate_task: comm=a-name-of-mor/0 pid=1004 prio=120 orig_cpu=2 dest_cpu=1',
    '         swapper     0 [001]     5.000700010:       sched:sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=a-name-of-mor/0 next_pid=1004 next_prio=120',
    ` a-name-of-mor/0  1004 [001]     ${gapText}:       sched:sched_switch: prev_comm=a-name-of-mor/0 prev_pid=1004 prev_prio=120 prev_state=R ==> next_comm=a/0 next_pid=1001 next_prio=120`,
    `             a/1  1002 [000]     ${((5_000_700_011 + GAP_NS) / 1e9).toFixed(9)}:       sched:sched_switch: prev_comm=a/1 prev_pid=1002 prev_prio=120 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120`,
    `             a/0  1001 [001]     ${((5_000_700_011 + GAP_NS) / 1e9).toFixed(9)}: sched:sched_stat_runtime: comm=a/0 pid=1001 runtime=1 [ns]`,
    '',
  ]);
});

function both(...sinks: readonly TraceSink[]): TraceSink {
  return {
    begin: (table) => sinks.forEach((sink) => sink.begin(table)),
    events: (events) => sinks.forEach((sink) => sink.events(events)),
    look: (look) => sinks.forEach((sink) => sink.look(look)),
    end: (atNs) => sinks.forEach((sink) => sink.end(atNs)),
  };
}

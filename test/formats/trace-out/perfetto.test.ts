import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { PerfettoTrace } from '../../../formats/trace-out/perfetto.ts';
import {
  CPU_ONLINE,
  GUEST_DEPARTS,
  HINT_FAULT,
  PAGE_MOVE,
  PAGE_REPLICA,
  RENICE,
  SWITCH,
  TASK_LEAVE,
  TASK_ON,
  WAKING,
} from '../../../sim/trace-events.ts';
import { absentPrograms } from '../../processes.ts';
import { double, type Fields, fieldsOf, inner, one, text } from '../protobuf-fixture.ts';
import { busyScenarios, Pieces, rowsOf, streamed, TABLE } from '../trace-stream-fixture.ts';

const open = (write: (bytes: Uint8Array) => void): PerfettoTrace => new PerfettoTrace(write);
const packetsOf = (bytes: Uint8Array): Fields[] => (fieldsOf(bytes).get(1) ?? []).map((packet) => fieldsOf(packet as Uint8Array));

const SCHED_SWITCH = 4;
const SCHED_WAKING = 20;
const SCHED_PROCESS_FREE = 240;

interface KernelEvent {
  readonly timeNs: number;
  readonly cpu: number;
  readonly pid: number;
  readonly kind: number;
  readonly fields: Fields;
}

const kernelEventsOf = (packets: readonly Fields[]): KernelEvent[] =>
  packets.flatMap((packet) => {
    const bundle = inner(packet, 1);
    if (!bundle) return [];
    const event = inner(bundle, 2)!;
    const kind = [SCHED_SWITCH, SCHED_WAKING, SCHED_PROCESS_FREE].find((each) => event.has(each))!;
    return [{ timeNs: one(event, 1), cpu: one(bundle, 1), pid: one(event, 2), kind, fields: inner(event, kind)! }];
  });

/** Numbers as numbers and names as names, in the order of the fields. */
const valuesOf = (fields: Fields): (number | string)[] =>
  [...fields.keys()]
    .sort((a, b) => a - b)
    .map((field) => (typeof fields.get(field)![0] === 'number' ? one(fields, field) : text(fields, field)));

const eventsOf = (packets: readonly Fields[]): (Fields & { timeNs?: number })[] =>
  packets.flatMap((packet) => {
    const event = inner(packet, 11);
    return event ? [Object.assign(event, { timeNs: one(packet, 8) })] : [];
  });

describe('a made-up stream', () => {
  const out = new Pieces();
  const sink = open(out.write);
  sink.begin(TABLE);
  const late = 61_000_000_123; // beyond 2^32 ns
  sink.events(
    rowsOf(
      [0, WAKING, 1, -1, 1, -1, 1],
      [0, TASK_ON, 2, 1, 0],
      [5, SWITCH, 1, -1, 0, 1],
      [17, SWITCH, 1, 1, 1, 2],
      [30, WAKING, 0, -1, 0, 2, 0],
      [300, SWITCH, 1, 2, 0, -1],
      [300, SWITCH, 0, -1, 0, 1],
      [300, SWITCH, 0, 1, 1, 0],
      [300, RENICE, 1, 4768],
      [300, SWITCH, 1, -1, 0, 1],
      [300, SWITCH, 1, 1, 0, -1],
      [400, PAGE_MOVE, 0, 9, 0, 1, 0],
      [400, PAGE_MOVE, 0, 10, 0, 1, 0],
      [400, PAGE_MOVE, 0, 11, 0, 1, 1],
      [410, PAGE_REPLICA, 0, 12, 1, 0],
      [420, HINT_FAULT, 0, 13, 1, 0, 1],
      [430, CPU_ONLINE, 1, 0],
      [440, CPU_ONLINE, 1, 1],
      [500, TASK_LEAVE, 2, 1, 0],
      [late, GUEST_DEPARTS, 0],
      [late, SWITCH, 0, 0, 0, -1],
    ),
  );
  sink.look({
    atNs: 1000,
    spanNs: 800,
    resourceBytes: Float64Array.of(1600, 0, 400),
    localLines: Float64Array.of(3, 0),
    remoteLines: Float64Array.of(1, 0),
    guestNodeBlocks: Int32Array.of(2, 0, 0, 0),
  });
  sink.end(late);
  const packets = packetsOf(out.bytes);

  test('is the events of a kernel, each on its CPU; a thread has no two on two CPUs at one instant; CPUs are idle before and after', () => {
    const idle = (cpu: number): [string, number, number] => [`swapper/${cpu}`, 0, 120];
    const a: [string, number, number] = ['web_"1"/0', 1001, 120]; // process 1000 and its vCPUs, process 1003 and its thread
    const b: [string, number, number] = ['web_"1"/1', 1002, 120];
    const c: [string, number, number] = ['noise/0', 1004, 120];
    const [ready, asleep, dead] = [0, 1, 16];
    expect(kernelEventsOf(packets).map(({ timeNs, cpu, pid, kind, fields }) => [timeNs, cpu, pid, kind, ...valuesOf(fields)])).toEqual([
      [0, 1, 0, SCHED_WAKING, ...b, 1],
      [0, 0, 0, SCHED_SWITCH, ...idle(0), ready, ...idle(0)],
      [0, 1, 0, SCHED_SWITCH, ...idle(1), ready, ...idle(1)],
      [5, 1, 0, SCHED_SWITCH, ...idle(1), ready, ...b],
      [17, 1, 1002, SCHED_SWITCH, ...b, ready, ...c],
      [30, 0, 1004, SCHED_WAKING, ...a, 0], // by the task of c, on whichever CPU
      [300, 1, 1004, SCHED_SWITCH, ...c, asleep, ...idle(1)],
      [300, 0, 0, SCHED_SWITCH, ...idle(0), ready, ...b],
      [300, 0, 1002, SCHED_SWITCH, ...b, ready, ...a],
      [301, 1, 0, SCHED_SWITCH, ...idle(1), ready, 'web_"1"/1', 1002, 113],
      [301, 1, 1002, SCHED_SWITCH, 'web_"1"/1', 1002, 113, asleep, ...idle(1)], // what follows on the CPU at the instant is as late
      [late, 1, 0, SCHED_PROCESS_FREE, 'web_"1"/1', 1002, 113],
      [late, 0, 1001, SCHED_SWITCH, ...a, dead, ...idle(0)],
      [late, 0, 0, SCHED_PROCESS_FREE, ...a],
      [late, 0, 0, SCHED_SWITCH, ...idle(0), ready, ...idle(0)],
      [late, 1, 0, SCHED_SWITCH, ...idle(1), ready, ...idle(1)],
    ]);
  });

  test('has the run as a slice from the first instant to the last, and what it was of', () => {
    const run = eventsOf(packets).filter((event) => one(event, 11) === trackNamed('run'));
    expect(run.map((event) => [event.timeNs, one(event, 9)])).toEqual([[0, 1], [late, 2]]); // prettier-ignore
    expect(text(run[0]!, 23)).toBe('none on two');
    const said = run[0]!.get(4)!.map((annotation) => fieldsOf(annotation as Uint8Array));
    expect(said.map((each) => [text(each, 10), text(each, 6)])).toEqual([['machine', 'two'], ['policy', 'none'], ['seed', '7']]); // prettier-ignore
  });

  const tracks = packets.flatMap((packet) => inner(packet, 60) ?? []);
  const trackNamed = (name: string): number =>
    one(
      tracks.find((track) => track.has(2) && text(track, 2) === name)!,
      1,
    );

  test('names processes and threads, twice: for the scheduler and for tracks', () => {
    const trees = packets.flatMap((packet) => inner(packet, 2) ?? []);
    const processes = trees.flatMap((tree) => inner(tree, 1) ?? []).map((process) => [one(process, 1), text(process, 3)]);
    expect(processes).toEqual([[1000, 'web_"1"'], [1003, 'noise']]); // prettier-ignore
    const threads = trees.flatMap((tree) => inner(tree, 2) ?? []).map((thread) => [one(thread, 3), one(thread, 1), text(thread, 2)]);
    expect(threads).toEqual([[1000, 1001, 'web_"1"/0'], [1000, 1002, 'web_"1"/1'], [1003, 1004, 'noise/0']]); // prettier-ignore
    const ofTracks = tracks.flatMap((track) => inner(track, 4) ?? []).map((thread) => [one(thread, 1), one(thread, 2), text(thread, 5)]);
    expect(ofTracks).toEqual(threads);
    expect(tracks.flatMap((track) => inner(track, 3) ?? []).map((process) => [one(process, 1), text(process, 6)])).toEqual([[1000, 'web "1"'], [1003, 'noise']]); // prettier-ignore
  });

  test('has counters below their nodes, which share an axis; they say what was from the look before on', () => {
    const counters = eventsOf(packets).filter((event) => one(event, 9) === 4);
    const of = (track: number): (number | undefined)[][] =>
      counters.filter((event) => one(event, 11) === track).map((event) => [event.timeNs, double(event, 44)]);
    const [node0, node1] = [trackNamed('node 0'), trackNamed('node 1')];
    const below = (parent: number, name: string): Fields => tracks.find((track) => one(track, 5) === parent && track.has(2) && text(track, 2) === name)!; // prettier-ignore
    expect(of(one(below(node0, 'controller'), 1))).toEqual([[200, 2]]); // 1600 bytes in 800 ns
    expect(of(one(below(node1, 'controller'), 1))).toEqual([[200, 0]]);
    expect(of(trackNamed('0>1'))).toEqual([[200, 0.5]]);
    expect(of(one(below(node0, 'remote ratio'), 1))).toEqual([[200, 0.25]]);
    const key = (track: Fields): string => text(inner(track, 8)!, 7);
    expect(key(below(node0, 'controller'))).toBe(key(below(node1, 'controller')));
    expect(text(inner(below(node1, 'controller'), 8)!, 6)).toBe('GB/s');
    expect(of(trackNamed('memory on node 0'))).toEqual([[1000, 8192]]);
    expect(of(trackNamed('memory on node 1'))).toEqual([]); // nothing has changed there
  });

  test('has pages that move as an arrow from node to node, several at a time where they go together', () => {
    const flows = eventsOf(packets).filter((event) => event.has(47));
    const [node0, node1] = [trackNamed('node 0'), trackNamed('node 1')];
    const told = flows.map((event) => {
      const [, bytes] = event.get(4)!.map((annotation) => one(fieldsOf(annotation as Uint8Array), 3));
      return [event.timeNs, text(event, 23), one(event, 11), (event.get(47)![0] as Uint8Array)[0], bytes];
    });
    expect(told).toEqual([
      [400, 'pages move', node0, 1, 8192],
      [400, 'pages move', node1, 1, 8192],
      [400, 'pages return', node0, 2, 4096],
      [400, 'pages return', node1, 2, 4096],
      [410, 'page copied', node1, 3, 4096],
      [410, 'page copied', node0, 3, 4096],
    ]);
  });

  test('has CPUs that go and come back on their nodes', () => {
    const told = eventsOf(packets).filter((event) => event.has(23) && text(event, 23).startsWith('CPU '));
    const node = trackNamed('node 1');
    expect(told.map((event) => [event.timeNs, text(event, 23), one(event, 9), one(event, 11), one(inner(event, 4)!, 3)])).toEqual([
      [430, 'CPU off line', 3, node, 1],
      [440, 'CPU on line', 3, node, 1],
    ]);
  });

  test("has the guest's tasks as slices of its vCPUs' threads", () => {
    const thread = tracks.find((track) => track.has(4) && one(inner(track, 4)!, 2) === 1002)!;
    const events = eventsOf(packets).filter((event) => one(event, 11) === one(thread, 1));
    expect(events.map((event) => [event.timeNs, one(event, 9), event.has(23) ? text(event, 23) : null])).toEqual([
      [0, 1, 'boot'],
      [420, 3, 'hint fault'],
      [500, 2, null],
    ]);
  });

  test('says that BOOTTIME is MONOTONIC, from the first instant on', () => {
    const snapshots = packets.flatMap((packet) => inner(packet, 6) ?? []);
    const clocks = snapshots.flatMap((snapshot) => snapshot.get(1)!.map((clock) => fieldsOf(clock as Uint8Array)));
    expect(clocks.map((clock) => [one(clock, 1), one(clock, 2)])).toEqual([[6, 0], [3, 0]]); // prettier-ignore
  });

  test('has all packets in one sequence', () => {
    expect(new Set(packets.map((packet) => one(packet, 10)))).toEqual(new Set([1]));
  });
});

test('a run is written whole: as many switches, moves and faults; no thread runs twice; slices nest (12 random runs)', () => {
  const seen = { moves: 0, slices: 0, switches: 0 };
  busyScenarios(12).forEach((scenario, i) => {
    const { bytes, kept } = streamed(scenario, open);
    const packets = packetsOf(bytes);
    const switches = kernelEventsOf(packets).filter(({ kind }) => kind === SCHED_SWITCH);
    const events = eventsOf(packets);
    const rows = (kind: number): number => kept.rows.filter((row) => row[1] === kind).length;
    const named = (...names: string[]): Fields[] => events.filter((event) => event.has(23) && names.includes(text(event, 23)));
    const running = new Map<number, number>(); // [thread] its CPU
    const lastNs = new Map<number, number>(); // [CPU]
    for (const { timeNs, cpu, fields } of switches) {
      const [from, to] = [one(fields, 2), one(fields, 6)];
      if (timeNs < (lastNs.get(cpu) ?? 0)) throw new Error(`run ${i}: CPU ${cpu} goes back in time at ${timeNs}`);
      lastNs.set(cpu, timeNs);
      if (from !== 0 && running.get(from) !== cpu) throw new Error(`run ${i}: thread ${from} leaves CPU ${cpu} without being there`);
      running.delete(from);
      if (running.has(to)) throw new Error(`run ${i}: thread ${to} runs twice`);
      if (to !== 0) running.set(to, cpu);
    }
    const cpus = kept.table!.cpuNode.length;
    const firstNs = kept.rows[0]?.[0] ?? kept.endsNs[0]!;
    const cpusAtFirst = new Set(kept.rows.filter((row) => row[0] === firstNs && row[1] === SWITCH).map((row) => row[2]));
    expect(switches.length, `run ${i}`).toBe(rows(SWITCH) + cpus - cpusAtFirst.size + cpus);
    const begins = new Map(switches.toReversed().map(({ cpu, timeNs }) => [cpu, timeNs]));
    expect(begins.size, `run ${i}`).toBe(cpus);
    expect(Math.max(...begins.values()), `run ${i}`).toBeLessThan(firstNs + 5); // a ns late where a vCPU has events on two CPUs
    expect(running.size, `run ${i}: of the end`).toBe(0);
    expect(kernelEventsOf(packets).filter(({ kind }) => kind === SCHED_WAKING).length, `run ${i}`).toBe(rows(WAKING));
    const depth = new Map<number, number>();
    for (const event of events) {
      const [type, track] = [one(event, 9), one(event, 11)];
      if (type === 1) depth.set(track, (depth.get(track) ?? 0) + 1);
      if (type === 2) depth.set(track, (depth.get(track) ?? 0) - 1);
      if (![0, 1, undefined].includes(depth.get(track))) throw new Error(`run ${i}: track ${track} is ${depth.get(track)} deep`);
    }
    expect([...depth.values()].every((deep) => deep === 0), `run ${i}: slices have ends`).toBe(true); // prettier-ignore
    const moves = named('pages move', 'pages return');
    const blocks = moves.map((event) => one(fieldsOf(event.get(4)![1] as Uint8Array), 3) / scenario.blockBytes);
    expect(
      blocks.reduce((sum, count) => sum + count, 0),
      `run ${i}`,
    ).toBe(2 * rows(PAGE_MOVE));
    expect(named('hint fault').length, `run ${i}`).toBe(rows(HINT_FAULT));
    expect(named('page copied').length, `run ${i}`).toBe(2 * rows(PAGE_REPLICA));
    seen.moves += moves.length;
    seen.slices += events.filter((event) => one(event, 9) === 1).length;
    seen.switches += switches.length;
  });
  for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(100);
});

const absent = absentPrograms(['protoc']);
test.skipIf(absent.length > 0)(
  `protoc knows every field by Perfetto's own definitions${absent.length > 0 ? ' (skipped: no protoc)' : ''}`,
  () => {
    const definitions = fileURLToPath(new URL('../fixtures/perfetto.proto', import.meta.url));
    busyScenarios(4).forEach((scenario, i) => {
      const { bytes, kept } = streamed(scenario, open);
      const decoded = execFileSync('protoc', [`--proto_path=${dirname(definitions)}`, '--decode=perfetto.protos.Trace', definitions], {
        input: bytes,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      expect(decoded.match(/^\s*\d+\s*[:{]/m), `run ${i}: a field without a name`).toBeNull();
      const count = (pattern: RegExp): number => decoded.match(pattern)?.length ?? 0;
      expect(count(/sched_switch \{/g), `run ${i}`).toBe(
        kernelEventsOf(packetsOf(bytes)).filter(({ kind }) => kind === SCHED_SWITCH).length,
      );
      expect(count(/sched_waking \{/g), `run ${i}`).toBe(kept.rows.filter(([, kind]) => kind === WAKING).length);
      expect(count(/^packet \{/gm), `run ${i}`).toBe(packetsOf(bytes).length);
    });
  },
);

import { describe, expect, test } from 'vitest';
import { ChromeTrace } from '../../../formats/trace-out/chrome-trace.ts';
import { JsonWriter } from '../../../formats/trace-out/chrome-text.ts';
import { CPU_ONLINE, GUEST_ARRIVES, HINT_FAULT, PAGE_MOVE, SWITCH, TASK_LEAVE, TASK_ON, WAKING } from '../../../sim/trace-events.ts';
import type { TraceSink } from '../../../sim/trace-events.ts';
import { busyScenarios, Pieces, rowsOf, streamed, TABLE } from '../trace-stream-fixture.ts';

interface Event {
  readonly ph: string;
  readonly name?: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts: number;
  readonly id?: number;
  readonly bp?: string;
  readonly args?: Record<string, unknown>;
}

const open = (write: (bytes: Uint8Array) => void): ChromeTrace => new ChromeTrace(write);
const parsed = (bytes: Uint8Array): { traceEvents: Event[]; displayTimeUnit: string; otherData: Record<string, string> } =>
  JSON.parse(new TextDecoder().decode(bytes)) as never;

describe('a made-up stream', () => {
  const out = new Pieces();
  const sink: TraceSink = open(out.write);
  sink.begin(TABLE);
  const late = 61_000_000_123; // beyond 2^32 ns
  sink.events(
    rowsOf(
      [0, SWITCH, 0, -1, 0, 0],
      [0, TASK_ON, 2, 1, 0],
      [0, TASK_ON, 3, 2, 0],
      [1234, WAKING, 1, 1, 1, 0, 0],
      [1235, SWITCH, 1, -1, 0, 1],
      [2000, PAGE_MOVE, 0, 9, 0, 1, 0],
      [2000, PAGE_MOVE, 0, 10, 0, 1, 0],
      [2500, SWITCH, 1, 1, 0, -1],
      [3001, TASK_LEAVE, 2, 1, 4],
      [3001, GUEST_ARRIVES, 0],
      [3010, HINT_FAULT, 0, 3, 1, 0, 0],
      [3020, CPU_ONLINE, 1, 0],
      [3030, CPU_ONLINE, 1, 1],
    ),
  );
  sink.look({
    atNs: 4000,
    spanNs: 1600,
    resourceBytes: Float64Array.of(800, 0, 2000),
    localLines: Float64Array.of(3, 0),
    remoteLines: Float64Array.of(5, 0),
    guestNodeBlocks: Int32Array.of(2, 1, 0, 0),
  });
  sink.end(late);
  const { traceEvents, displayTimeUnit, otherData } = parsed(out.bytes);
  const of = (...phases: string[]): Event[] => traceEvents.filter(({ ph }) => phases.includes(ph));

  test('is JSON that tells of which run it is', () => {
    expect({ displayTimeUnit, otherData }).toEqual({ displayTimeUnit: 'ns', otherData: { machine: 'two', policy: 'none', seed: '7' } });
  });

  test('names CPUs by their nodes, and guests', () => {
    const names = of('M').filter(({ name }) => name === 'process_name' || name === 'thread_name');
    expect(names.map(({ pid, tid, args }) => [pid, tid, args!.name])).toEqual([
      [1, undefined, 'CPUs of node 0'],
      [2, undefined, 'CPUs of node 1'],
      [1, 0, 'CPU 0'],
      [2, 1, 'CPU 1'],
      [3, undefined, 'pages of nodes'],
      [3, 0, 'node 0'],
      [3, 1, 'node 1'],
      [4, undefined, 'controllers and links'],
      [1000, undefined, 'web "1"'],
      [1000, 1, 'vCPU 0'],
      [1000, 2, 'vCPU 1'],
      [1003, undefined, 'noise'],
      [1003, 1, 'vCPU 0'],
    ]);
  });

  test('has slices of CPUs and of vCPUs, with times to the nanosecond, all closed at the end', () => {
    expect(of('B', 'E').map(({ ph, pid, tid, ts, name, args }) => [ph, pid, tid, ts, name ?? args?.then])).toEqual([
      ['B', 1, 0, 0, 'web "1" vCPU 0'],
      ['B', 1000, 2, 0, 'boot'],
      ['B', 2, 1, 1.235, 'web "1" vCPU 1'],
      ['B', 3, 0, 2, 'pages move'],
      ['E', 3, 0, 2, undefined],
      ['B', 3, 1, 2, 'pages move'],
      ['E', 3, 1, 2, undefined],
      ['E', 2, 1, 2.5, 'blocked'],
      ['E', 1000, 2, 3.001, undefined],
      ['E', 1, 0, 61_000_000.123, undefined],
    ]);
    expect(new TextDecoder().decode(out.bytes)).toContain('"ts":61000000.123}');
  });

  test('has arrows from the waker to where the woken runs, and from the node that pages leave to that they come to', () => {
    expect(of('s', 'f').map(({ ph, cat, id, pid, tid, ts, bp }) => [ph, cat, id, pid, tid, ts, bp])).toEqual([
      ['s', 'wake', 1, 1, 0, 1.234, undefined],
      ['f', 'wake', 1, 2, 1, 1.235, 'e'],
      ['s', 'pages', 2, 3, 0, 2, undefined],
      ['f', 'pages', 2, 3, 1, 2, 'e'],
    ]);
    expect(traceEvents.find(({ name }) => name === 'pages move')!.args).toEqual({ guest: 0, bytes: 8192 });
  });

  test('has counters, from the look before on', () => {
    expect(of('C').map(({ name, pid, ts, args }) => [name, pid, ts, args])).toEqual([
      ['controller of node 0', 4, 2.4, { 'GB/s': 0.5 }],
      ['controller of node 1', 4, 2.4, { 'GB/s': 0 }],
      ['0>1', 4, 2.4, { 'GB/s': 1.25 }],
      ['remote ratio', 1, 2.4, { 'of lines': 0.625 }],
      ['remote ratio', 2, 2.4, { 'of lines': 0 }],
      ['memory by node', 1000, 4, { 'node 0': 8192, 'node 1': 4096 }],
    ]);
    expect(of('i').map(({ name, ts, pid, tid }) => [name, ts, pid, tid])).toEqual([
      ['guest arrives', 3.001, 1000, 0],
      ['hint fault', 3.01, 1000, 2],
      ['CPU off line', 3.02, 2, 1],
      ['CPU on line', 3.03, 2, 1],
    ]);
  });
});

test('numbers are exact: whole ones up to 2^53, nanoseconds as microseconds', () => {
  const out = new Pieces();
  const writer = new JsonWriter(out.write);
  const values = [
    0,
    9,
    10,
    999,
    1000,
    1001,
    1010,
    123_450,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 + 7,
    61_000_000_123,
    999_999_999_999_999,
    2 ** 53 - 1,
  ];
  for (const value of values) {
    writer.out.room(64);
    writer.whole(value);
    writer.text(new TextEncoder().encode(' '));
    writer.micro(value);
    writer.text(new TextEncoder().encode('\n'));
  }
  writer.out.flush();
  const want = values.map((value) => {
    const digits = String(value).padStart(4, '0');
    const rest = digits.slice(-3);
    return `${value} ${digits.slice(0, -3)}${rest === '000' ? '' : `.${rest}`}`;
  });
  expect(new TextDecoder().decode(out.bytes).trimEnd().split('\n')).toEqual(want);
});

test('numbers of counters are to the millionth, without zeros at their end', () => {
  const out = new Pieces();
  const writer = new JsonWriter(out.write);
  const values = [0, 0.625, 1.25, 12.000001, 0.0000004, 0.0000006, 3.9999999, 123456.1, 17];
  for (const value of values) {
    writer.out.room(64);
    writer.real(value);
    writer.text(new TextEncoder().encode(' '));
  }
  writer.out.flush();
  expect(new TextDecoder().decode(out.bytes)).toBe('0 0.625 1.25 12.000001 0 0.000001 4 123456.1 17 ');
});

test('a run is JSON whose slices nest on every track, whose busy time is that of the recording, and whose arrows arrive (12 random runs)', () => {
  const seen = { wakes: 0, moves: 0 };
  busyScenarios(12).forEach((scenario, i) => {
    const { bytes, kept, recording } = streamed(scenario, open);
    const { traceEvents } = parsed(bytes);
    const stacks = new Map<string, number[]>();
    const started = new Set<number>();
    let busyUs = 0;
    let lastUs = 0;
    for (const { ph, pid, tid, ts, id } of traceEvents) {
      if (ph === 'M' || ph === 'C') continue;
      if (ts < lastUs) throw new Error(`run ${i}: time goes back at ${ts}`);
      lastUs = ts;
      const track = `${pid}/${tid}`;
      const stack = stacks.get(track) ?? [];
      stacks.set(track, stack);
      if (ph === 'B') {
        stack.push(ts);
        if (stack.length > 1) throw new Error(`run ${i}: track ${track} is ${stack.length} deep`);
      } else if (ph === 'E') {
        const from = stack.pop();
        if (from === undefined) throw new Error(`run ${i}: a slice ends on ${track} that did not begin`);
        if (pid <= scenario.machine.nodeCount) busyUs += ts - from;
      } else if (ph === 's') {
        if (stack.length !== 1) throw new Error(`run ${i}: an arrow leaves no slice on ${track}`);
        started.add(id!);
      } else if (ph === 'f') {
        if (stack.length !== 1 || !started.has(id!)) throw new Error(`run ${i}: an arrow arrives at no slice, or left none`);
      }
    }
    expect([...stacks.values()].flat(), `run ${i}`).toEqual([]);
    expect(Math.abs(busyUs * 1000 - recording.busyNs), `run ${i}`).toBeLessThan(1e-9 * recording.busyNs + 1);
    const begun = traceEvents.filter(({ ph, pid }) => ph === 'B' && pid <= scenario.machine.nodeCount).length;
    expect(begun, `run ${i}`).toBe(kept.rows.filter(([, kind, , , , next]) => kind === SWITCH && next >= 0).length);
    seen.wakes += traceEvents.filter(({ ph, cat }) => ph === 'f' && cat === 'wake').length;
    seen.moves += traceEvents.filter(({ ph, cat }) => ph === 'f' && cat === 'pages').length;
  });
  for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(20);
});

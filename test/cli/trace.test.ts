import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { StoreError } from '../../experiments/failures.ts';
import { OrderedTrace } from '../../experiments/trace-order.ts';
import { TraceWindow } from '../../experiments/trace-window.ts';
import { writeTrace } from '../../experiments/write-trace.ts';
import { run } from '../../sim/engine.ts';
import { GUEST_ARRIVES, RENICE, SWITCH, TASK_ON } from '../../sim/trace-events.ts';
import { Tracer } from '../../sim/trace.ts';
import { MiB, ms } from '../../sim/units.ts';
import { guest, pinned, scenario, workload } from '../sim/scenario-fixture.ts';
import { KeptTrace } from '../sim/trace-fixture.ts';
import { fieldsOf } from '../formats/protobuf-fixture.ts';
import { rowsOf, TABLE } from '../formats/trace-stream-fixture.ts';
import { session } from './session.ts';

const folder = mkdtempSync(join(tmpdir(), 'numalab-trace-'));
const program = fileURLToPath(new URL('../../dist/cli/start.cjs', import.meta.url));
const real = lab('1.2.3');
const SMALL = '--machine lopsided --workload think:think=1ms,service=3ms --guests 7 --memory 128MiB --boot 0 --duration 50ms --seed 5';
const mine = join(folder, 'mine.ts');
const trace = (line: string): ReturnType<typeof session> => session(['trace', ...line.split(' ')], real);
const inFolder = (name: string): string => join(folder, name);

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Event {
  readonly ph: string;
  readonly ts: number;
}
const events = (name: string): Event[] => (JSON.parse(readFileSync(inFolder(name), 'utf8')) as { traceEvents: Event[] }).traceEvents;

describe('trace', () => {
  test('writes what the end of the name says, tells how much, and how to open it', async () => {
    const json = await trace(`--policy pin ${SMALL} --out ${inFolder('a.json')}`);
    expect([json.code, json.err]).toEqual([0, '']);
    expect(json.out).toMatch(/a\.json: chrome, [\d,]+ events and 5 looks in [\d,]+ bytes, of 50 ms simulated\nopen .*a\.json at https:\/\/ui\.perfetto\.dev/); // prettier-ignore
    const bytes = readFileSync(inFolder('a.json')).length;
    expect(json.out).toContain(` ${bytes.toLocaleString('en-US')} bytes`);
    expect(events('a.json').filter(({ ph }) => ph === 'B').length).toBeGreaterThan(50);

    const perfetto = await trace(`--policy pin ${SMALL} --out ${inFolder('a.pftrace')}`);
    expect(perfetto.out).toMatch(/perfetto, [\d,]+ events/);
    expect(fieldsOf(readFileSync(inFolder('a.pftrace'))).get(1)!.length).toBeGreaterThan(100);
    expect(readdirSync(folder).sort()).toEqual(['a.json', 'a.pftrace']); // and nothing else is left
  });

  test('writes a format that is named, with or without looks', async () => {
    const { code, out } = await trace(`--policy pin ${SMALL} --out ${inFolder('b.txt')} --format chrome --looks 0`);
    expect([code, / and 0 looks /.test(out)]).toEqual([0, true]);
    expect(events('b.txt').filter(({ ph }) => ph === 'C')).toEqual([]);
  });

  test('writes a window, from what ran at its beginning, and ends the run after it', async () => {
    const { code } = await trace(`--policy pin ${SMALL} --out ${inFolder('c.json')} --from 20ms --to 30ms`);
    expect(code).toBe(0);
    const times = events('c.json').filter(({ ph }) => 'BE'.includes(ph)).map(({ ts }) => ts); // prettier-ignore
    expect([Math.min(...times), Math.max(...times)]).toEqual([20_000, 30_000]);
  });

  test('says where the run ended before its window began, and not how to open nothing', async () => {
    const { code, err, out } = await trace(`--policy pin ${SMALL} --out ${inFolder('late.txt')} --from 4s`);
    expect([code, err]).toEqual([0, 'no event from 4 s on; the run ended at 50 ms\n']);
    expect(out).toMatch(/^\S+late\.txt: perf-script, 0 events and 0 looks in 0 bytes, of 50 ms simulated\n$/);
  });

  test.each([
    ['', '--out is missing, want a file to write'],
    [`--out ${inFolder('x.yaml')}`, `want a name that ends with .pftrace, .perfetto-trace, .json`],
    [`--out ${inFolder('x.json')} --format chrom`, '--format = chrom, want one of perfetto, chrome'],
    [`--out ${inFolder('x.json')} --looks 10`, '--looks = 10, want 0 or a time of at least 1us such as 20ms'],
    [`--out ${inFolder('x.json')} --from 5ms --to 5ms`, '--to = 5ms, want a time of at least 5000001ns such as 20ms'],
    [`--out ${folder}`, '--out ='],
    ['--out - --format perf-script', '--out = -, want a file to write: a trace does not go to standard output'],
  ])('refuses %s', async (flags, message) => {
    const { code, err, out } = await trace(`--policy pin ${SMALL} ${flags}`.trim());
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n').length).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("traces a policy of the user's own as it does one that numalab comes with", async () => {
    writeFileSync(mine, POLICY);
    const { code, err, out } = await trace(`--policy ${mine} ${SMALL} --out ${inFolder('mine.json')}`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/chrome, [\d,]+ events and 5 looks/);
    const isSlice = ({ ph }: Event): boolean => ph === 'B' || ph === 'E';
    expect(events('mine.json').filter(isSlice).length).toBeGreaterThan(100);
  });

  test('keeps the trace of a run that a fault of its policy ended, whole up to there, and fails', async () => {
    writeFileSync(mine, POLICY.replace('// here', "if (k.nowNs > 20_000_000) throw new Error('broken');"));
    const { code, err } = await trace(`--policy ${mine} ${SMALL} --out ${inFolder('broken.json')}`);
    expect(code).toBe(1);
    expect(err).toMatch(/broken[\s\S]*hook enqueue, at 2\d+ ns/);
    const times = events('broken.json').filter(({ ph }) => 'BE'.includes(ph)).map(({ ts }) => ts); // prettier-ignore
    expect(Math.max(...times)).toBeGreaterThanOrEqual(20_000);
  });
});

const POLICY = `import { builtIn, compose, DSQ_GLOBAL, ms } from 'numalab/policy';
export default {
  name: 'mine',
  summary: 'One queue.',
  source: 'for tests',
  oracle: false,
  options: [],
  make: () => compose('mine', builtIn('kvm-unpinned'), { cpu: { name: 'mine', enqueue(k, vcpu, flags) {
    // here
    k.dsqInsert(vcpu, DSQ_GLOBAL, ms(2), flags);
  } } }),
};
`;

describe('a disk that is full', () => {
  test('ends the run early, and leaves what stood there', async () => {
    const path = inFolder('full.json');
    writeFileSync(path, 'before');
    const { openSync, closeSync } = await import('node:fs');
    const full = openSync('/dev/full', 'w');
    const hogs = Array.from({ length: 3 }, (_, id) => guest(workload('compute'), { name: `g${id}`, memoryBytes: MiB(1) }));
    const long = scenario({ policy: pinned([0, 0, 0], () => 0, 10_000), guests: hogs, durationNs: ms(4000), checks: 'cheap' });
    let endedNs = 0;
    const writing = writeTrace(path, () => {
      const ordered = new OrderedTrace({ descriptor: full, format: 'chrome', lookEveryNs: 0, fromNs: 0, toNs: Infinity });
      const recording = run(long, undefined, null, ordered.tracer);
      endedNs = recording.simulatedNs;
      return Promise.resolve({ recording, traced: ordered.written() });
    });
    await expect(writing).rejects.toThrow(StoreError);
    await expect(writing).rejects.toThrow(/ENOSPC \(no space left on device\), the trace is not written$/);
    closeSync(full);
    expect(endedNs).toBeLessThan(ms(1000));
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['before', ['full.json']]);
  });
});

test('one that is stopped leaves nothing, once whoever writes has ended', async () => {
  const stop = new AbortController();
  const steps: string[] = [];
  const end = (): Promise<void> => {
    steps.push(`ended with ${readdirSync(folder).length} file`);
    return Promise.resolve();
  };
  const writing = writeTrace(inFolder('gone.json'), () => new Promise(() => stop.abort()), { stop: stop.signal, end });
  expect(await writing).toBeNull();
  expect([steps, readdirSync(folder)]).toEqual([['ended with 1 file'], []]);
});

/** `npm test` builds first. */
describe.skipIf(!existsSync(program) || process.platform === 'win32')('a trace that is told to end in the middle', () => {
  test.each([
    ['SIGINT', 'autonuma', 130],
    ['SIGTERM', 'autonuma', 143],
    ['SIGINT', mine, 130],
  ] as const)('by %s under %s leaves what stood there and nothing else, and ends with %i', async (signal, policy, code) => {
    writeFileSync(mine, POLICY);
    writeFileSync(inFolder('long.json'), 'before');
    const line = `trace --policy ${policy} --machine lopsided --workload think --guests 7 --memory 128MiB --duration 60min --out ${inFolder('long.json')}`;
    const child = spawn(process.execPath, [program, ...line.split(' ')], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', (status, by) => resolve([status, by])));
    const written = (): number =>
      readdirSync(folder).reduce((sum, name) => sum + (name.endsWith('.tmp') ? statSync(inFolder(name)).size : 0), 0);
    while (written() < 1_000_000 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    expect(await ended).toEqual([code, null]);
    expect([readdirSync(folder).sort(), readFileSync(inFolder('long.json'), 'utf8')]).toEqual([['long.json', 'mine.ts'], 'before']);
  });
});

test('a window begins with what is under way, and passes on no more than is in it', () => {
  const kept = new KeptTrace();
  const window = new TraceWindow(kept, 100, 200);
  window.begin(TABLE);
  window.events(rowsOf([0, TASK_ON, 2, 1, 0], [10, SWITCH, 1, -1, 0, 1], [20, SWITCH, 0, -1, 0, 0], [30, RENICE, 2, 335], [40, RENICE, 2, 670], [99, SWITCH, 0, 0, 1, -1])); // prettier-ignore
  expect(kept.rows).toEqual([]);
  window.events(rowsOf([100, GUEST_ARRIVES, 1], [199, SWITCH, 1, 1, 0, 2], [200, SWITCH, 1, 2, 0, -1]));
  expect(window.isDone).toBe(true);
  window.end(345);
  expect(kept.rows).toEqual([
    [100, RENICE, 2, 670, 0, 0, 0],
    [100, TASK_ON, 2, 1, 0, 0, 0],
    [100, SWITCH, 1, -1, 0, 1, 0],
    [100, GUEST_ARRIVES, 1, 0, 0, 0, 0],
    [199, SWITCH, 1, 1, 0, 2, 0],
  ]);
  expect([kept.endsNs, window.eventCount]).toEqual([[200], 5]);
});

test('a sink that wants no more ends the run', () => {
  const hogs = Array.from({ length: 3 }, (_, id) => guest(workload('compute'), { name: `g${id}`, memoryBytes: MiB(1) }));
  const sink = new TraceWindow(new KeptTrace(), 0, ms(7));
  const long = scenario({ policy: pinned([0, 0, 0], () => 0), guests: hogs, durationNs: ms(400) });
  expect(run(long, undefined, null, new Tracer(sink, ms(1))).simulatedNs).toBeLessThan(ms(21)); // the end of the first slice at the latest
});

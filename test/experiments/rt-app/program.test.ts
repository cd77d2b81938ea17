import { describe, expect, test } from 'vitest';
import { DEFAULT_COSTS } from '../../../sim/scenario.ts';
import { ms, us } from '../../../sim/units.ts';
import { phaseText, runFile } from './run-file-fixture.ts';

const SLACK_US = 50; // of every timer, prctl(2)
const periodsNs = (told: ReturnType<typeof runFile>): number[] => told.threads.map(({ figures }) => figures.meanPeriodNs!);
const file = (tasks: string, duration = 1): string => `{"tasks": ${tasks}, "global": {"duration": ${duration}}}`;

describe('four tasks that run 2 ms and sleep 1, on two CPUs', () => {
  const four = { tasks: { t: { instance: 4, loop: -1, run: 2000, sleep: 1000, cpus: [0, 1] } }, global: { duration: 2 } };

  test('have a period of 4.00 ms and the costs of two switches: each CPU serves two of them, and one sleeps while the other runs', () => {
    // 2 * 2 ms of work a CPU and period; before each run a switch (2 us) and the wake that led to it (1 us), and hooks of less than 0.5 us
    const { contextSwitchNs, ipiNs } = DEFAULT_COSTS;
    for (const periodNs of periodsNs(runFile(four, { policy: 'round-robin' }))) {
      expect(periodNs).toBeGreaterThan(2 * (ms(2) + contextSwitchNs + ipiNs));
      expect(periodNs).toBeLessThan(2 * (ms(2) + contextSwitchNs + ipiNs + 500));
    }
  });

  test('under CFS too, up to the ticks at which a turn may end before its run does', () => {
    for (const periodNs of periodsNs(runFile(four, { policy: 'kvm-cfs' }))) expect(periodNs / ms(1)).toBeCloseTo(4, 1);
  });
});

describe('threads that wake one another', () => {
  const pingPong = (first: object, second: object): object => ({ tasks: { a: { loop: -1, ...first }, b: { loop: -1, ...second } }, global: { duration: 2 } }); // prettier-ignore

  test('alternate without drift: a thread goes on when the other has run its 10 ms', () => {
    const { rows } = runFile(pingPong({ run: 10_000, resume: 'b', suspend: 'a' }, { run: 10_000, resume: 'a', suspend: 'b' }));
    const settled = rows.map((of) => of.slice(2).map(({ periodUs }) => periodUs));
    for (const period of settled.flat()) expect([20_006, 20_007, 20_008]).toContain(period); // 2 * (10 ms, a switch of 2 us, a wake of 1 and hooks)
    const turns = rows.flatMap((of, thread) => of.slice(1).map(({ endUs }) => ({ endUs, thread }))).sort((x, y) => x.endUs - y.endUs);
    turns.slice(1).forEach(({ thread }, i) => expect(thread).toBe(1 - turns[i]!.thread));
  });

  test('wait from the very beginning if that is what they do first', () => {
    const { rows } = runFile(pingPong({ sleep: 5000, resume: 'b' }, { suspend: '', run: 300 }));
    expect(rows[1]![0]!.endUs).toBeGreaterThan(5000 + SLACK_US + 300);
    expect(rows[1]![0]!.endUs).toBeLessThan(5000 + SLACK_US + 300 + 15);
  });

  test('lose a resume that comes when nobody waits, and a resume wakes all instances that do', () => {
    const lost = runFile({ tasks: { a: { loop: 1, resume: 'b', run: 100 }, b: { loop: 1, run: 500, suspend: '' } } });
    expect([lost.recording.status, lost.recording.guests[0]!.status]).toEqual(['deadlock', 'deadlock']);
    const all = runFile({ tasks: { a: { loop: 1, sleep: 2000, resume: 'b' }, b: { instance: 3, loop: 1, suspend: '', run: 70 } } });
    expect([all.recording.status, ...all.threads.map(({ figures }) => figures.loops)]).toEqual(['ok', 1, 1, 1, 1]);
  });

  test('meet under a name that is no task, where both say it', () => {
    const a = { loop: 5, phases: { p: { run: 1000, resume: 'door', sleep: 20_000 } } };
    const waiter = (loop: number): object => ({ loop, phases: { p: { suspend: 'door', run: 500 } } });
    const { recording, threads } = runFile({ tasks: { a, b: waiter(3), c: waiter(2) } });
    expect([recording.status, ...threads.map(({ figures }) => figures.loops)]).toEqual(['ok', 5, 3, 2]);
  });

  test('that all wait when the file ends them are no deadlock', () => {
    const { recording } = runFile({ tasks: { a: { loop: 1, run: 900, suspend: '' } }, global: { duration: 1 } });
    expect([recording.status, recording.simulatedNs]).toEqual(['ok', 1e9]);
  });

  test('signal, broadcast, sync and semaphores as POSIX has them', () => {
    // b waits with the lock; a signals it at 3 ms, and goes on when it is told so by b, 400 us later
    const a = phaseText(['sleep', 3000], ['lock', 'm'], ['sync', { ref: 'c', mutex: 'm' }], ['unlock', 'm']);
    const b = phaseText(['lock', 'm'], ['wait', { ref: 'c', mutex: 'm' }], ['run', 400], ['signal', 'c'], ['unlock', 'm']);
    const synced = runFile(`{"tasks": {"a": {"loop": 1, "phases": {"p": ${a}}}, "b": {"loop": 1, "phases": {"p": ${b}}}}}`);
    expect(synced.recording.status).toBe('ok');
    expect(synced.rows[0]![0]!.endUs - 3000 - SLACK_US - 400).toBeLessThan(20);
    // two posts let two of three pass
    const posts = runFile({ tasks: { a: { loop: 2, run: 60, sem_post: 's' }, b: { instance: 3, loop: 1, sem_wait: 's', run: 10 } } });
    expect([posts.recording.status, posts.threads.filter(({ figures }) => figures.loops === 1).length]).toEqual(['deadlock', 2]);
    const broad = runFile({ tasks: { a: { loop: 1, sleep: 900, broad: 'c' }, b: { instance: 3, loop: 1, lock: 'm', wait: { ref: 'c', mutex: 'm' }, unlock: 'm', run: 10 } } }); // prettier-ignore
    expect(broad.recording.status).toBe('ok');
  });

  test('meet at a barrier, whose size is what rt-app counts: every event that names it, for every instance', () => {
    const met = runFile({ tasks: { a: { instance: 2, loop: 3, run: 200, barrier: 'x' }, b: { loop: 3, run: 5000, barrier: 'x' } } });
    expect(met.recording.status).toBe('ok');
    for (const of of met.rows) expect(of.map(({ periodUs }) => Math.round(periodUs / 1000))).toEqual([5, 5, 5]);
    const two = runFile(file(`{"t": {"instance": 2, "loop": 3, "phases": {"p": {"run": 10, "barrier": "b"}, "q": {"run": 10, "barrier": "b"}}}}`)); // prettier-ignore
    expect(two.threads.map(({ figures }) => figures.loops)).toEqual([0, 0]); // of four; real rt-app 1.0 stands still here too
  });
});

describe('timers', () => {
  const periodic = (mode: string, run: number, period = 10_000): object => ({ loop: 5, run, timer: { ref: 'unique', period, mode } });

  test('keep their period, whatever the runs take, from the begin of the process and its delay on', () => {
    const { rows } = runFile({ tasks: { a: { delay: 700, ...periodic('relative', 3000) }, b: { delay: 3100, ...periodic('absolute', 100) } } }); // prettier-ignore
    const starts = rows.map((of) => of.map(({ relativeStartUs }) => relativeStartUs));
    for (const [i, us0] of [700, 3100].entries()) {
      starts[i]!.forEach((start, n) => expect([53, 54, 55]).toContain(start - us0 - 10_000 * n)); // the timer's slack, a switch, a wake
    }
  });

  test('that are missed begin anew if they are relative, and catch up if they are absolute', () => {
    // one long run of 25 ms, then runs of 1: periods of 10 are due at 10, 20, 30, 40, 50 or, after 25, at 35, 45, 55
    const phases = (mode: string): string =>
      `{"loop": 1, "phases": {"late": {"run": 25000, "timer": {"ref": "t-${mode}", "period": 10000, "mode": "${mode}"}}, "then": {"loop": 4, "run": 1000, "timer": {"ref": "t-${mode}", "period": 10000, "mode": "${mode}"}}}}`; // prettier-ignore
    const { rows } = runFile(`{"tasks": {"r": ${phases('relative')}, "a": ${phases('absolute')}}}`);
    const ends = rows.map((of) => of.map(({ endUs }) => Math.round(endUs / 1000)));
    expect(ends).toEqual([
      [25, 35, 45, 55, 65],
      [25, 26, 30, 40, 50],
    ]);
  });

  test('of one name are shared, so that each use moves them on; unique ones are not', () => {
    const { rows } = runFile({ tasks: { s: { instance: 2, loop: 4, run: 10, timer: { ref: 'tick', period: 1000 } } } });
    expect(rows.flatMap((of) => of.map(({ endUs }) => Math.round(endUs / 1000))).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('phases', () => {
  test('have CPUs for themselves only, weights from then on; a thread is moved when it asks', () => {
    const text = file(`{"a": {"loop": 1, "cpus": [0], "phases": {"x": {"cpus": [1], "run": 1000}, "y": {"run": 1000}}}, "h": {"run": 3000, "cpus": [1], "loop": 1}}`); // prettier-ignore
    const { rows, threads } = runFile(text);
    expect(rows[0]!.map(({ runUs }) => Math.round(runUs / 1000))).toEqual([expect.any(Number), 1]);
    expect(threads[0]!.migrations).toBe(1);
    const nice = `{"loop": 1, "cpus": [0], "phases": {"p": {"priority": 5, "run": 400000}, "q": {"run": 400000}}}`;
    const hog = runFile(`{"tasks": {"low": ${nice}, "hog": {"cpus": [0], "loop": -1, "run": 10000}}, "global": {"duration": 2}}`);
    const share = hog.rows[0]!.map(({ runUs }) => 400_000 / runUs);
    expect(share[0]).toBeCloseTo(335 / (335 + 1024), 1); // sched_prio_to_weight of nice 5 and 0
  });

  test('loop as they say, and each time is a row of the log', () => {
    const { rows, threads } = runFile(file(`{"a": {"loop": 2, "phases": {"x": {"loop": 3, "run": 100}, "y": {"sleep": 250}}}}`));
    expect(rows[0]!.map(({ configuredRunUs }) => configuredRunUs)).toEqual([100, 100, 100, 0, 100, 100, 100, 0]);
    expect(threads[0]!.figures.loops).toBe(8);
  });

  test('of work and of time: run takes longer where it is preempted, runtime does not, and looks at the clock every 32 us', () => {
    const alone = runFile({ tasks: { a: { loop: 1, runtime: 100 }, b: { loop: 1, run: 100 } } }, { machine: 'vm-2cpu' });
    expect(alone.rows.map(([row]) => row!.runUs)).toEqual([128, 100]); // 4 * 32
    const shared = runFile({ tasks: { a: { cpus: [0], loop: 1, runtime: 50_000 }, b: { cpus: [0], loop: -1, run: 1000 } }, global: { duration: 1 } }); // prettier-ignore
    expect(shared.rows[0]![0]!.runUs / 1000).toBeLessThan(50 + 8.1); // at worst it comes back two ticks of 4 ms late
    expect(shared.threads[0]!.runNs).toBeLessThan(ms(30));
  });

  test('that take no time still pass, a microsecond a loop', () => {
    const { threads } = runFile({ tasks: { a: { loop: -1, yield: '' }, b: { loop: -1, sem_post: 's', sem_wait: 's' } }, global: { duration: 1 } }, { duration: '5ms' }); // prettier-ignore
    for (const { figures } of threads) expect(figures.meanPeriodNs).toBeCloseTo(us(1), -2);
  });
});

describe('forks', () => {
  test('make a thread each, which follow their task alone and count their timers from the begin of the process', () => {
    const { threads, rows } = runFile({ tasks: { a: { loop: 3, run: 100, fork: 'k' }, k: { instance: 0, loop: 2, run: 50, timer: { ref: 'unique', period: 1000 } } } }); // prettier-ignore
    expect(threads.map(({ name, figures }) => [name, figures.loops])).toEqual([['a-0', 3], ['k-fork-0000', 2], ['k-fork-0001', 2], ['k-fork-0002', 2]]); // prettier-ignore
    expect(rows.slice(1).map((of) => of.map(({ endUs }) => Math.round(endUs / 1000)))).toEqual([[1, 2], [1, 2], [1, 2]]); // prettier-ignore
    expect(rows.slice(1).map((of) => of[0]!.index)).toEqual([1, 2, 3]);
  });

  test('end at the limit that rt-app has', () => {
    const { recording } = runFile(
      { tasks: { a: { loop: -1, run: 1, fork: 'k' }, k: { instance: 0, loop: 1, run: 1 } } },
      { checks: 'cheap' },
    );
    expect(recording.status).toBe('workload-error');
    expect(recording.message).toMatch(/^tasks\.a\.fork \(line 1, column 34\): thread a-0 forks k more than 1024 times, rt-app's own limit being 1024, at \d+ ns$/); // prettier-ignore
  });
});

describe('what has no meaning ends the run with the place', () => {
  test.each([
    [{ unlock: 'm' }, 'tasks.a.unlock (line 1, column 25): thread a-0 unlocks m, which it does not hold, at '],
    [{ lock: 'm', run: 10 }, 'tasks.a.lock (line 1, column 25): thread a-0 locks m, which it holds: it would wait for itself, at '],
    [{ wait: { ref: 'c', mutex: 'm' } }, 'tasks.a.wait (line 1, column 25): thread a-0 waits with m, which it does not hold, at '],
  ])('%j', (events, message) => {
    const { recording } = runFile({ tasks: { a: { loop: 2, ...events } } });
    expect([recording.status, recording.message]).toEqual(['workload-error', expect.stringContaining(message)]);
  });
});

test('work in pieces that take no time ends the run, and is not the policy’s fault', () => {
  const { recording } = runFile({ tasks: { a: { loop: -1, mem: 1 } } }, { checks: 'cheap' });
  expect([recording.status, recording.message, recording.guests[0]!.status]).toEqual([
    'workload-error',
    expect.stringMatching(/^262144 instants in less than 1 ms: work in pieces of a few ns, want fewer and longer ones, at \d+ ns$/),
    'unfinished',
  ]);
});

describe('memory', () => {
  const chase = { type: 'chase', size: 64_000_000, count: 100_000, pattern: 'random' };

  test('a chase waits for each load: its time is the latency of memory', () => {
    const { rows } = runFile({ tasks: { a: { loop: 2, memrun: chase } } });
    const nsPerLoad = (rows[0]![1]!.periodUs * 1000) / 100_000; // the first time it is written before
    const missed = 1 - (32 * 1024 ** 2) / 64_000_000; // what of it does not stay in the last-level cache: 100 ns each, the others 50 cycles of 0.4 ns
    expect(nsPerLoad).toBeCloseTo(missed * 100 + (1 - missed) * 20, 0);
  });

  test('is bound to the nodes that a phase says, whatever the policy does, and the guest has enough of it', () => {
    const text = (nodes: string): string => file(`{"a": {"loop": 1, "phases": {"p": {"nodes_membind": ${nodes}, "memrun": ${JSON.stringify(chase)}}, "q": {"mem": 3000000}}}}`); // prettier-ignore
    for (const [nodes, blocks] of [
      ['[2]', [0, 0, 33]],
      ['[0]', [33, 0, 0]],
    ] as const) {
      const { recording } = runFile(text(nodes), { machine: 'lopsided', policy: 'round-robin' });
      expect(recording.status).toBe('ok');
      expect(recording.guests[0]!.blocksByNode).toEqual(blocks); // 31 of 2 MiB for 64 MB, 2 for 3 MB: the binding stays
    }
  });

  test('of one ref is shared, without one it is of each thread', () => {
    const bytes = (memrun: object): number => runFile({ tasks: { a: { instance: 3, loop: 1, memrun: { ...chase, ...memrun } } } }).recording.guests[0]!.blocksByNode[0]!; // prettier-ignore
    expect([bytes({ ref: 'x' }), bytes({})]).toEqual([31, 93]);
  });

  test('of mem is the buffer, written again each time; of iorun the calls to the null device', () => {
    const { rows, recording } = runFile({ tasks: { a: { loop: 2, mem: 40_000_000 }, b: { loop: 2, iorun: 100_000_000 } } });
    expect(recording.guests[0]!.blocksByNode).toEqual([2]); // 4 MiB
    const GBps = 40_000_000 / (rows[0]![1]!.periodUs * 1000);
    expect(GBps).toBeGreaterThan(2);
    expect(rows[1]![1]!.periodUs).toBe(7); // 24 calls of 0.3 us
  });
});

test('a thousand threads run', () => {
  const begin = performance.now();
  const { recording } = runFile({ tasks: { t: { instance: 1000, loop: -1, run: 100, timer: { ref: 'unique', period: 100_000 } } }, global: { duration: 1 } }, { machine: 'opteron-6164-4s', checks: 'cheap' }); // prettier-ignore
  expect([recording.status, recording.guests[0]!.figures.loops]).toEqual(['ok', expect.any(Number)]);
  expect(recording.guests[0]!.figures.loops).toBeGreaterThan(8900); // 10 each, the last ones under way
  expect(performance.now() - begin).toBeLessThan(20_000);
});

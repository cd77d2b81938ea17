import { describe, expect, test } from 'vitest';
import { namedStream } from '../../sim/random.ts';
import { GiB, MiB, ms } from '../../sim/units.ts';
import { BLOCK, RUN, SLEEP, TOUCH } from '../../sim/workload-api.ts';
import { drawBuildGraph, MEAN_USER_NS } from '../../workloads/build-graph.ts';
import { divideMemory } from '../../workloads/build-memory.ts';
import { inTurn, latestFirst, play, programOf, setupOf, type Step, type Trace } from './fake-guest.ts';

const forever = 1_000_000;

const isCompile = ({ phase }: Step): boolean => phase.kind === RUN && !phase.isSystem;
const isWrite = ({ phase }: Step): boolean => phase.work > 0;

/** Instructions of each job in the order in which their compiles began. */
function jobSizes({ steps }: Trace): number[] {
  const sizes: number[] = [];
  const parts = new Map<number, number>();
  for (const step of steps.filter(isCompile)) {
    const part = parts.get(step.task) ?? 0;
    if (part === 0) sizes.push(step.phase.instructions * 4);
    parts.set(step.task, (part + 1) % 4);
  }
  return sizes;
}

describe('a build graph', () => {
  test('is a tree: objects feed the archive of their directory, archives feed the link', () => {
    const { objectCount, archiveCount, jobCount, dependant, needs, userNs } = drawBuildGraph(100, ms(300), setupOf());
    expect(objectCount).toBe(100);
    expect(archiveCount).toBeGreaterThan(1);
    expect(jobCount).toBe(100 + archiveCount + 1);
    const objectsOf = new Array<number>(archiveCount).fill(0);
    for (let object = 0; object < 100; object++) objectsOf[dependant[object]! - 100]!++;
    expect(Array.from(needs)).toEqual([...new Array<number>(100).fill(0), ...objectsOf, archiveCount]);
    expect(Math.min(...objectsOf)).toBeGreaterThan(0);
    for (let archive = 100; archive < jobCount - 1; archive++) expect(dependant[archive]).toBe(jobCount - 1);
    expect(userNs[jobCount - 1]).toBe(ms(300));
  });

  test('has jobs of the published mean and directories of 12 objects', () => {
    for (const seed of ['1', '2', '3']) {
      const { archiveCount, userNs } = drawBuildGraph(20_000, ms(300), setupOf({ seed }));
      const mean = userNs.subarray(0, 20_000).reduce((sum, ns) => sum + ns, 0) / 20_000;
      expect(mean / MEAN_USER_NS, `seed ${seed}`).toBeGreaterThan(0.97); // one standard error is 0.7 %
      expect(mean / MEAN_USER_NS, `seed ${seed}`).toBeLessThan(1.03);
      expect(20_000 / archiveCount, `seed ${seed}`).toBeGreaterThan(11.2); // one standard error is 2.4 %
      expect(20_000 / archiveCount, `seed ${seed}`).toBeLessThan(12.9);
    }
    expect(MEAN_USER_NS / 1e6).toBeCloseTo(39.32, 2); // 1145.5 s over 29,135 processes
  });
});

describe('the memory of a build', () => {
  // 950 MiB free and blocks of 2: four jobs of 3 blocks take 24 MiB, 926 are left
  const divided = (media: string, freeMiB: number, treeMiB = 0): number[] => {
    const { treeBytes, toolsBytes, lostShare } = divideMemory(setupOf({ freeBytes: MiB(freeMiB) }), 4, media, MiB(treeMiB), MiB(200));
    return [treeBytes / MiB(1), toolsBytes / MiB(1), lostShare];
  };

  test('in tmpfs holds the whole tree; the page cache has the rest', () => {
    expect(divided('tmpfs', 3000)).toEqual([800, 200, 0]);
    expect(divided('tmpfs', 950)).toEqual([800, 126, expect.closeTo(1 - 126 / 200, 12)]);
    expect(divided('tmpfs', 950, 600)).toEqual([600, 200, 0]);
    expect(divided('tmpfs', 424)).toEqual([350, 50, 0.75]); // no room for 800: an eighth of 400 is left to the page cache
    expect(() => divided('tmpfs', 424, 352)).toThrow(/tree = 369098752, want at most 367001600 in the tmpfs/);
  });

  test('on disk is page cache, which holds the same share of tree and tools', () => {
    expect(divided('disk', 3000)).toEqual([800, 200, 0]);
    expect(divided('disk', 950)).toEqual([740, 186, expect.closeTo(1 - 926 / 1000, 12)]); // 0.926 of 400 blocks are 370.4
    expect(divided('disk', 424)).toEqual([320, 80, 0.6]);
    expect(divided('disk', 424, 4000)).toEqual([380, 20, expect.closeTo(1 - 400 / 4200, 12)]); // 190.5 of 2,000 blocks
  });
});

describe('kernbench', () => {
  // fewer slots than the graph is wide, as many, more; the graph's width is its number of objects
  describe.each([1, 2, 7, 40, 90])('with %i slots for 40 objects', (j) => {
    test('does every job once, never loses a wake-up, and ends every slot, in whatever order phases end', () => {
      for (const seed of ['1', '2', '3', '4', '5', '6']) {
        const random = namedStream(seed, 'test', 0, 'order');
        for (const choose of [inTurn, latestFirst, (count: number) => Math.floor(random() * count)]) {
          const setup = setupOf({ seed, freeBytes: GiB(3) });
          const program = programOf('kernbench', { jobs: 40, j }, setup);
          const { jobCount } = drawBuildGraph(40, ms(1200), setup);
          const trace = play(program, forever, choose);
          expect(trace.stuck, `seed ${seed}`).toEqual([]);
          expect(trace.doneCount).toBe(j);
          expect(trace.steps.filter(isWrite).length).toBe(jobCount);
          expect(program.figures!({ workDone: 0, measuredNs: 0 })).toMatchObject({ processes: jobCount });
          expect(trace.leftBytes).toBe(MiB(1000)); // the tree and the tools stay
          const idle = trace.steps.filter(({ phase }) => phase.kind === BLOCK).length;
          expect(trace.wakes).toBe(idle);
        }
      }
    });
  });

  test('gives every ready job to a slot at once: three slots all work until the objects are gone', () => {
    const { steps } = play(programOf('kernbench', { jobs: 30, j: 3 }), forever, inTurn);
    const blockedAt = steps.map(({ phase }, i) => (phase.kind === BLOCK ? i : -1)).filter((i) => i >= 0);
    const firstCompile = steps.findIndex(isCompile);
    const objectsDone = steps.map((step, i) => (isWrite(step) ? i : -1)).filter((i) => i >= 0)[26]!;
    expect(blockedAt.filter((i) => i > firstCompile && i < objectsDone)).toEqual([]);
  });

  test('wakes no more slots than there are jobs: of 50 slots for 40 objects 10 sleep until the end', () => {
    const { steps } = play(programOf('kernbench', { jobs: 40, j: 50 }), forever, inTurn);
    const firstWrite = steps.findIndex(isWrite);
    expect(
      new Set(
        steps
          .slice(0, firstWrite)
          .filter(isCompile)
          .map(({ task }) => task),
      ).size,
    ).toBe(40);
    expect(steps.slice(0, firstWrite).filter(({ phase }) => phase.kind === BLOCK).length).toBe(49); // all but slot 0, once each
  });

  test('makes the archive of a directory before it goes on to the next, as make does', () => {
    const graph = drawBuildGraph(30, ms(1200), setupOf());
    const firstDirectory = graph.dependant.indexOf(31); // objects before the first that feeds the second archive
    expect(firstDirectory).toBeGreaterThan(0);
    const order = jobSizes(play(programOf('kernbench', { jobs: 30, j: 1 }), forever, inTurn)).map(
      (instructions) => instructions / (0.72 * 3.5),
    );
    order.slice(0, firstDirectory).forEach((ns, object) => expect(ns).toBeCloseTo(graph.userNs[object]!, 3));
    expect(order[firstDirectory]).toBeCloseTo(4e6, 3);
    expect(order[firstDirectory + 1]).toBeCloseTo(graph.userNs[firstDirectory]!, 3);
  });

  test('links last and alone', () => {
    const { steps } = play(programOf('kernbench', { jobs: 30, j: 3, link: ms(777) }), forever, latestFirst);
    const isLink = (step: Step): boolean => isCompile(step) && Math.abs(step.phase.instructions * 4 - 777e6 * 0.72 * 3.5) < 1;
    const first = steps.findIndex(isLink);
    expect(steps.filter(isLink).length).toBe(4);
    expect(
      new Set(
        steps
          .slice(first)
          .filter(({ phase }) => phase.kind === RUN)
          .map(({ task }) => task),
      ).size,
    ).toBe(1);
    expect(steps.slice(first).filter(isWrite).length).toBe(1);
  });

  test('has the same jobs whatever the order of execution and the number of slots', () => {
    const sizes = (j: number, choose: (count: number) => number, seed = '7'): number[] =>
      jobSizes(play(programOf('kernbench', { jobs: 25, j }, setupOf({ seed })), forever, choose)).sort((a, b) => a - b);
    const expected = sizes(1, inTurn);
    expect(expected.length).toBeGreaterThan(26);
    expect(sizes(4, inTurn)).toEqual(expected);
    expect(sizes(11, latestFirst)).toEqual(expected);
    expect(sizes(1, inTurn, '8')).not.toEqual(expected);
  });

  test('compiles with the published character: IPC 0.72 and 4.8 % of the time waiting for idle local memory', () => {
    const { phase } = play(programOf('kernbench'), forever, inTurn).steps.find(isCompile)!;
    // alone with 6 MiB of cache and 12 times as much data, 11 of 12 accesses miss, 4 at a time, 67 ns each
    const computeNs = phase.cyclesPerInstruction / 2.1;
    const stallNs = (phase.accessesPerInstruction * (11 / 12) * 67) / 4;
    expect(phase.workingSetBytes).toBe(MiB(72));
    expect(phase.linesInFlight).toBe(4);
    expect(stallNs / (computeNs + stallNs)).toBeCloseTo(0.048, 12);
    expect(1 / (computeNs + stallNs) / 2.1).toBeCloseTo(0.72, 12);
    expect(phase.writeShare).toBe(1); // as many lines go back as come
  });

  test('works half on its own memory, a quarter each on tree and tools, after faulting in 1,081 pages', () => {
    const trace = play(programOf('kernbench', { jobs: 1, j: 1 }), forever, inTurn);
    const [tree, tools, own] = trace.steps.filter(({ phase }) => phase.kind === TOUCH);
    expect([tree!.phase.region, tree!.phase.bytes, tree!.measuring]).toEqual([1, MiB(800), 0]);
    expect([tools!.phase.region, tools!.phase.bytes, tools!.measuring]).toEqual([2, MiB(200), 0]);
    expect([own!.phase.region, own!.phase.bytes, own!.phase.isSystem, own!.measuring]).toEqual([0, 4_427_776, true, 1]);
    const compile = trace.steps.filter(isCompile).slice(0, 4);
    expect(compile.map(({ phase }) => phase.region)).toEqual([0, 1, 0, 2]);
  });

  test('spends the published share of its time in the kernel', () => {
    const { steps } = play(programOf('kernbench', { jobs: 1, j: 1 }), forever, inTurn);
    const system = steps.filter(({ phase }) => phase.kind === RUN && phase.isSystem).slice(0, 2);
    const systemNs = system.reduce((sum, { phase }) => sum + phase.instructions, 0) / (0.72 * 3.5);
    expect((systemNs + 1081 * 500) / 1e6).toBeCloseTo(1.699, 3); // 49.5 s over 29,135 processes, faults of 500 ns included
  });

  test('waits for the disk before each job whose files are not in memory, the same ones whatever else happens', () => {
    const waits = (freeBytes: number, media: string, choose: (count: number) => number): number[] => {
      const { steps } = play(programOf('kernbench', { jobs: 400, j: 3, media }, setupOf({ freeBytes })), forever, choose);
      const sleeps = steps.filter(({ phase }) => phase.kind === SLEEP).map(({ phase }) => phase.durationNs);
      return sleeps.sort((a, b) => a - b);
    };
    expect(waits(GiB(2), 'tmpfs', inTurn)).toEqual([]);
    expect(waits(GiB(2), 'disk', inTurn)).toEqual([]);
    const some = waits(MiB(518), 'disk', inTurn); // three jobs of 6 MiB, 500 of 1,000 MiB in the page cache: each waits by the toss of a coin
    const { jobCount } = drawBuildGraph(400, 1, setupOf());
    expect(Math.abs(some.length / jobCount - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / jobCount));
    expect(waits(MiB(518), 'disk', latestFirst)).toEqual(some);
    const more = waits(MiB(318), 'disk', inTurn);
    expect(more.length).toBeGreaterThan(some.length);
    expect(some.filter((ns) => !more.includes(ns))).toEqual([]);
  });

  test('refuses more slots than the guest has memory for beside a quarter of it, and fills a small guest', () => {
    // 100 MiB free: a quarter is 13 blocks; 74 MiB hold 12 jobs of 3 blocks; 14 blocks are left, 12 of them for the tree
    const setup = setupOf({ freeBytes: MiB(100) });
    expect(() => programOf('kernbench', { j: 13 }, setup)).toThrow(/j = 13, want at most 12 /);
    const { mostBytes, stuck } = play(programOf('kernbench', { j: 12, jobs: 50 }, setup), forever, inTurn);
    expect(mostBytes).toBe(MiB(28) + 12 * 4_427_776);
    expect(stuck).toEqual([]);
  });

  test('stops, all slots done, when the guest runs out of memory half-way', () => {
    const trace = play(programOf('kernbench', { j: 4, jobs: 50 }), forever, inTurn, MiB(1000) + 3 * 4_427_776);
    expect([trace.doneCount, trace.stuck]).toEqual([4, []]);
    expect(trace.steps.filter(isWrite).length).toBe(3); // what the others had begun, and nothing more
    expect(play(programOf('kernbench'), forever, inTurn, MiB(1))).toMatchObject({ doneCount: 3, stuck: [] });
  });
});

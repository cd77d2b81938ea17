import { describe, expect, test } from 'vitest';
import type { HintFault, Kernel, MemoryPolicy } from '../../sim/policy-api.ts';
import { type GuestId, KiB, MiB, ms, type NodeId, us } from '../../sim/units.ts';
import { DONE, SLEEP, TOUCH } from '../../sim/workload-api.ts';
import { BLOCK, loads, played, sweeps, works } from './moves-fixture.ts';
import { computes, FREE_COSTS, guest } from './scenario-fixture.ts';

type Noted = HintFault & { readonly atNs: number };

const mark =
  (first: number, count: number, answers: number[] = []): ((k: Kernel) => void) =>
  (k) =>
    void answers.push(k.markBlocks(0 as GuestId, first, count));

/** Notes the faults, copies of the one record. */
function noting(faults: Noted[]): Partial<MemoryPolicy> {
  return { onHintFault: (k, fault) => void faults.push({ ...fault, atNs: k.nowNs }) };
}

/** Loads at random far beyond the cache, alone on near memory: 80 ns idle and what the rise adds at one line in flight. */
function loadNs(): number {
  let ns = 80;
  for (let i = 0; i < 50; i++) {
    const use = 64 / ns / 12;
    ns = 80 + (80 * 0.3 * use) / (1 - 0.45 * use);
  }
  return ns;
}

describe('a sweep', () => {
  const COUNT = 8;
  const bytes = COUNT * BLOCK;
  const swept = works(bytes, (phase) => sweeps(phase, bytes, 1e6));

  test('faults on each marked block once a mark, and pays for each', () => {
    const faults: Noted[] = [];
    const answers: number[] = [];
    const { guests, status } = played(
      { at: [[1000, mark(0, COUNT, answers)], [1010, mark(0, COUNT, answers)], [30_000, mark(2, 3, answers)]], memory: noting(faults) }, // prettier-ignore
      [guest(swept, { memoryBytes: bytes })],
      { durationNs: ms(60), costs: { ...FREE_COSTS, hintFaultNs: 1700, hookNs: 40 } },
    );
    expect(status).toBe('ok');
    // a pass takes 2 MiB / 3.6 GB/s = 0.58 ms: within 10 us of the first marks at most one has been hit, and can be marked anew
    expect([answers[0], answers[2]]).toEqual([COUNT, 3]);
    expect(answers[1]).toBeLessThanOrEqual(1 + 7);
    const marks = answers.reduce((sum, count) => sum + count, 0);
    expect([guests[0]!.hintFaults, faults.length]).toEqual([marks, marks]);
    expect(guests[0]!.causes.sampling).toBe(marks * (1700 + 40));
    expect(faults.slice(-3).map(({ block }) => block).sort()).toEqual([2, 3, 4]); // prettier-ignore
    for (const { atNs, markedNs } of faults) {
      expect([ms(1), us(1010), ms(30)]).toContain(markedNs);
      expect(atNs - markedNs).toBeLessThan(ms(0.7));
    }
  });

  test('says what it did, from where', () => {
    const faults: Noted[] = [];
    const writes = works(bytes, (phase) => sweeps(phase, bytes, 1e6, { writeShare: 1 }));
    played({ cpus: [4], nodeOf: () => 1, at: [[1000, mark(5, 1)]], memory: noting(faults) }, [guest(writes, { memoryBytes: bytes })], {
      durationNs: ms(20),
    });
    expect(faults).toMatchObject([{ guest: 0, vcpu: 0, block: 5, node: 1, cpu: 4, cpuNode: 2, isWrite: true, markedNs: ms(1) }]);
  });
});

describe('accesses at random', () => {
  test('come to one marked block of 64 as a Poisson stream does', () => {
    const random = works(64 * BLOCK, (phase) => loads(phase));
    const RUNS = 300;
    let sumNs = 0;
    let long = 0;
    const meanNs = 64 * loadNs();
    for (let seed = 1; seed <= RUNS; seed++) {
      const faults: Noted[] = [];
      played({ at: [[20, mark(7, 1)]], memory: noting(faults) }, [guest(random, { memoryBytes: 64 * BLOCK })], {
        durationNs: us(200),
        seed: `${seed}`,
      });
      expect(faults.length, `seed ${seed}`).toBe(1);
      sumNs += faults[0]!.atNs - us(20);
      if (faults[0]!.atNs - us(20) > meanNs) long++;
    }
    // an exponential's mean is known to 1 / sqrt(300), and a share of 1 / e is beyond it; four deviations
    expect(Math.abs(sumNs / RUNS / meanNs - 1), 'seeds 1 to 300').toBeLessThan(4 / Math.sqrt(RUNS));
    expect(Math.abs(long / RUNS - Math.exp(-1)), 'seeds 1 to 300').toBeLessThan(4 * Math.sqrt((0.368 * 0.632) / RUNS));
  });

  test('come earlier to more marks, though a fault was due already', () => {
    // one of 1024 is marked, 10 us later the others: 84 us become 10 us
    const random = works(1024 * KiB(64), (phase) => loads(phase));
    for (let seed = 1; seed <= 20; seed++) {
      const faults: Noted[] = [];
      played({ at: [[20, mark(7, 1)], [30, mark(0, 1024)]], memory: noting(faults) }, [guest(random, { memoryBytes: MiB(64) })], { durationNs: us(60), seed: `${seed}`, blockBytes: KiB(64) }); // prettier-ignore
      expect(faults[0]!.atNs, `seed ${seed}`).toBeLessThan(us(32)); // 24 mean times after the second marks
    }
  });

  test.each([
    ['few and far between', 64, 1e-5], //  62.5 us computing between two accesses: 16 faults a millisecond at first
    ['many and close', 16_384, 1], //      one in 16,384 blocks, every 82 ns
  ])('fault on 1 - 1/e of all that is marked in the time of as many accesses as there are blocks: %s', (_, blocks, accesses) => {
    const RUNS = blocks === 64 ? 60 : 2;
    const bytes = blocks * KiB(64);
    const random = works(bytes, (phase) =>
      loads(phase, { accessesPerInstruction: accesses, cyclesPerInstruction: accesses === 1 ? 0 : 1 }),
    );
    const accessNs = accesses === 1 ? loadNs() : 1 / 1.6 / accesses + 80;
    const durationNs = Math.round(us(20) + blocks * accessNs);
    let sum = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const { guests } = played({ at: [[20, mark(0, blocks)]] }, [guest(random, { memoryBytes: bytes })], { durationNs, seed: `${seed}`, blockBytes: KiB(64), checks: 'cheap' }); // prettier-ignore
      sum += guests[0]!.hintFaults;
    }
    const share = 1 - Math.exp(-1);
    const deviation = Math.sqrt((share * (1 - share)) / (blocks * RUNS));
    // faults are taken up to a millisecond early, so a few more: those of half a millisecond on average
    const early = blocks === 64 ? (Math.exp(-1) * ms(0.5)) / (blocks * accessNs) : 0;
    expect(Math.abs(sum / (blocks * RUNS) - share - early), `seeds 1 to ${RUNS}`).toBeLessThan(4 * deviation + early);
  });

  test('fault on hot blocks first', () => {
    // an eighth of the blocks draws 0.9 of the loads, and so 0.9 of the first faults
    const heat = [{ kind: 'hot', blockShare: 1 / 8, accessShare: 0.9, driftNs: 0 } as const];
    const random = works(64 * BLOCK, (phase) => loads(phase), { heat });
    const first = new Map<number, number>();
    const RUNS = 200;
    for (let seed = 1; seed <= RUNS; seed++) {
      const faults: Noted[] = [];
      played({ at: [[20, mark(0, 64)]], memory: noting(faults) }, [guest(random, { memoryBytes: 64 * BLOCK })], {
        durationNs: us(30),
        seed: `${seed}`,
      });
      first.set(faults[0]!.block, (first.get(faults[0]!.block) ?? 0) + 1);
    }
    const counts = [...first.values()].sort((a, b) => b - a);
    const hot = counts.slice(0, 8).reduce((sum, count) => sum + count, 0); // eight of 64; cold ones come first once or twice
    expect(hot / RUNS, 'seeds 1 to 200').toBeGreaterThan(0.9 - 4 * Math.sqrt(0.09 / RUNS));
    expect(hot / RUNS, 'seeds 1 to 200').toBeLessThan(0.97);
  });

  test('of two tasks on one region (the other stays marked) share the marks between them: each is taken once', () => {
    const shared = works(64 * BLOCK, (phase, step, task) => {
      if (task === 1 && step === 0) Object.assign(phase, { kind: SLEEP, durationNs: 5, region: -1 });
      else loads(phase, { region: 0 });
    });
    const { guests } = played({ cpus: [0, 1], at: [[100, mark(0, 128)]] }, [guest(shared, { vcpus: 2, memoryBytes: 128 * BLOCK })], { durationNs: ms(8) }); // prettier-ignore
    expect(guests[0]!.hintFaults).toBe(64);
  });
});

describe('marks', () => {
  test('on what is not backed are none, and a touch faults like an access', () => {
    const answers: number[] = [];
    const faults: Noted[] = [];
    const bytes = 4 * BLOCK;
    const touches = works(bytes, (phase, step) => {
      if (step === 1) computes(Object.assign(phase, { region: -1 }), 1.6e6);
      else if (step > 2) phase.kind = DONE;
      else Object.assign(phase, { kind: TOUCH, offsetBytes: 0, bytes: step === 0 ? 3 * BLOCK : bytes });
    });
    const { guests } = played({ at: [[600, mark(0, 4, answers)]], memory: { backs: 'first-touch', ...noting(faults) } }, [guest(touches, { memoryBytes: bytes })]); // prettier-ignore
    expect([answers, faults.map(({ block, isWrite }) => [block, isWrite])]).toEqual([[3], [[0, true], [1, true], [2, true]]]); // prettier-ignore
    expect(guests[0]!.blocksByNode).toEqual([4, 0, 0]);
  });

  test('stay on memory that its guest frees and hands out again', () => {
    // blocks 0 to 3 are marked while free; handed out again last freed first they are swept once
    const faults: Noted[] = [];
    const bytes = 4 * BLOCK;
    const answers: number[] = [];
    const entry = works(bytes, () => undefined);
    const again: typeof entry = {
      ...entry,
      build: () => {
        let step = 0;
        return {
          tasks: 1,
          regions: 2,
          unit: 'u/s',
          next(_task, phase, calls) {
            switch (step++) {
              case 0:
                calls.allocate(0, bytes);
                return Object.assign(phase, { kind: TOUCH, region: 0, offsetBytes: 0, bytes }) as never;
              case 1:
                calls.free(0);
                return computes(phase, 3.2e6); // 2 ms
              case 2:
                calls.allocate(1, 2 * bytes);
                phase.region = 1;
                return sweeps(phase, 2 * bytes, 2);
              default:
                phase.kind = DONE;
            }
          },
        };
      },
    };
    const { status } = played({ at: [[1500, mark(1, 3, answers)]], memory: noting(faults) }, [guest(again, { memoryBytes: 2 * bytes })]);
    expect([status, answers, faults.map(({ block }) => block).sort()]).toEqual(['ok', [3], [1, 2, 3]]); // prettier-ignore
  });

  test('go with a guest that departs', () => {
    const random = works(MiB(16), (phase) => loads(phase));
    const { status } = played(
      { at: [[990, mark(0, 64)]], memory: { onHintFault: (k, f) => void k.moveBlock(f.guest, f.block, 2 as NodeId) } },
      [guest(random, { memoryBytes: MiB(16), departsNs: ms(1.5) }), guest(random, { name: 'b', memoryBytes: MiB(16), arrivesNs: ms(2) })],
      { durationNs: ms(5) },
    );
    expect(status).toBe('ok');
  });
});

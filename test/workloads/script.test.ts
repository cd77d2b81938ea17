import { describe, expect, test } from 'vitest';
import { ms, us } from '../../sim/units.ts';
import { DONE, emptyPhase, type GuestCalls, RUN, SLEEP, type WorkloadSetup } from '../../sim/workload-api.ts';
import { type Script, scripted } from '../../workloads/script.ts';

const GHZ = 2.5;
/** Timers go off as much late as Linux lets them. */
const SLACK_NS = us(50);

/** What a thread does, as [start, kind, length] in us, if it is given a CPU at once and loses it `lostNs` in each run. */
function course(script: Script, phases: number, lostNs = 0, timers: Float64Array = new Float64Array(4)): [number, string, number][] {
  const program = scripted('x', 'x', script, timers).build({}, { clockGHz: GHZ } as WorkloadSetup);
  const phase = emptyPhase();
  const told: [number, string, number][] = [];
  let nowNs = 0;
  for (let i = 0; i < phases; i++) {
    program.next(0, phase, { nowNs } as GuestCalls);
    if (phase.kind === DONE) return [...told, [nowNs / 1000, 'done', 0]];
    const ns = phase.kind === RUN ? phase.instructions / GHZ : phase.durationNs;
    told.push([nowNs / 1000, phase.kind === SLEEP ? 'sleep' : 'run', ns / 1000]);
    nowNs += ns + (phase.kind === RUN ? lostNs : 0);
  }
  return told;
}

describe('a thread with a script', () => {
  test('waits for its delay, goes through each part as often as that says and all of them as often as the whole does, and ends', () => {
    const script: Script = {
      delayNs: us(700),
      loop: 2,
      parts: [
        { loop: 2, steps: [{ kind: 'run', ns: us(30) }] },
        { loop: 1, steps: [{ kind: 'sleep', ns: us(100) }] },
      ],
    };
    expect(course(script, 99)).toEqual([
      [0, 'sleep', 750],
      [750, 'run', 30],
      [780, 'run', 30],
      [810, 'sleep', 150],
      [960, 'run', 30],
      [990, 'run', 30],
      [1020, 'sleep', 150],
      [1170, 'done', 0],
    ]);
  });

  const periodic = (runNs: number, isAbsolute: boolean): Script => ({
    delayNs: 0,
    loop: -1,
    parts: [{ loop: -1, steps: [{ kind: 'run', ns: runNs }, { kind: 'timer', ns: ms(10), timer: 1, isAbsolute }] }], // prettier-ignore
  });

  test('keeps the grid of a timer, whatever its runs take', () => {
    expect(course(periodic(ms(3), false), 4)).toEqual([
      [0, 'run', 3000],
      [3000, 'sleep', 7000 + SLACK_NS / 1000],
      [10_050, 'run', 3000],
      [13_050, 'sleep', 6950 + SLACK_NS / 1000],
    ]);
  });

  test('that misses a timer goes on at once; a relative one then begins anew, an absolute one is caught up with', () => {
    // runs of 12 ms to 12 and 24: an absolute timer is due at 10, 20, 30; a relative one at 10, and then, missed, 10 after 12 = 22
    const ends = (isAbsolute: boolean): number[] => course(periodic(ms(12), isAbsolute), 3).map(([start]) => start);
    expect([ends(false), ends(true)]).toEqual([
      [0, 12_000, 24_000],
      [0, 12_000, 24_000],
    ]);
    const late: Script = {
      delayNs: 0,
      loop: -1,
      parts: [
        { loop: 1, steps: [{ kind: 'run', ns: ms(12) }, { kind: 'timer', ns: ms(10), timer: 0 }] }, // prettier-ignore
        { loop: -1, steps: [{ kind: 'run', ns: ms(1) }, { kind: 'timer', ns: ms(10), timer: 0 }] }, // prettier-ignore
      ],
    };
    expect(course(late, 3)[2]).toEqual([13_000, 'sleep', 9050]); // until 22
    const absolute = { ...late, parts: late.parts.map(({ loop, steps }) => ({ loop, steps: steps.map((step) => ({ ...step, isAbsolute: true })) })) }; // prettier-ignore
    expect(course(absolute, 3)[2]).toEqual([13_000, 'sleep', 7050]); // until 20
  });

  test('computes by the clock until so much time has passed, with a CPU or without', () => {
    const script: Script = { delayNs: 0, loop: 1, parts: [{ loop: 1, steps: [{ kind: 'wall', ns: us(100) }] }] };
    expect(course(script, 9).map(([start]) => start)).toEqual([0, 32, 64, 96, 128]);
    expect(course(script, 9, us(60)).map(([start]) => start)).toEqual([0, 92, 184]);
  });

  test('that would take no time for ever is refused', () => {
    const script: Script = { delayNs: 0, loop: -1, parts: [{ loop: 1, steps: [{ kind: 'run', ns: 0 }] }] };
    expect(() => course(script, 1)).toThrow('a part that takes no time');
  });
});

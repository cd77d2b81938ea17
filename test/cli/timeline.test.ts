import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { timelineText } from '../../cli/timeline-text.ts';
import type { RunResult } from '../../experiments/run-result.ts';
import type { Timeline } from '../../sim/recording.ts';
import { seconds } from '../../sim/units.ts';
import { session } from './session.ts';

const real = lab('1.2.3');
const SMALL = 'run --machine lopsided --guests 2 --memory 128MiB --boot 0 --duration 300ms --workload think:think=1ms,service=3ms --seed 5';
const USER = fileURLToPath(new URL('../policies/torture/prints.ts', import.meta.url));

describe('run --timeline', () => {
  test.each(['apart', USER])('adds the timeline of a run under %s to its result and changes nothing else', async (policy) => {
    const line = `${SMALL} --policy ${policy} --json`.split(' ');
    const plain = await session(line, real);
    const looked = await session([...line, '--timeline', '20'], real);
    const { timeline, ...rest } = JSON.parse(looked.out) as RunResult & { timeline: Timeline };
    expect(rest).toEqual(JSON.parse(plain.out));
    expect([plain.code, looked.code]).toEqual([0, 0]);
    expect(timeline.timesNs.length).toBeGreaterThanOrEqual(20);
    expect(timeline.timesNs.at(-1)).toBe(rest.simulatedNs);
    timeline.guests.forEach(({ nodeRunNs }, i) => {
      const { userNs, sysNs } = rest.guests[i]!;
      expect(Math.abs(nodeRunNs.at(-1)!.reduce((sum, ns) => sum + ns, 0) - userNs - sysNs)).toBeLessThanOrEqual(2);
    });
  });

  test.each(['0', '-3', '1001', '2.5', 'many'])('refuses %s points', async (points) => {
    const { code, err, ran } = await session(['run', '--timeline', points]);
    expect({ code, err, ran: ran.length }).toEqual({
      code: 2,
      err: `--timeline = ${points}, want a whole number from 1 to 1000\n`,
      ran: 0,
    });
  });
});

test('the table tells how fast work of each unit went between points, and how many CPUs that took', () => {
  const throughput = (unit: string): object => ({ throughput: { value: 1, unit } });
  const guests = [throughput('jobs/s'), throughput('GB/s'), throughput('jobs/s')] as unknown as RunResult['guests'];
  const guest = (work: number[], nodeRunS: [number, number][]): Timeline['guests'][number] => ({
    measuredFromNs: 0,
    work,
    nodeRunNs: nodeRunS.map((row) => row.map(seconds)),
    nodeBlocks: work.map(() => [1, 2]),
  });
  const timeline: Timeline = {
    timesNs: [0, seconds(4), seconds(6)],
    guests: [
      guest([0, 10, 13], [[0, 0], [2, 0], [2, 1]]), // prettier-ignore
      guest([0, 80, 90], [[0, 0], [0, 6], [0, 6]]), // prettier-ignore
      guest([0, 2, 7], [[0, 0], [0, 3], [1, 3]]), // prettier-ignore
    ],
    resourceBytes: [[], [], []],
  };
  // jobs: 12 in 4 s, then 3 + 5 in 2 s; GB: 80 in 4 s, then 10 in 2 s; CPU time: 2 and 9 s in 4 s, then 1 and 1 s in 2 s
  const lines = timelineText({ guests }, timeline).split('\n').map((line) => line.trim().split(/ {2,}/)); // prettier-ignore
  expect(lines.slice(2)).toEqual([
    ['from', 'to', 'jobs/s', 'GB/s', 'CPUs busy: node 0', '1'],
    [expect.stringMatching(/^-+$/), ...Array.from({ length: 5 }, () => expect.stringMatching(/^-+$/) as string)],
    ['0 ns', '4 s', '3.000', '20.00', '0.50', '2.25'],
    ['4 s', '6 s', '4.000', '5.000', '0.50', '0.50'],
    [''],
  ]);
});

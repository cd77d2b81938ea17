import { describe, expect, test } from 'vitest';
import { pageInputs } from '../../../experiments/page/page-inputs.ts';
import { groupRuns } from '../../../report/page/run-view.ts';
import { highlights, subtitleOf } from '../../../report/page/summary.ts';
import { comparison, runOf } from './page-fixture.ts';

const other = { ...comparison, seeds: ['1', '2', '3', '4', '5'] };
const source = (name: string, value: unknown): { name: string; text: string } => ({ name, text: JSON.stringify(value) });

describe('comparisons of several files', () => {
  const inputs = pageInputs('numalab report', [source('c1.json', comparison), source('c2.json', [other, other])], [], []);

  test('have their own numbers of seeds', () => {
    expect(subtitleOf(inputs)).toBe('3 comparisons over 3 and 5 seeds.');
  });

  test('are named by their files, which those of one file are not', () => {
    expect(highlights(inputs).map(({ what }) => what)).toEqual([
      'stream, guests = 7 (of c1.json)',
      'stream, guests = 7 (of c2.json)',
      'stream, guests = 7 (of c2.json)',
    ]);
    const one = pageInputs('numalab report', [source('c2.json', [other, other])], [], []);
    expect(highlights(one).map(({ what }) => what)).toEqual(['stream, guests = 7', 'stream, guests = 7']);
  });
});

describe('runs to look into', () => {
  const run = runOf('wander', 'vm0');
  const sized = (memoryBytes: number): typeof run.guests => run.guests.map((guest) => ({ ...guest, memoryBytes }));
  const small = { ...run, guests: sized(64 * 1024 ** 2), setting: { ...run.setting, durationNs: 1e8, hostNoise: 0.5 } };
  const large = { ...run, guests: sized(256 * 1024 ** 2), setting: { ...run.setting, durationNs: 2e8, hostNoise: 0.5 } };
  const titles = (...runs: (typeof run)[]): [string, number][] => groupRuns(runs, []).map(({ title, runs: own }) => [title, own.length]);

  test('of different settings stand apart, with what differs in the title, and only that', () => {
    expect(titles(small, large, { ...large, policy: 'hold' })).toEqual([
      ['stream, 2 guests, on lopsided, seed 7, memory 64 MiB, duration 100 ms', 1],
      ['stream, 2 guests, on lopsided, seed 7, memory 256 MiB, duration 200 ms', 2],
    ]);
  });

  test('of the same settings stand together, without them', () => {
    expect(titles(small, { ...small, policy: 'hold' })).toEqual([['stream, 2 guests, on lopsided, seed 7', 2]]);
  });

  test('that are there twice are shown once, with the timeline if one has it', () => {
    const [group] = groupRuns([{ ...small, timeline: null, command: 'numalab compare' }, small], []);
    expect(group!.runs).toEqual([small]);
  });

  test('that differ in a cost are told by that cost', () => {
    const dear = { ...small, setting: { ...small.setting, costs: { ...small.setting.costs, shootdownNs: 2500 } } };
    expect(titles(small, dear).map(([title]) => title.split('seed 7, ')[1])).toEqual(['costs.shootdown 1.5 us', 'costs.shootdown 2.5 us']);
  });
});

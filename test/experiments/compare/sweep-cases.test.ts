import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sweepCases } from '../../../experiments/compare/sweep-cases.ts';
import { type RunResult, runResult } from '../../../experiments/run-result.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import type { Manifest } from '../../../experiments/sweep/manifest.ts';
import { SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import { session } from '../../cli/session.ts';
import { recordingOf } from '../recording-fixture.ts';
import { registries } from '../scenario-fixtures.ts';

type Words = Record<string, string>;

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** A sweep with a run for each of these words; work is 10 a seed, 1 more under pinned, and 100 a guest. */
function sweepOf(varied: string[], all: Words[], but: (words: Words) => Partial<RunResult> = () => ({})): SweepFolder {
  const path = mkdtempSync(join(tmpdir(), 'numalab-sweep-'));
  folders.push(path);
  const runs = all.map((words, i) => ({ id: String(i).padStart(64, '0'), words }));
  const manifest: Manifest = {
    schemaVersion: 1, version: 'v', code: 'v', commit: null, plan: { name: 'plan.yaml', text: '' }, policies: [], files: [], host: {},
    words: { duration: '2s', memory: '64MiB' }, varied, runs,
  }; // prettier-ignore
  const folder = SweepFolder.create(path, manifest, new Map());
  all.forEach((words, i) => {
    const { policy = 'drift', seed = '1', guests = '1' } = words;
    const scenario = readScenario({ flags: { policy, seed, guests, memory: '64MiB', duration: '2s' } }, registries);
    const work = 10 * Number(seed) + (policy === 'pinned' ? 1 : 0) + 100 * Number(guests);
    folder.put(i, { ...runResult(scenario, recordingOf(scenario, work), 'v'), ...but(words) });
  });
  return folder;
}

const grid = (guests: string[], policies: string[], seeds: string[]): Words[] =>
  guests.flatMap((one) => policies.flatMap((policy) => seeds.map((seed) => ({ guests: one, policy, seed }))));

describe('a sweep over guests, policies and seeds', () => {
  test('has a case for each number of guests, its policies in the order of the sweep', () => {
    const cases = sweepCases(sweepOf(['guests', 'policy', 'seed'], grid(['2', '5'], ['pinned', 'drift'], ['3', '4', '7'])), 'none');
    expect(cases.map(({ label }) => label)).toEqual(['guests = 2', 'guests = 5']);
    const [pinned, drift] = cases[1]!.runs;
    expect([pinned!.policy, pinned!.oracle, drift!.policy]).toEqual(['pinned', true, 'drift']);
    expect(pinned!.outcomes.map(({ seed, parts }) => [seed, parts[0]!.value])).toEqual([['3', 531], ['4', 541], ['7', 571]]); // prettier-ignore
    expect(cases[0]!.first.guests).toHaveLength(2);
  });

  test('is compared by the command, whatever else it might be asked refused', async () => {
    const { path } = sweepOf(['guests', 'policy', 'seed'], grid(['2', '5'], ['drift', 'pinned'], ['3', '4', '7']));
    const { code, out, err, ran } = await session(['compare', '--sweep', path, '--json']);
    expect([code, err, ran]).toEqual([0, '', []]);
    const cases = JSON.parse(out) as { over: string; family: object; policies: { verdict: string; difference: { mean: number } }[] }[];
    expect(cases.map(({ over, policies }) => [over, policies[1]!.verdict, policies[1]!.difference.mean])).toEqual([
      ['guests = 2', 'better', 1],
      ['guests = 5', 'better', 1],
    ]);
    expect(cases[0]!.family).toEqual({ correction: 'Holm', size: 1, cases: 2, spansCases: false });
    expect((await session(['compare', '--sweep', path, '--guests', '3'])).err).toContain('--guests: not with --sweep');
    expect((await session(['compare', '--sweep', path, '--policy', 'drift'])).err).toContain('--policy: not with --sweep');
  });
});

test('options that vary make other policies', () => {
  const all = ['10ms', '30ms'].flatMap((stay) => ['1', '2'].map((seed) => ({ 'policy.stay': stay, policy: `drift:stay=${stay}`, seed })));
  const [one] = sweepCases(sweepOf(['policy.stay', 'seed'], all), 'none');
  expect([one!.label, ...one!.runs.map(({ policy }) => policy)]).toEqual(['', 'drift:stay=10ms', 'drift:stay=30ms']);
});

test('a run that did not end well is told as in any comparison', () => {
  const failed = sweepOf(['policy', 'seed'], grid(['1'], ['drift', 'pinned'], ['1', '2']), ({ policy, seed }) => (policy === 'pinned' && seed === '2' ? { status: 'time-limit', message: 'slow' } : {})); // prettier-ignore
  expect(sweepCases(failed, 'none')[0]!.runs[1]).toMatchObject({ failures: [{ policy: 'pinned', seed: '2', status: 'time-limit' }] });
});

test('what a run told that ended well is kept', () => {
  const told = sweepOf(['policy', 'seed'], grid(['1'], ['drift', 'pinned'], ['1', '2']), ({ policy, seed }) => (policy === 'pinned' && seed === '2' ? { message: 'idle' } : {})); // prettier-ignore
  expect(sweepCases(told, 'none')[0]!.runs.map(({ notes }) => notes)).toEqual([[], [{ policy: 'pinned', seed: '2', message: 'idle' }]]);
});

describe('it refuses', () => {
  test.each([
    ['the same policy in all runs', ['seed'], [{ seed: '1' }, { seed: '2' }], 'its policy is the same in all runs'],
    ['one seed', ['policy'], [{ policy: 'drift' }, { policy: 'pinned' }], 'its seed is the same in all runs'],
    ['other seeds for another policy', ['policy', 'seed'], [...grid(['1'], ['drift'], ['1', '2']), ...grid(['1'], ['pinned'], ['1', '3'])], 'the seeds of drift and pinned differ'],
    ['a case of one policy', ['guests', 'policy', 'seed'], [...grid(['1'], ['drift', 'pinned'], ['1', '2']), ...grid(['2'], ['drift'], ['1', '2'])], 'guests = 2: has drift only'],
    ['a case of one seed', ['guests', 'policy', 'seed'], [...grid(['1'], ['drift', 'pinned'], ['1', '2']), ...grid(['2'], ['drift', 'pinned'], ['1'])], 'guests = 2: has one seed'],
  ])('%s', (_, varied, all, message) => {
    expect(() => sweepCases(sweepOf(varied, all), 'none')).toThrow(message);
  }); // prettier-ignore

  test('results that are missing or damaged', () => {
    const folder = sweepOf(['policy', 'seed'], grid(['1'], ['drift', 'pinned'], ['1', '2']));
    rmSync(folder.resultFile(0));
    writeFileSync(folder.resultFile(3), '{}');
    expect(() => sweepCases(folder, 'none')).toThrow('2 of 4 results are missing or damaged, want a finished sweep');
  });
});

import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { executed, INPUTS, MANIFEST } from '../experiments/sweep/three-runs-fixture.ts';
import { session } from './session.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'numalab-outputs-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

const POLICY = `import { builtIn, type PolicyEntry } from 'numalab/policy';
import { NAME } from './name.ts';
export const policy: PolicyEntry = { name: 'mine', summary: '', source: '', oracle: false, options: [], make: () => builtIn(NAME) };
`;

/** A policy in two files, a scenario, a plan, and the folder of a sweep that is done. */
function write(): void {
  writeFileSync(at('mine.ts'), POLICY);
  writeFileSync(at('name.ts'), `export const NAME = 'pin';\n`);
  writeFileSync(at('s.yaml'), 'workload: lmbench-rd\n');
  writeFileSync(at('run.json'), '{}');
  linkSync(at('run.json'), at('hard.json'));
  const sweep = SweepFolder.create(at('sweep'), MANIFEST, INPUTS);
  MANIFEST.runs.forEach((_, i) => sweep.put(i, executed(sweep.orderOf(i))));
  mkdirSync(at('plan'));
  writeFileSync(at('plan/manifest.json'), '{"grid": {"guests": [1]}}');
}

const COMPARE = 'compare --policy pin --policy @mine.ts --duration 20ms --seeds 2';

test.each([
  ['report @run.json --out @run.json', 'run.json'],
  ['report @run.json --out @hard.json', 'hard.json'],
  ['report @sweep --out @sweep/manifest.json', 'sweep/manifest.json'],
  ['report @run.json @sweep --out @sweep/new/page.html', null],
  ['pack @sweep --out @sweep/manifest.json', 'sweep/manifest.json'],
  ['pack @sweep --out @sweep/new/study.tar.gz', null],
  [`${COMPARE} --out @mine.ts`, 'mine.ts'],
  [`${COMPARE} --html @mine.ts`, 'mine.ts'],
  [`${COMPARE} --out @name.ts`, 'name.ts'],
  [`${COMPARE} --scenario @s.yaml --out @s.yaml`, 's.yaml'],
  ['compare --sweep @sweep --out @sweep/compare.json', null],
  ['compare --sweep @sweep --html @sweep/results.csv', null],
  [`${COMPARE} --out @new/both --html @new/both`, null],
  ['deck --seeds 1 --out @new/both --html @new/both', null],
  ['experiment run packed-streams --seeds 1 --out @new/both --html @new/both', null],
  ['sweep plan @plan/manifest.json --out @plan', 'plan/manifest.json'],
  ['sweep run @plan/manifest.json --out @plan', 'plan/manifest.json'],
])('%s is refused, and nothing is run, changed or made', async (line, file) => {
  write();
  const before = file === null ? null : readFileSync(at(file), 'utf8');
  const { code, out, err } = await session(line.replaceAll('@', `${folder}/`).split(' '), lab('1.2.3'));
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^--(out|html) = .*, want (another|another file|a file outside of it)\n$/);
  if (file !== null) expect(readFileSync(at(file), 'utf8')).toBe(before);
  for (const made of ['new', 'sweep/new', 'sweep/compare.json', 'sweep/results.csv']) expect(existsSync(at(made)), made).toBe(false);
});

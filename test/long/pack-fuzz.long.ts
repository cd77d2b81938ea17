import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { StoreError } from '../../experiments/failures.ts';
import { openStudy } from '../../experiments/pack/study.ts';
import { lab } from '../../cli/lab.ts';
import { InputError } from '../../experiments/input-error.ts';
import { session } from '../cli/session.ts';
import { drawn, mutated } from '../experiments/pack/mutation-fixture.ts';
import { packed, smallStudy } from '../experiments/pack/pack-fixture.ts';

const path = mkdtempSync(join(tmpdir(), 'numalab-fuzz-'));
afterAll(() => rmSync(path, { recursive: true }));

const SEED = 20261126;
const COUNT = 4_000;
const RERUN = 4; // one of so many goes through the whole command

test(`${COUNT} mutations of a pack are opened, or refused in one line, ${COUNT / RERUN} of them by the command, and nothing is written`, async () => {
  const file = join(path, 'pack.tar.gz');
  await packed(await smallStudy(path), file);
  const archive = readFileSync(file);
  const before = readdirSync(path, { recursive: true }).sort();
  const random = drawn(SEED);
  const outcomes = { opened: 0, faults: 0, refused: 0, damaged: 0 };
  for (let i = 0; i < COUNT; i++) {
    const { kind, bytes } = mutated(archive, random);
    writeFileSync(file, bytes);
    const what = `seed ${SEED}, mutation ${i}, ${kind}`;
    if (i % RERUN === 0) {
      const { code, err } = await session(['verify', file, '--runs', '1'], lab('1.2.3'));
      expect([0, 1, 2, 3], `${what}: ${err}`).toContain(code);
      expect(err, what).not.toMatch(/internal error|\n {4}at /);
    }
    try {
      const study = await openStudy(file);
      if (!('manifest' in study)) outcomes.faults++;
      else {
        await study.results(new Set(study.present), () => {});
        outcomes.opened++;
      }
    } catch (error) {
      if (error instanceof InputError) outcomes.refused++;
      else if (error instanceof StoreError) outcomes.damaged++;
      else throw new Error(what, { cause: error });
      expect(error.message, what).toMatch(/^[^\n]+$/);
    }
  }
  expect(readdirSync(path, { recursive: true }).sort()).toEqual(before);
  expect(existsSync('/tmp/escaped')).toBe(false);
  for (const [outcome, count] of Object.entries(outcomes)) expect(count, outcome).toBeGreaterThan(COUNT / 100);
});

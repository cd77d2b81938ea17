import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands } from '../../cli/commands/index.ts';
import * as codes from '../../cli/command.ts';
import { everything } from '../../experiments/everything.ts';
import { readPlan } from '../../experiments/sweep/plan.ts';
import { planned } from '../../experiments/sweep/planned.ts';
import { GuardedRunner } from '../../experiments/user-policy/guarded-runner.ts';

const page = readFileSync(new URL('../../docs/sweeps.md', import.meta.url), 'utf8');
const plans = [...page.matchAll(/```yaml\n([^`]+)```/g)].map(([, text]) => text!);

test('every plan of docs/sweeps.md is as many runs as the page says', async () => {
  const runner = new GuardedRunner();
  const counts: number[] = [];
  for (const text of plans) {
    const { manifest } = await planned(readPlan({ name: 'plan.yaml', text }), everything('1.2.3'), runner, 'code');
    counts.push(new Set(manifest.runs.map(({ id }) => id)).size);
  }
  await runner.close();
  expect(counts).toEqual([12, 4, 16]);
});

test('its commands are there, with their flags', async () => {
  const lines = [...page.matchAll(/(?:numalab )?(sweep (?:plan|run|exec|status))\b([^`\n#]*)/g)];
  expect(lines.length).toBeGreaterThan(6);
  for (const [line, name, rest] of lines) {
    const command = await commands.find((one) => one.name === name)?.load();
    for (const [, flag] of rest!.matchAll(/--([a-z-]+)/g))
      expect(
        command?.flags.map((one) => one.name),
        line,
      ).toContain(flag);
  }
});

test('its exit codes are those of the program, and it is short enough to be read', () => {
  const { DONE, FAILED, BAD_INPUT, DISK_FULL, IN_USE, TRY_AGAIN } = codes;
  const written = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  expect(written).toEqual([DONE, FAILED, BAD_INPUT, DISK_FULL, IN_USE, TRY_AGAIN]);
  expect(page.split('\n').length).toBeLessThan(151);
});

import { unlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pageInputs } from '../../../experiments/page/page-inputs.ts';
import { readSweep } from '../../../experiments/page/sweep-part.ts';
import { page } from '../../../report/page/page.ts';
import { executed, planned, SMALL, temporary } from '../sweep/small-sweep-fixture.ts';

test('damaged results are neither done nor missing: of 12 runs 1 is gone and 2 are damaged, so 9 are done', async () => {
  const { path, remove } = temporary();
  try {
    const folder = await planned(path, SMALL);
    await executed(folder);
    unlinkSync(folder.resultFile(4));
    for (const index of [7, 10]) writeFileSync(folder.resultFile(index), '{');
    const part = readSweep(path);
    expect(part).toMatchObject({ done: 9, damaged: 2, total: 12 });
    const text = page(pageInputs('numalab report', [], [part], []));
    expect(text).toContain('9 of 12 runs done, 2 damaged.');
    expect(text).toContain('sweep plan.yaml: 1 of 12 runs are missing');
    expect(text).toContain('sweep plan.yaml, run 7: its result is damaged');
  } finally {
    remove();
  }
});

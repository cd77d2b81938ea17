import { expect, test } from 'vitest';
import { everything } from '../../../experiments/everything.ts';
import { codeOf, runId } from '../../../experiments/runs/run-id.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';

test('the code is named by version, modules and Node, and is the same each time', () => {
  const code = codeOf('1.2.3');
  expect(code).toMatch(new RegExp(`^1\\.2\\.3\\+[0-9a-f]{12}\\.node${process.versions.node.split('.')[0]}$`));
  expect(codeOf('1.2.3')).toBe(code);
  expect(codeOf('1.2.4')).toBe(code.replace('1.2.3', '1.2.4'));
});

test('an id changes with one figure of the machine, whatever the machine is called', () => {
  const numalab = everything('1.2.3');
  const [first] = numalab.machines;
  const idOn = (memoryGiB: number): string => {
    const value = first!.memoryGiB.value.map((size, node) => (node === 3 ? memoryGiB : size));
    const machine = { ...first!, memoryGiB: { ...first!.memoryGiB, value } };
    return runId(readScenario({ flags: { guests: '2' } }, { ...numalab, machines: [machine] }), {}, 'code');
  };
  const size = first!.memoryGiB.value[3]!;
  expect(idOn(size)).toBe(runId(readScenario({ flags: { guests: '2' } }, numalab), {}, 'code'));
  expect(idOn(size + 1)).not.toBe(idOn(size));
});

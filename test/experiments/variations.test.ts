import { describe, expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { assumedFigures, varied } from '../../experiments/variations.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { figuresOf, isAssumed } from '../../sim/machine-spec.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { workloads } from '../../workloads/index.ts';

const of = (words: Record<string, string>): Scenario => readScenario({ flags: words }, { machines, policies, workloads });
const lopsided = of({ machine: 'lopsided', dom0: '0.5' });

describe('the figures that are asked about', () => {
  test('are those of the machine that nobody measured, every cost in ns, boot, dom0 and host noise', () => {
    const figures = assumedFigures([lopsided]);
    for (const cost of [
      'contextSwitchNs',
      'exitNs',
      'ipiNs',
      'guestFaultNs',
      'hostFaultNs',
      'guestSliceNs',
      'hookNs',
      'helperNs',
      'hintFaultNs',
      'sampleNs',
      'markNs',
      'splitNs',
      'remapNs',
      'shootdownNs',
    ]) {
      expect(figures).toContain(`cost ${cost}`); // prettier-ignore
    }
    expect(figures.slice(-3)).toEqual(['boot', 'dom0', 'host-noise']);
    expect(figures).toContain('machine controllerGBps');
    expect(figures.filter((figure) => /coldCache|copyShare|slit|nextHop|memory/.test(figure))).toEqual([]);
  });

  test('leave out what is not there, or measured, and what moving memory costs where none is moved', () => {
    const quiet = assumedFigures([of({ machine: 'opteron-6164-4s', dom0: '0', 'host-noise': '0', boot: '0' })], false);
    expect(quiet.filter((figure) => ['boot', 'dom0', 'host-noise', 'cost hintFaultNs', 'cost remapNs'].includes(figure))).toEqual([]);
    const opteron = machines.find(({ name }) => name === 'opteron-6164-4s')!;
    const measured = figuresOf(opteron).filter(({ figure }) => !isAssumed(figure)).map(({ name }) => `machine ${name}`); // prettier-ignore
    expect(measured.length).toBeGreaterThan(0);
    expect(quiet.filter((figure) => measured.includes(figure))).toEqual([]);
  });
});

describe('a figure a fifth more', () => {
  test.each(assumedFigures([lopsided]).map((figure) => [figure]))('%s changes that and nothing else', (figure) => {
    const changed = varied(lopsided, { figure, factor: 1.2 });
    const [kind, name] = figure.split(' ') as [string, string];
    if (kind === 'machine') {
      const before = lopsided.machine.spec as unknown as Record<string, unknown>;
      const after = changed.machine.spec as unknown as Record<string, unknown>;
      expect(Object.keys(before).filter((key) => after[key] !== before[key])).toEqual([name]);
      expect({ ...changed, machine: lopsided.machine }).toEqual(lopsided);
      expect(changed.machine).not.toBe(lopsided.machine);
    } else if (kind === 'cost') {
      const cost = name as 'exitNs';
      expect(changed.costs[cost]).toBe(Math.round(lopsided.costs[cost] * 1.2));
      expect({ ...changed, costs: { ...changed.costs, [cost]: lopsided.costs[cost] } }).toEqual(lopsided);
    } else expect(changed).not.toEqual(lopsided);
  });

  test('of the machine scales every number of it; links keep their ends', () => {
    const links = varied(lopsided, { figure: 'machine links', factor: 0.5 }).machine.spec.links.value;
    const before = lopsided.machine.spec.links.value;
    expect(links).toEqual(before.map((link) => ({ ...link, capacityGBps: link.capacityGBps / 2 })));
    const { latencyNs } = varied(lopsided, { figure: 'machine latencyNs', factor: 2 }).machine.spec;
    expect(latencyNs.value).toEqual(lopsided.machine.spec.latencyNs.value.map((row) => row.map((ns) => 2 * ns)));
  });

  test('of the machine is made once, and only where it is assumed', () => {
    const once = varied(lopsided, { figure: 'machine llcBytes', factor: 1.2 }).machine;
    expect(varied(lopsided, { figure: 'machine llcBytes', factor: 1.2 }).machine).toBe(once);
    expect(varied(lopsided, { figure: 'machine llcBytes', factor: 0.8 }).machine).not.toBe(once);
    const opteron = of({ machine: 'opteron-6164-4s' });
    const measured = figuresOf(opteron.machine.spec).find(({ figure }) => !isAssumed(figure))!;
    expect(varied(opteron, { figure: `machine ${measured.name}`, factor: 1.2 })).toEqual(opteron);
  });

  test('a boot that touches all cannot touch more', () => {
    const full = of({ machine: 'lopsided', boot: '0.9' });
    expect(varied(full, { figure: 'boot', factor: 1.2 }).guests[0]!.bootShare).toBe(1);
  });
});

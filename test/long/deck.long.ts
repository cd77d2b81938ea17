import { describe, expect, test } from 'vitest';
import { cellScenario, type ChartResult, runChart } from '../../experiments/chart.ts';
import { charts, deck } from '../../experiments/deck.ts';
import { deckResult } from '../../experiments/deck-result.ts';
import { compareSeries, deckFindings, type Finding } from '../../experiments/findings.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { canonicalJson } from '../../report/json.ts';
import { run } from '../../sim/engine.ts';
import { workloads } from '../../workloads/index.ts';

const lab = { machines, policies, workloads, run };
const SEEDS = ['1', '2', '3', '4', '5'];
const seeds = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1));

function result(name: string, of: readonly string[] = SEEDS): ChartResult {
  const chart = charts.find((one) => one.name === name)!;
  return runChart(chart, 'reduced', of, lab, () => {});
}

describe('the deck', () => {
  test('has its ten charts by the names of the deck', () => {
    expect(deck.map(({ name }) => name)).toEqual([
      'lmbench-rd-kvm-unpinned',
      'lmbench-rd-kvm-numactl',
      'lmbench-lat-kvm-unpinned',
      'lmbench-lat-kvm-numactl',
      'lmbench-rd-xen-off',
      'lmbench-rd-xen-on',
      'kernbench-xen-1vcpu',
      'kernbench-xen-2vcpu',
      'kernbench-kvm-7-guests',
      'kernbench-xen',
    ]);
  });

  test.each(charts.map((chart) => [chart.name, chart] as const))(
    '%s gives words that a run accepts, in both sizes, no point twice',
    (_, chart) => {
      for (const size of ['reduced', 'full'] as const) {
        const cells = chart.cells(size);
        for (const cell of cells) expect(() => cellScenario(cell, lab), JSON.stringify(cell.words)).not.toThrow();
        expect(new Set(cells.map(({ series, x }) => `${series} ${x}`)).size).toBe(cells.length);
      }
    },
  );
});

describe('guests held on a node with their memory, against guests that wander', () => {
  const rd = compareSeries(result('lmbench-rd-kvm-unpinned'), 'kvm-unpinned', result('lmbench-rd-kvm-numactl'), 'kvm-numactl');

  test('read at least as fast from 1 to 48 guests, within the interval', () => {
    expect(rd.map(({ x }) => x)).toEqual([1, 6, 12, 24, 48]);
    for (const { x, gain } of rd) expect(gain.high, `${x} guests`).toBeGreaterThanOrEqual(1);
  });

  test('read clearly faster where many wander and nodes are not yet full, and what they save is distance', () => {
    for (const { x, gain, causes } of rd.filter((one) => one.x >= 6 && one.x <= 24)) {
      expect(gain.low, `${x} guests`).toBeGreaterThan(1.02);
      expect(causes[0]!.cause, `${x} guests`).toBe('distance');
      expect(causes[0]!.change, `${x} guests`).toBeLessThan(-0.05);
    }
  });

  test('wait for memory as briefly or more so, for distance again', () => {
    const lat = deckFindings([result('lmbench-lat-kvm-unpinned'), result('lmbench-lat-kvm-numactl')]);
    expect(lat.map(({ baseline }) => baseline)).toEqual(['1 guest', '12 guests', '48 guests']);
    for (const { baseline, gain } of lat) expect(gain.high, baseline).toBeGreaterThanOrEqual(1);
    const full = lat[2]!;
    expect(full.gain.low).toBeGreaterThan(1.02);
    expect(full.causes[0]!.cause).toBe('distance');
  });

  test('compile a little faster', () => {
    const found = gains('kernbench-kvm-7-guests');
    for (const { x, gain } of found) expect(gain.mean, `${x} vCPUs`).toBeGreaterThan(1);
    expect(Math.max(...found.map(({ gain }) => gain.mean))).toBeLessThan(1.2); // a compile is bound by its core
  });
});

describe('where the favourite should lose, it does', () => {
  test('one guest of many streaming vCPUs is slower packed on a node, for its controller', () => {
    // two do not fill it, and spared the way to other nodes they gain
    for (const { x, gain, causes } of gains('packed-streams').filter((one) => one.x > 2)) {
      expect(gain.high, `${x} vCPUs`).toBeLessThan(0.95);
      expect(causes[0]!.cause, `${x} vCPUs`).toBe('queueController');
      expect(causes[0]!.change, `${x} vCPUs`).toBeGreaterThan(0.1);
    }
  });

  test('guests that only compute gain nothing', () => {
    for (const { x, gain } of gains('compute-bound')) expect(Math.abs(gain.mean - 1), `${x} guests`).toBeLessThan(0.01); // balancing moves them now and then
  });
});

describe('numa=on against numa=off', () => {
  test.each([
    [1, 1.2],
    [7, 1.6],
    [15, 1.4],
  ])('%i guests read more than %f times as much in all, over 20 seeds', (guests, least) => {
    const total = (policy: string): number =>
      seeds(20)
        .map((seed) => {
          const words = { policy, seed, guests: String(guests), kind: 'xen-hvm', workload: 'lmbench-rd:size=64MiB', duration: '500ms' };
          return run(readScenario({ flags: words }, lab)).total.throughput.value;
        })
        .reduce((sum, value) => sum + value, 0);
    expect(total('xen-numa-on') / total('xen-numa-off')).toBeGreaterThan(least);
  });

  test.each(['kernbench-xen-1vcpu', 'kernbench-xen-2vcpu'])('%s: a compile gains a little', (name) => {
    for (const { x, gain } of gains(name)) {
      expect(gain.low, `${x} guests`).toBeGreaterThan(1);
      expect(gain.mean, `${x} guests`).toBeLessThan(1.2);
    }
  });
});

test('a result is JSON without holes, also from a single seed, and tells how to run each point again', () => {
  const chart = result('compute-bound', ['7']);
  const findings = deckFindings([chart]);
  expect(findings).toHaveLength(5);
  const json = JSON.parse(
    JSON.stringify(deckResult('1.2.3', [chart], findings, { command: 'numalab deck', code: 'c0de', machines: [], examples: [] })),
  ) as {
    charts: { points: { words: Record<string, string> }[] }[];
  };
  expect(() => canonicalJson(json)).not.toThrow();
  expect(json.charts[0]!.points[1]!.words).toEqual({ policy: 'kvm-unpinned', workload: 'compute', guests: '6', duration: '800ms' });
});

/** The second series of a chart against the first. */
function gains(name: string): Finding[] {
  const found = deckFindings([result(name)]);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

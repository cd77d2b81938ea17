import { describe, expect, test } from 'vitest';
import { cellScenario } from '../../../experiments/chart.ts';
import { baseNamed, sentAstray, sentAway, travelling } from '../../../experiments/questions/itinerary.ts';
import { trips } from '../../../experiments/questions/trips.ts';
import { machines } from '../../../machines/index.ts';
import { policies } from '../../../policies/index.ts';
import type { PolicyEntry } from '../../../sim/policy-api.ts';
import { run } from '../../../sim/engine.ts';
import type { Recording } from '../../../sim/recording.ts';
import { ms } from '../../../sim/units.ts';
import { workloads } from '../../../workloads/index.ts';
import type { Tree } from '../../../experiments/yaml-tree.ts';

const own = [...trips, sentAway('kvm-eevdf'), sentAstray('kvm-eevdf'), sentAstray('apart')];

function runWith(words: Record<string, Tree>, also: readonly PolicyEntry[] = []): Recording {
  const scenario = cellScenario({ words: { boot: '0', 'host-noise': '0', memory: '1GiB', ...words } }, { machines, policies: [...policies, ...own, ...also], workloads }); // prettier-ignore
  return run(scenario);
}

/** 64 MiB are taken in 16384 * 1.5 us = 25 ms and what memory takes; from then on it is measured. */
const HOT_SET = 'hot-set:size=64MiB,heat=uniform';

describe('guests that are sent away', () => {
  test('are at home, with all memory there, until then, and far from it afterwards', () => {
    const { guests } = runWith({ policy: 'away-kvm-eevdf:at=100ms', workload: HOT_SET, guests: '2', duration: '1s' });
    for (const { accessesByHop, blocksByNode, migrations } of guests) {
      expect(blocksByNode.filter((blocks) => blocks > 0)).toHaveLength(1);
      expect(accessesByHop.twoHop).toBeGreaterThan(5 * accessesByHop.local); // for 0.9 s and 0.07 s, each access taking about twice as long
      expect(accessesByHop.local).toBeGreaterThan(0);
      expect(accessesByHop.oneHop + accessesByHop.sameSocket).toBe(0);
      expect(migrations.socket).toBe(1);
    }
    expect(new Set(guests.map(({ blocksByNode }) => blocksByNode.findIndex((blocks) => blocks > 0))).size).toBe(2);
  });

  test('for a while come home again', () => {
    const words = { workload: HOT_SET, duration: '1s' };
    const [short, long] = ['50ms', '500ms'].map((away) => runWith({ ...words, policy: `leave:leaves=100ms,away=${away}` }).total);
    expect(short!.migrations.socket).toBe(2);
    expect(short!.accessesByHop.twoHop).toBeGreaterThan(0);
    // ten times as long, but each begins with a cold cache, whose lines are fetched too
    const times = long!.accessesByHop.twoHop / short!.accessesByHop.twoHop;
    expect(times).toBeGreaterThan(8);
    expect(times).toBeLessThan(10);
  });

  test('astray are free: soft homes call them back, without any they stay where they are', () => {
    const words = { workload: HOT_SET, duration: '1s' };
    expect(runWith({ ...words, policy: 'astray-apart:at=100ms' }).total.remoteRatio).toBeLessThan(0.05);
    expect(runWith({ ...words, policy: 'astray-kvm-eevdf:at=100ms' }).total.remoteRatio).toBeGreaterThan(0.8);
  });

  test('leave those who share the home of the first where it is', () => {
    const { guests } = runWith({
      policy: 'astray-kvm-eevdf:at=100ms,of=1',
      duration: '300ms',
      workload: HOT_SET,
      guests: [{ name: 'subject' }, { name: 'other' }],
    });
    const nodes = guests.map(({ blocksByNode }) => blocksByNode.findIndex((blocks) => blocks > 0));
    expect(nodes[0]).toBe(nodes[1]);
    expect(guests.map(({ migrations }) => migrations.socket > 0)).toEqual([true, false]);
  });
});

test('memory of guests that the rule is not for stays where it is', () => {
  const guests = [{ name: 'traveller' }, { name: 'stream' }];
  const recording = runWith({ policy: 'move:leaves=100ms,away=2s,settles=100ms,period=10ms,half-life=100ms,sample=512', workload: HOT_SET, duration: '1s', guests }); // prettier-ignore
  expect(recording.guests.map(({ pageMoves }) => pageMoves > 0)).toEqual([true, false]);
});

test('a leg begins at its time, in order, and the last one lasts', () => {
  const zigzag = travelling({
    name: 'zigzag',
    summary: '',
    base: baseNamed('kvm-eevdf'),
    options: [],
    itinerary: () => [
      { atNs: ms(50), where: 'away' },
      { atNs: ms(60), where: 'home' },
      { atNs: ms(70), where: 'away' },
    ],
  });
  const { total } = runWith({ policy: 'zigzag', workload: 'compute', duration: '200ms' }, [zigzag]);
  expect(total.migrations.socket).toBe(3);
});

test('an unknown base is refused', () => {
  expect(() => sentAway('kvm-evdf')).toThrow('policy kvm-evdf: unknown');
});

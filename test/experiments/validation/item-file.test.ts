import { describe, expect, test } from 'vitest';
import { readItems } from '../../../experiments/validation/item-file.ts';

const GOOD = `
items:
  - id: mine-1
    machine: a machine
    workload: some work
    metric: pinned over floating
    value: [1.2, 0.9]
    labels: [reads, writes]
    accept: ±10%
    class: B
    source: a paper, table 3
    scenario:
      seeds: 3
      words: {machine: lopsided, duration: 5ms}
      runs:
        pinned: {policy: pin}
        floating: [{policy: kvm-unpinned}, {policy: random}]
      values: [pinned.throughput / floating.throughput, "1"]
`;

test('a file of items is read as it is written, numbers as numbers', () => {
  const [item] = readItems('mine.yaml', GOOD);
  expect(item).toMatchObject({ id: 'mine-1', value: [1.2, 0.9], class: 'B', labels: ['reads', 'writes'] });
  expect(item!.scenario).toMatchObject({ seeds: 3, words: { machine: 'lopsided', duration: '5ms' } });
  expect(item!.scenario!.runs.floating).toHaveLength(2);
});

test('an item of a published list that is not simulated says why', () => {
  const text = '{"items": [{"id": "P14", "machine": "m", "workload": "w", "metric": "t", "value": 0.407, "accept": "±25%", "class": "C", "source": "s", "skipped": "no AutoNUMA", "raw": [1, 2]}]}'; // prettier-ignore
  expect(readItems('list.json', text)[0]).toMatchObject({ value: 0.407, skipped: 'no AutoNUMA' });
});

describe('a file is refused in one line with its place', () => {
  const changed = (from: string, to: string): string => GOOD.replace(from, to);
  test.each([
    ['items of another name', changed('items:', 'rows:'), 'mine.yaml:2:1: items: missing, want a list of items'],
    ['a value that is no number', changed('1.2', 'much'), 'mine.yaml:7:13: items.0.value'],
    ['a class of its own', changed('class: B', 'class: D'), 'mine.yaml:10:12: items.0.class'],
    ['a band that is not understood', changed('±10%', 'roughly'), 'mine.yaml:3:5: mine-1: accept = roughly'],
    ['a run that is not there', changed('pinned.throughput', 'pined.throughput'), 'scenario.values: pined, want one of pinned, floating'],
    ['fewer values than published', changed(', "1"]', ']'), 'scenario.values: 1 for 2 published'],
    ['labels for other values', changed('[reads, writes]', '[reads]'), 'labels: 1 for 2 values'],
    ['no seeds', changed('seeds: 3', 'seeds: 0'), 'scenario.seeds = 0, want 1 to 1000'],
    ['a word too many', changed('seeds: 3', 'sedes: 3'), 'unknown: sedes'],
    ['an id twice', GOOD + GOOD.replace('\nitems:', ''), 'mine-1: id: given twice'],
    ['neither a scenario nor a reason', changed(/ {4}scenario:[^]*/.exec(GOOD)![0], ''), 'want either a scenario or, in skipped, why not'],
  ])('%s', (_, text, message) => {
    expect(() => readItems('mine.yaml', text)).toThrow(message);
  });
});

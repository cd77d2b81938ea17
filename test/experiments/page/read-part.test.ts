import { describe, expect, test } from 'vitest';
import { readPart } from '../../../experiments/page/read-part.ts';
import { comparison, deck, runOf } from '../../report/page/page-fixture.ts';

const read = (value: unknown): ReturnType<typeof readPart> => readPart({ name: 'a.json', text: JSON.stringify(value) });

/** A copy with one value changed, by its path. */
function changed(value: object, path: readonly (string | number)[], to: unknown): object {
  const copy = structuredClone(value) as Record<string | number, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1)!] = to;
  return copy;
}

describe('a file of results', () => {
  test('is known by what it holds', () => {
    expect(read(deck).kind).toBe('deck');
    expect(read(comparison)).toMatchObject({ kind: 'comparisons', comparisons: [{ over: 'guests = 7' }] });
    expect(read([comparison, comparison])).toMatchObject({ kind: 'comparisons', comparisons: { length: 2 } });
    expect(read(runOf('wander', 'vm0')).kind).toBe('run');
    expect(read({ id: 'f00', result: runOf('wander', 'vm0'), sha256: 'c0de' }).kind).toBe('run'); // of a sweep's folder
  });

  test('may begin with a byte order mark, and hold more than is read', () => {
    expect(readPart({ name: 'a.json', text: `\uFEFF${JSON.stringify({ ...deck, news: 1 })}` }).kind).toBe('deck');
  });

  test('of an older deck, which named no axes, still reads', () => {
    const { xLabel: _x, yLabel: _y, isLog: _l, xIsBytes: _b, ...older } = deck.charts[0]!;
    expect(read({ ...deck, charts: [older] }).kind).toBe('deck');
  });

  test.each([
    ['', 'a.json: is empty, want the JSON of'],
    ['{"charts": [', 'a.json: is no JSON ('],
    ['[]', 'a.json: holds a list of 0 of another kind, want the JSON of'],
    ['"charts"', 'a.json: holds charts of another kind'],
    ['null', 'a.json: holds null of another kind'],
    ['{"__proto__": {"charts": 1}}', 'a.json: holds a mapping of another kind'],
  ])('that reads %s is refused', (text, message) => {
    expect(() => readPart({ name: 'a.json', text })).toThrow(message);
  });

  test.each([
    [deck, ['charts', 0, 'points', 1, 'mean', 'mean'], 'fast', 'a.json: charts[0].points[1].mean.mean = fast, want number'],
    [deck, ['charts', 1, 'points'], [], 'a.json: charts[1].points = a list of 0, want'],
    [deck, ['schemaVersion'], 2, 'a.json: schemaVersion = 2, want 1'],
    [comparison, ['policies', 2, 'mean'], null, 'a.json: policies[2].mean = null, want object'],
    [comparison, ['level'], 1, 'a.json: level = 1, want'],
    [runOf('w', 'v'), ['simulatedNs'], 0, 'a.json: simulatedNs = 0, want'],
    [runOf('w', 'v'), ['linesByPair'], [1, 2, 3], 'a.json: linesByPair = a list of 3, want a square of the number of nodes'],
    [runOf('w', 'v'), ['guests', 1, 'blocksByNode'], [1], 'a.json: guests[1].blocksByNode = a list of 1, want 3'],
    [runOf('w', 'v'), ['timeline', 'guests'], [], 'a.json: timeline.guests = a list of 0, want 2'],
    [runOf('w', 'v'), ['timeline', 'guests', 1, 'nodeRunNs', 4], [1, 2], 'a.json: timeline.guests[1].nodeRunNs[4] = a list of 2, want 3'],
    [runOf('w', 'v'), ['timeline', 'resourceBytes', 2], [], 'a.json: timeline.resourceBytes[2] = a list of 0, want 14'],
  ] as [object, (string | number)[], unknown, string][])('with another value at one place is refused: %#', (whole, path, to, message) => {
    expect(() => read(changed(whole, path, to))).toThrow(message);
  });

  test('that brings a damaged example is refused with the place in it', () => {
    const run = { ...runOf('w', 'v'), linesByPair: [1, 2] };
    expect(() => read({ ...deck, examples: [runOf('w', 'v'), run] })).toThrow('a.json: examples[1].linesByPair = a list of 2');
    expect(() => read([comparison, { ...comparison, examples: [run] }])).toThrow('a.json: [1].examples[0].linesByPair = a list of 2');
  });

  test('tells a hostile value in one line', () => {
    expect(() => read(changed(deck, ['version'], ['\u001b[31m\n']))).toThrow(/^a\.json: version = a list of 1, want string$/);
    expect(() => readPart({ name: 'a\u001b\n.json', text: '{' })).toThrow(/^a\\u\{1b\}\\u\{a\}\.json: is no JSON/);
  });
});

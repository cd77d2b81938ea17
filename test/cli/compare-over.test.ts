import { expect, test } from 'vitest';
import { session } from './session.ts';

const BASE = 'compare --policy drift --policy pinned --workload stare --duration 20ms --seeds 2';

test('--over compares once for each value of a word, each under its name', async () => {
  const { code, out, err } = await session(`${BASE} --over guests=1,3`.split(' '));
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^guests = 1\n[^]*\nguests = 3\n/);
  const { out: json } = await session(`${BASE} --over guests=1,3 --json`.split(' '));
  expect((JSON.parse(json) as { over: string }[]).map(({ over }) => over)).toEqual(['guests = 1', 'guests = 3']);
});

test.each([
  ['guest=1,2', 'did you mean guests?'],
  ['guests=1', 'want two or more different values'],
  ['guests=2,2', 'want two or more different values'],
  ['guests', 'want two or more different values'],
  ['seed=1,2', 'want another word: each case runs the same seeds'],
  ['policy=pin,apart', 'want a word and its values'],
])('--over %s is refused before anything runs', async (over, wanted) => {
  const { code, out, err } = await session(`${BASE} --over ${over}`.split(' '));
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(wanted);
});

test('a value that no run takes is refused, with the flag it would have been', async () => {
  const { code, out, err } = await session(`${BASE} --over guests=3,0`.split(' '));
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('--guests = 0');
});

import { expect, test } from 'vitest';
import { ruleInWords } from '../../../experiments/placement/memory-rule.ts';
import type { Places } from '../../../sim/recording.ts';

const rule = (name: string, fallback: Places['memory']['fallback'], more: Partial<Places['memory']> = {}): Places['memory'] => {
  return { name, fallback, backs: 'first-touch', movesPages: false, ...more };
};
const texts = (notes: readonly { readonly text: string }[]): string[] => notes.map(({ text }) => text);

test('preferred is one node, the first; preferred-many all of them, and tells who takes the first alone', () => {
  expect(ruleInWords(rule('preferred', 'distance'), [4, 2], [0, 2, 4]).binding).toEqual({ mode: 'preferred', nodes: [4] });
  const { binding, notes } = ruleInWords(rule('preferred-many', 'distance'), [4, 2], [0, 2, 4]);
  expect(binding).toEqual({ mode: 'preferred', nodes: [4, 2] });
  expect(texts(notes)).toEqual(['Linux before 5.15, and tools from before it, take only the first of several preferred nodes']);
  expect(ruleInWords(rule('preferred-many', 'distance'), [4], [0, 2, 4]).notes).toEqual([]);
});

test('interleaving for no node in particular goes over all of them, by their ids; binding then says nothing', () => {
  expect(ruleInWords(rule('interleave', 'distance'), [], [0, 2, 4])).toMatchObject({ text: 'interleave on nodes 0,2,4', binding: { mode: 'interleave', nodes: [0, 2, 4] } }); // prettier-ignore
  expect(ruleInWords(rule('weighted-interleave', 'distance'), [], [0, 2, 4])).toMatchObject({ binding: null, numactl: '--weighted-interleave=0,2,4' }); // prettier-ignore
  expect(ruleInWords(rule('bind', 'within'), [], [0, 2])).toEqual({ text: 'bind of a guest placed nowhere: first touch', binding: null, numactl: null, notes: [] }); // prettier-ignore
});

test.each([
  ['falls back otherwise', rule('bind', 'distance')],
  ['backs at build', rule('bind', 'within', { backs: 'at-build' })],
])('a rule that has the name of another and %s has no word', (_, memory) => {
  const { binding, numactl, notes } = ruleInWords(memory, [3], [0, 3]);
  expect([binding, numactl]).toEqual([null, null]);
  expect(texts(notes)[0]).toMatch(/^memory goes by the rule "bind", meant for node 3.*: there is no word for that here$/);
});

test('pages that move are told beside whatever is said', () => {
  const moved = 'memory is moved while the guest runs, which no tool here is told to do';
  expect(texts(ruleInWords(rule('first-touch', 'distance', { movesPages: true }), [], [0]).notes)).toEqual([moved]);
  expect(texts(ruleInWords(rule('bind', 'within', { movesPages: true }), [0], [0]).notes)).toEqual([moved]);
});

import { describe, expect, test } from 'vitest';
import { formatNamed, parseNamed } from '../../experiments/named-options.ts';
import { formatList, listOption, type OptionSpec, parseList } from '../../sim/options.ts';

const nodes: OptionSpec = { name: 'nodes', summary: '', kind: 'list', default: 'all', choices: ['all'], max: 9 };
const weights: OptionSpec = { name: 'weights', summary: '', kind: 'list', default: '1', min: 1 };
const entries = [{ name: 'bind', options: [nodes, weights] }];

describe('a list of numbers', () => {
  test.each([
    ['3', [3]],
    ['0-2+5', [0, 1, 2, 5]],
    ['7+0-0+2', [7, 0, 2]],
    ['1+1', [1, 1]],
  ])('%s is read in the order written', (text, numbers) => {
    expect(parseList(text)).toEqual(numbers);
  });

  test.each(['', '+', '1,2', '2-1', '-1', '01', '1-', '1.5', 'a', '0-70000', '0-9999999'])('"%s" is none', (text) => {
    expect(parseList(text)).toBeNull();
  });

  test('has one shortest writing', () => {
    expect([[0, 1, 2, 5], [2, 1], [4, 4, 5], [7]].map(formatList)).toEqual(['0-2+5', '2+1', '4+4-5', '7']); // prettier-ignore
  });
});

describe('an option that is a list', () => {
  test('is kept in its shortest writing, so that equal policies have equal names', () => {
    const { entry, options } = parseNamed('bind:nodes=0+1+2+7,weights=3+1', entries);
    expect([options.nodes, listOption(options, 'nodes'), listOption(options, 'weights')]).toEqual(['0-2+7', [0, 1, 2, 7], [3, 1]]);
    expect(formatNamed(entry, options)).toBe('bind:nodes=0-2+7,weights=3+1');
  });

  test('may be a word in its place', () => {
    expect(listOption(parseNamed('bind', entries).options, 'nodes')).toBe('all');
    expect(listOption(parseNamed('bind:nodes=all', entries).options, 'nodes')).toBe('all');
  });

  test.each([
    ['bind:nodes=0-10', 'want for nodes whole numbers from 0 to 9 and ranges of them such as 0-2+5, or all'],
    ['bind:nodes=any', 'want for nodes whole numbers from 0 to 9 and ranges of them such as 0-2+5, or all'],
    ['bind:weights=0', 'want for weights whole numbers from 1 on and ranges of them such as 0-2+5'],
  ])('%s is refused with what was wanted', (text, message) => {
    expect(() => parseNamed(text, entries)).toThrow(message);
  });
});

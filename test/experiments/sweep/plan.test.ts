import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuantity } from '../../../experiments/quantities.ts';
import { InputError } from '../../../experiments/input-error.ts';
import { MAX_RUNS } from '../../../experiments/sweep/plan-axis.ts';
import { type Plan, readPlan, variedOf } from '../../../experiments/sweep/plan.ts';
import type { RunWords } from '../../../experiments/runs/run-order.ts';

function planOf(text: string): Plan {
  return readPlan({ name: 'plan.yaml', text });
}

function runsOf(text: string): RunWords[] {
  const plan = planOf(text);
  return Array.from({ length: plan.runCount }, (_, index) => variedOf(plan, index));
}

function refusal(text: string): string {
  try {
    planOf(text);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error(`not refused: ${text.slice(0, 200)}`);
}

describe('a plan', () => {
  test('without parts is one run of its words', () => {
    const plan = planOf('policy: apart\nguests: 7\ncosts: {hook: 20ns}\n');
    expect([plan.runCount, plan.words, variedOf(plan, 0)]).toEqual([1, { policy: 'apart', guests: '7', costs: { hook: '20ns' } }, {}]);
  });

  test('with a grid combines each word with each other, the first varying slowest', () => {
    expect(runsOf('grid: {policy: [apart, xl-credit], guests: [1, 7, 15]}')).toEqual([
      { policy: 'apart', guests: '1' },
      { policy: 'apart', guests: '7' },
      { policy: 'apart', guests: '15' },
      { policy: 'xl-credit', guests: '1' },
      { policy: 'xl-credit', guests: '7' },
      { policy: 'xl-credit', guests: '15' },
    ]);
  });

  test('takes a range for the numbers in it, also inside a list', () => {
    expect(runsOf('grid: {seed: 3..5}').map(({ seed }) => seed)).toEqual(['3', '4', '5']);
    expect(runsOf('grid: {guests: [1, 5..6, 12]}').map(({ guests }) => guests)).toEqual(['1', '5', '6', '12']);
  });

  test('with a zip goes through its words in step', () => {
    expect(runsOf('zip: {guests: [1, 7], memory: [8GiB, 2GiB]}')).toEqual([
      { guests: '1', memory: '8GiB' },
      { guests: '7', memory: '2GiB' },
    ]);
  });

  test('with a list has just its cases, which may have different words; a mapping of costs is one word for each cost', () => {
    expect(runsOf('list:\n- {policy: apart, costs: {hook: 1us, ipi: 2us}}\n- {costs.hook: 0, seed: 2}')).toEqual([
      { policy: 'apart', 'costs.hook': '1us', 'costs.ipi': '2us' },
      { 'costs.hook': '0', seed: '2' },
    ]);
  });

  test('of several parts combines them in the order they are written', () => {
    const text = 'zip: {guests: [1, 7], memory: [8GiB, 2GiB]}\nlist: [{policy: apart}, {policy: xl-credit}]\ngrid: {seed: 1..2}';
    expect(runsOf(text).map(({ guests, policy, seed }) => `${guests} ${policy} ${seed}`)).toEqual([
      '1 apart 1',
      '1 apart 2',
      '1 xl-credit 1',
      '1 xl-credit 2',
      '7 apart 1',
      '7 apart 2',
      '7 xl-credit 1',
      '7 xl-credit 2',
    ]);
  });

  test('may vary whole lists of guests, and options of the policy and the workload', () => {
    expect(runsOf('policy: apart\ngrid: {guests: [2, [{name: a, vcpus: 2}, {name: b}]], policy.margin: [0.1, 0.2]}')).toEqual([
      { guests: '2', 'policy.margin': '0.1' },
      { guests: '2', 'policy.margin': '0.2' },
      { guests: [{ name: 'a', vcpus: '2' }, { name: 'b' }], 'policy.margin': '0.1' },
      { guests: [{ name: 'a', vcpus: '2' }, { name: 'b' }], 'policy.margin': '0.2' },
    ]);
  });
});

describe('draws', () => {
  const words = 'host-noise: {from: 0, to: 2}, costs.hook: {from: 10ns, to: 1us, scale: log}, guests: {from: 1, to: 48, whole: true}';

  test('keep to their range and unit, and are words as a person would write them', () => {
    for (const part of ['random', 'latin-hypercube']) {
      const runs = runsOf(
        `${part}: {count: 200, seed: 7, words: {${words}, policy: {of: [apart, xl-credit]}, memory: {from: 1GiB, to: 4GiB, step: 512MiB}}}`,
      );
      expect(runs).toHaveLength(200);
      for (const run of runs) {
        const within = (kind: 'share' | 'time' | 'count' | 'bytes', word: string, low: number, high: number): void => {
          const value = parseQuantity(kind, run[word] as string);
          expect(value, `${word} ${String(run[word])}`).not.toBeNull();
          expect(value! >= low && value! <= high, `${word} ${String(run[word])}`).toBe(true);
        };
        within('share', 'host-noise', 0, 2);
        within('time', 'costs.hook', 10, 1000);
        within('count', 'guests', 1, 48);
        within('bytes', 'memory', 1024 ** 3, 4 * 1024 ** 3);
        expect(parseQuantity('bytes', run.memory as string)! % (512 * 1024 ** 2)).toBe(0);
        expect(['apart', 'xl-credit']).toContain(run.policy);
        expect((run['host-noise'] as string).length).toBeLessThan(12);
      }
    }
  });

  test('of a word are the same whatever else is drawn, and others for another seed', () => {
    const noise = (text: string): unknown[] => runsOf(text).map((run) => run['host-noise']);
    const alone = noise('random: {count: 9, seed: 7, words: {host-noise: {from: 0, to: 2}}}');
    expect(noise(`random: {count: 9, seed: 7, words: {guests: {from: 1, to: 9, whole: true}, host-noise: {from: 0, to: 2}}}`)).toEqual(
      alone,
    );
    expect(noise('random: {count: 9, seed: 8, words: {host-noise: {from: 0, to: 2}}}')).not.toEqual(alone);
  });

  test.each([1, 2, 7, 50, 1000])('of a Latin hypercube of %i meet each part of every range once', (count) => {
    const runs = runsOf(
      `latin-hypercube: {count: ${count}, seed: 3, words: {host-noise: {from: 1, to: 3}, dom0: {from: 0.1, to: 10, scale: log}}}`,
    );
    const all = Array.from({ length: count }, (_, part) => part);
    const partsOf = (word: string, share: (value: number) => number): number[] =>
      runs.map((run) => Math.floor(share(Number(run[word])) * count)).sort((a, b) => a - b);
    expect(partsOf('host-noise', (value) => (value - 1) / 2)).toEqual(all);
    expect(partsOf('dom0', (value) => Math.log(value / 0.1) / Math.log(100))).toEqual(all); // 0.1 to 10 is two decades
    if (count >= 50) {
      const order = runs.map((run) => Number(run['host-noise']));
      expect(order).not.toEqual([...order].sort((a, b) => a - b));
    }
  });

  test('of a Latin hypercube spread choices and whole numbers evenly', () => {
    const runs = runsOf('latin-hypercube: {count: 12, words: {policy: {of: [a, b, c]}, guests: {from: 1, to: 4, whole: true}}}');
    const counts = (word: string): Record<string, number> => Object.fromEntries([...new Set(runs.map((run) => run[word] as string))].sort().map((value) => [value, runs.filter((run) => run[word] === value).length])); // prettier-ignore
    expect(counts('policy')).toEqual({ a: 4, b: 4, c: 4 });
    expect(counts('guests')).toEqual({ 1: 3, 2: 3, 3: 3, 4: 3 });
  });

  test('are never written with an exponent', () => {
    const runs = runsOf(
      'random: {count: 50, words: {host-noise: {from: 0.00000001, to: 0.000001, scale: log}, dom0: {from: 0, to: 0.0000001}}}',
    );
    for (const run of runs) {
      expect(parseQuantity('share', run['host-noise'] as string), String(run['host-noise'])).toBeGreaterThan(0);
      expect(parseQuantity('share', run.dom0 as string), String(run.dom0)).not.toBeNull();
    }
  });
});

describe('a plan is refused', () => {
  test.each([
    ['polcy: apart', /^plan\.yaml:1:1: polcy: unknown, want machine, .*; did you mean policy\?$/],
    ['grid: {polcy: [apart]}', /^plan\.yaml:1:8: grid\.polcy: unknown, .*; did you mean policy\?$/],
    ['grid: {policy: apart}', /^plan\.yaml:1:16: grid\.policy: apart, want a list such as \[1, 7\], or a range such as 1\.\.20$/],
    ['grid: {policy: []}', /^plan\.yaml:1:16: grid\.policy: an empty list, want a list/],
    ['grid: {}', /grid: a mapping, want words such as/],
    ['grid: [1]', /grid: a list of 1, want words such as/],
    ['grid: {seed: 5..2}', /^plan\.yaml:1:14: grid\.seed: 5\.\.2, want the smaller number first$/],
    [
      'policy: apart\ngrid: {policy: [apart]}',
      /^plan\.yaml:2:17: grid\.policy\[0\]: policy is also said for all runs, want one of the two$/,
    ],
    ['costs: {hook: 1us}\ngrid: {costs.hook: [1us]}', /costs\.hook is also said for all runs/],
    ['grid: {seed: 1..3}\nlist: [{seed: 1}]', /^plan\.yaml:2:15: list\[0\]\.seed: seed is also in grid, want it in one of the two$/],
    ['grid: {costs: [{hook: 1us}]}', /grid\.costs: want one cost such as costs\.context-switch$/],
    ['grid: {costs.hok: [1us]}', /unknown, .*did you mean costs\.hook\?$/],
    ['grid: {policy.margin: [0.1]}', /grid\.policy\.margin\[0\]: want policy too$/],
    ['zip: {guests: [1, 2], seed: [1, 2, 3]}', /^plan\.yaml:1:29: zip\.seed: 3 values beside 2 of guests, want as many$/],
    ['list: []', /list: a list of 0, want cases such as/],
    ['list: [{}]', /list\[0\]: a mapping, want words such as/],
    ['list: [apart]', /list\[0\]: apart, want words such as/],
    ['list: [{costs.hook: 1us, costs: {hook: 2us}}]', /list\[0\]\.costs\.hook: given twice, want it once$/],
    ['random: {words: {host-noise: {from: 0, to: 1}}}', /random\.count: nothing, want a whole number from 1 to 1000000$/],
    ['random: {count: 1e3, words: {host-noise: {from: 0, to: 1}}}', /random\.count: 1e3, want a whole number/],
    ['random: {count: 3, words: {}}', /random\.words: a mapping, want words such as/],
    ['random: {count: 3, words: {host-noise: {from: 2, to: 1}}}', /from 2 to 1, want the smaller first$/],
    ['random: {count: 3, words: {host-noise: {from: 1ns, to: 1GiB}}}', /from 1ns to 1GiB, want two numbers of one unit/],
    ['random: {count: 3, words: {host-noise: {from: 0, to: 1, scale: log}}}', /want more than 0 on a log scale$/],
    ['random: {count: 3, words: {host-noise: {from: 0, to: 1, scale: lin}}}', /lin, want linear or log$/],
    ['random: {count: 3, words: {guests: {from: 0.5, to: 2, whole: true}}}', /want whole numbers without a unit$/],
    ['random: {count: 3, words: {guests: {from: 1, to: 2, step: 5}}}', /step: 5, want more than 0 and at most the range$/],
    ['random: {count: 3, words: {guests: {form: 1, to: 2}}}', /form: unknown, want from, to, scale, whole, step; did you mean from\?$/],
    ['random: {count: 3, words: {policy: {of: []}}}', /policy\.of: a list of 0, want a list such as/],
    ['random: {count: 3, seed: x, words: {policy: {of: [a]}}}', /random\.seed: x, want a whole number of at most 20 digits$/],
    ['[1, 2]', /a list of 2, want a mapping such as/],
    ['', /empty/],
    ['grid: {seed: 1..2}\ngrid: {seed: 1..2}', /^plan\.yaml:2:1: grid: given twice, want it once$/],
    ['grid: {__proto__: [1]}', /__proto__: not a name that may be used$/],
    ['list: [{constructor: 1}]', /constructor: not a name that may be used$/],
    ['grid: &a {seed: *a}', /\*a contains itself$/],
    [`grid: {guests: ${'['.repeat(5000)}1${']'.repeat(5000)}}`, /nested deeper than 64/],
    [`grid: {guests: [${'x'.repeat(1024 ** 2)}]}`, /more than 1MiB/],
  ])('%.90s', (text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  test.each([
    'grid: {seed: 1..999999999999999}',
    'grid: {seed: [1..600000, 1..600000]}',
    'grid: {seed: 1..2000, guests: 1..2000}',
    'random: {count: 999999999999, words: {host-noise: {from: 0, to: 1}}}',
    `policy: apart\ngrid: {${Array.from({ length: 18 }, (_, i) => `policy.o${i}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]`).join(', ')}}`,
  ])('before it is counted out: %.60s', (text) => {
    expect(refusal(text)).toMatch(/1000000/);
  });

  test('up to a million runs it is not', () => {
    expect(planOf('grid: {seed: 1..1000, guests: 1..1000}').runCount).toBe(MAX_RUNS);
  });
});

test('whatever a plan says, it is read or refused in one line', () => {
  const leaf = fc.constantFrom('1', '1..3', 'apart', '', '10ns', '{from: 0, to: 1}', '[1, 2]', '[]', '{}', '__proto__', '&a x', '*a', '~');
  const part = fc.constantFrom('grid', 'list', 'zip', 'random', 'latin-hypercube', 'policy', 'costs', 'guests', 'seed');
  const text = fc.array(fc.tuple(part, fc.constantFrom('seed', 'policy', 'costs.hook', 'count', 'words', 'of'), leaf), { maxLength: 4 }).map((lines) => lines.map(([key, inner, value]) => `${key}: {${inner}: ${value}}`).join('\n')); // prettier-ignore
  fc.assert(
    fc.property(text, (written) => {
      try {
        planOf(written);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as Error).message).not.toMatch(/\n/);
      }
    }),
    { numRuns: 500 },
  );
});

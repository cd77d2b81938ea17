import { describe, expect, test } from 'vitest';
import { cellScenario, type Chart, runChart } from '../../experiments/chart.ts';
import { questions } from '../../experiments/questions/index.ts';
import { answer, labOf, type Question, runsASeed, secondsOf } from '../../experiments/questions/question.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { workloads } from '../../workloads/index.ts';

const lab = { machines, policies, workloads, run };

test('the deck asks seven questions', () => {
  expect(questions.map(({ name }) => name)).toEqual([
    'no-pinning-no-migration',
    'guests-apart',
    'hot-pages-first',
    'temporary-migration',
    'they-should-know',
    'page-migration-or-vcpu-migration',
    'kvm-binding',
  ]);
});

describe.each(questions.map((question) => [question.name, question] as const))('%s', (_, question) => {
  test('gives words that a run accepts, in both sizes, no point of a chart twice', () => {
    for (const size of ['reduced', 'full'] as const) {
      for (const chart of [...question.charts, ...question.siblings]) {
        const cells = chart.cells(size);
        expect(new Set(cells.map(({ series, x }) => `${series} ${x}`)).size).toBe(cells.length);
        for (const cell of cells) expect(() => cellScenario(cell, labOf(question, lab)), JSON.stringify(cell.words)).not.toThrow();
      }
    }
  });

  test('is estimated to take under a minute at the reduced size, and longer at the full one', () => {
    expect(secondsOf(question, 'reduced', 5)).toBeLessThan(60);
    expect(secondsOf(question, 'full', 20)).toBeGreaterThan(4 * secondsOf(question, 'reduced', 5));
    expect(runsASeed(question, 'full')).toBeGreaterThanOrEqual(runsASeed(question, 'reduced'));
  });

  test('run at a tiny size, answers in a paragraph with a verdict, an interval and what it rests on', { timeout: 120_000 }, () => {
    const tiny = { ...question, charts: question.charts.map(shrunk), siblings: question.siblings.map(shrunk) };
    const its = labOf(tiny, lab);
    const results = [...tiny.charts, ...tiny.siblings].map((chart) => runChart(chart, 'reduced', ['1', '2'], its, () => {}));
    expect(results.flatMap(({ points }) => points.flatMap(({ failures }) => failures))).toEqual([]);
    const { answer: text } = answer(tiny, results, its);
    expect(text).toMatch(/^(Yes|No|It depends|No difference shown|Pages should)/);
    expect(text).toMatch(/times as good \(\d[\d.]* to \d[\d.]*\)|At no single time/);
    expect(text).toMatch(
      /\. All this is the reduced size on opteron-6164-4s, runs of [\d. to]+ s, 2 seeds with 95 % intervals, paired by seed .*; it rests on the assumed /,
    );
    expect(text).not.toContain('\n');
    expect(text.split(/[.?!] [A-Z]/).length).toBeLessThanOrEqual(7);
    expect(text).not.toMatch(/undefined|NaN|Infinity/);
  });
});

/** The smallest x, and the next where times are what is asked, for little longer than it takes to fill the memory. */
function shrunk(chart: Chart): Chart {
  return {
    ...chart,
    cells(size) {
      const cells = chart.cells(size);
      const xs = [...new Set(cells.map(({ x }) => x))].slice(0, chart.name.startsWith('trip') ? 2 : 1);
      return cells
        .filter(({ x }) => xs.includes(x))
        .map((cell) => ({ ...cell, words: { ...cell.words, duration: chart.name === 'hot-pages-fleeting' ? '1500ms' : '400ms' } }));
    },
  };
}

test('the paragraph of a question with no rival left over says nothing of it', () => {
  const question: Question = questions.find(({ name }) => name === 'guests-apart')!;
  const results = [...question.charts, ...question.siblings].map((chart) => runChart(shrunk(chart), 'reduced', ['1', '2'], lab, () => {}));
  const { answer: text } = answer(question, results, lab);
  expect(text.slice(0, text.indexOf('What it saves'))).not.toContain('xen-first-touch'); // a rival in the sibling alone
});

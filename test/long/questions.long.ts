import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runChart } from '../../experiments/chart.ts';
import { questions } from '../../experiments/questions/index.ts';
import { answer, labOf } from '../../experiments/questions/question.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { workloads } from '../../workloads/index.ts';

/** The answers that README.md quotes are those that the reduced experiments give. */
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test.each(questions.map((question) => [question.name, question] as const))(
  '%s: README.md quotes the answer',
  { timeout: 600_000 },
  (_, question) => {
    const lab = labOf(question, { machines, policies, workloads, run });
    const results = [...question.charts, ...question.siblings].map((chart) =>
      runChart(chart, 'reduced', ['1', '2', '3', '4', '5'], lab, () => {}),
    );
    expect(readme).toContain(`\n> ${answer(question, results, lab).answer}\n`);
  },
);

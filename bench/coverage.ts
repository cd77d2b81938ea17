import { falseDifferences, sequential } from './coverage/families.ts';
import { coverage, LAWS, REPEATS, SEEDS } from './coverage/coverage.ts';

const TRIES = 4000;

/** `node dist/bench/coverage.js`: how often nominal 95 % intervals hold the true mean, the table of docs/statistics.md. */
function main(): void {
  const rows = Object.entries(LAWS).map(([law, { skewness }]) => {
    const cells = SEEDS.map((n) => {
      const { t, rule, bootstrap } = coverage(law, n);
      return `${percent(t)} / ${percent(rule)} (${(100 * bootstrap).toFixed(0)} %)`;
    });
    return `| ${law} | ${skewness} | ${cells.join(' | ')} |`;
  });
  console.log(`nominal 95 %, ${REPEATS} repeats: t / the rule (how often that took the bootstrap)`);
  console.log(`| differences | skewness | ${SEEDS.map((n) => `${n} seeds`).join(' | ')} |`);
  console.log(`| --- | --- |${' --- |'.repeat(SEEDS.length)}`);
  console.log(rows.join('\n'));
  for (const [law, n] of [
    ['normal', 5],
    ['exponential', 10],
  ] as const)
    console.log(
      `ten equal policies, ${n} seeds, ${law}: a false difference in ${percent(falseDifferences(law, n, TRIES) / TRIES)} % of ${TRIES} tries`,
    );
  const { held, meanSeeds } = sequential(REPEATS);
  console.log(`until half-width=5%: ${percent(held)} % hold, with ${meanSeeds.toFixed(1)} seeds on average`);
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

main();

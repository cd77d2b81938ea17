import type { PageInputs } from '../../experiments/page/page-inputs.ts';
import { formatterOf } from './chart-view.ts';

/** What a reader should know before believing: runs that did not end well, oracles, machines nobody could tell. */
export function warningsOf({ decks, comparisons, sweeps, runs, machines }: PageInputs): string[] {
  const ofCharts = decks.flatMap(({ charts }) =>
    charts.flatMap((chart) =>
      chart.points
        .filter(({ failures }) => failures.length > 0)
        .map(
          ({ series, x, failures }) =>
            `${chart.name}, ${series} at ${formatterOf(chart)(x)}: not ended well with seed ${failures.join(', ')}`,
        ),
    ),
  );
  const ofComparisons = comparisons.flatMap(({ failures = [] }) =>
    failures.map(({ policy, seed, status, message }) => `${policy}, seed ${seed}: ${status}${message === null ? '' : `, ${message}`}`),
  );
  const ofWarmUp = comparisons.flatMap(({ workload, over, warmUp, others = [] }) =>
    [warmUp, ...others.map((other) => other.warmUp)].some((one) => one?.settles === false)
      ? [`${workload}${over === undefined ? '' : `, ${over}`}: still settling after half of the run; a longer one may say another thing`]
      : [],
  );
  const ofSweeps = sweeps.flatMap((sweep) => [
    ...(sweep.done + sweep.damaged < sweep.total ? [`sweep ${sweep.plan}: ${sweep.total - sweep.done - sweep.damaged} of ${sweep.total} runs are missing`] : []), // prettier-ignore
    ...sweep.failed.map((failure) => `sweep ${sweep.plan}, ${failure}`),
  ]);
  const ofRuns = runs.flatMap(({ policy, seed, status, message, oracle }) => [
    ...(status === 'ok' ? [] : [`run of ${policy}, seed ${seed}: ${status}${message === null ? '' : `, ${message}`}`]),
    ...(oracle ? [`${policy} knows what no kernel could: it is an oracle`] : []),
  ]);
  const unknown = [...new Set(runs.map(({ machine }) => machine))].filter((name) => !machines.some((machine) => machine.name === name));
  const ofMachines = unknown.map((name) => `machine ${name}: unknown here, so its links are not drawn`);
  return [...new Set([...ofCharts, ...ofComparisons, ...ofWarmUp, ...ofSweeps, ...ofRuns, ...ofMachines])];
}

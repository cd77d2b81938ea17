import { basename } from 'node:path';
import { cellScenario, type Chart, type ChartResult, runChart, type Size } from '../../experiments/chart.ts';
import { charts, deck as deckCharts } from '../../experiments/deck.ts';
import { deckExamples } from '../../experiments/deck-examples.ts';
import { deckResult } from '../../experiments/deck-result.ts';
import { deckFindings } from '../../experiments/findings.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { didYouMean } from '../../experiments/nearest-name.ts';
import { factsOf } from '../../experiments/page/page-inputs.ts';
import type { PageMachine } from '../../experiments/page/schemas.ts';
import { questions } from '../../experiments/questions/index.ts';
import { answer, labOf, MEASURED_ON, type Question, runsASeed, secondsOf } from '../../experiments/questions/question.ts';
import type { RunResult } from '../../experiments/run-result.ts';
import { codeOf } from '../../experiments/runs/run-id.ts';
import { writeWhole } from '../../experiments/store.ts';
import { chartText, findingsText } from '../../report/chart.ts';
import { answerText } from '../../report/answer.ts';
import { formatNumber } from '../../report/format.ts';
import { table } from '../../report/table.ts';
import { checkOutputs } from '../check-outputs.ts';
import { type Call, type Command, DONE, FAILED, type Flag, JSON_FLAG, type Lab, type Terminal } from '../command.ts';
import { shellWord } from '../command-line.ts';
import { seedCount } from '../seed-count.ts';
import { writePage } from '../write-page.ts';

const SIZE_FLAG: Flag = {
  name: 'size',
  summary: 'reduced (seconds) or full (minutes; what a claim should rest on)',
  kind: 'text',
  default: 'reduced',
};
const SEEDS: Readonly<Record<Size, number>> = { reduced: 5, full: 20 };
const SEEDS_FLAG: Flag = {
  name: 'seeds',
  summary: `how many seeds, counted up from 1 (default ${SEEDS.reduced} reduced, ${SEEDS.full} full)`,
  kind: 'text',
};
const OUT_FLAG: Flag = { name: 'out', summary: 'file for the result as JSON', kind: 'text', default: 'results/deck.json' };
const DEFAULT_PAGE = 'results/deck.html';
const HTML_FLAG: Flag = {
  name: 'html',
  summary: `file for the result as a page, empty for none; left out: beside --out, ${DEFAULT_PAGE}`,
  kind: 'text',
};

export const deck: Command = {
  name: 'deck',
  summary: 'make the ten charts of "Virtualizing NUMA" again and tell what they show',
  flags: [SIZE_FLAG, SEEDS_FLAG, OUT_FLAG, HTML_FLAG, JSON_FLAG],
  examples: [
    ['numalab deck', 'all charts, reduced, in under a minute, as text, JSON and a page for the browser'],
    ['numalab deck --size full --out full/deck.json', 'as a claim should rest on it; the page is full/deck.html'],
  ],
  run(call, lab, terminal) {
    const out = call.texts.out ?? OUT_FLAG.default!;
    const page = call.texts.html ?? pageBeside(out);
    return runCharts(deckCharts, call, lab, terminal, { command: 'deck', out, page, examples: (size) => deckExamples(size, lab) });
  },
};

export const experimentRun: Command = {
  name: 'experiment run',
  summary: "run one experiment: a chart of the deck, a sibling in which the favourite should lose, or one of the deck's open questions",
  operands: ['NAME'],
  flags: [
    SIZE_FLAG,
    SEEDS_FLAG,
    { ...OUT_FLAG, default: '' },
    { ...HTML_FLAG, summary: 'file for the result as a page', default: '' },
    JSON_FLAG,
  ],
  examples: [
    ['numalab experiment run packed-streams --seeds 10', 'when one node is not enough'],
    ['numalab experiment run no-pinning-no-migration', 'an open question, its charts and its answer'],
  ],
  run(call, lab, terminal) {
    const name = call.operands[0]!;
    const kept = {
      command: `experiment run ${shellWord(name)}`,
      out: call.texts.out ?? '',
      page: call.texts.html ?? '',
      examples: () => [],
    };
    const chart = charts.find((one) => one.name === name);
    if (chart) return runCharts([chart], call, lab, terminal, kept);
    const question = questions.find((one) => one.name === name);
    if (question) return runCharts([...question.charts, ...question.siblings], call, labOf(question, lab), terminal, kept, question);
    const known = [...charts, ...questions].map((one) => one.name);
    throw new InputError(`experiment = ${show(name)}, want one of ${known.join(', ')}${didYouMean(name, known)}`);
  },
};

export const experimentList: Command = {
  name: 'experiment list',
  summary: 'what `experiment run` knows',
  flags: [JSON_FLAG],
  examples: [['numalab experiment list --json', 'names, titles and questions as JSON']],
  run(call, _lab, terminal) {
    const rows = [
      ...charts.map((chart) => ({
        name: chart.name,
        question: chart.question,
        runs: chart.cells('reduced').length,
        fullRuns: chart.cells('full').length,
        reducedSeconds: null,
        fullSeconds: null,
      })),
      ...questions.map((question) => ({
        name: question.name,
        question: question.deck,
        runs: runsASeed(question, 'reduced'),
        fullRuns: runsASeed(question, 'full'),
        reducedSeconds: secondsOf(question, 'reduced', SEEDS.reduced),
        fullSeconds: secondsOf(question, 'full', SEEDS.full),
      })),
    ];
    const timeOf = (seconds: number | null): string =>
      seconds === null ? '' : seconds < 90 ? `${formatNumber(seconds, 2)} s` : `${formatNumber(seconds / 60, 2)} min`;
    terminal.out(
      call.switches.has('json')
        ? `${JSON.stringify({ measuredOn: MEASURED_ON, experiments: rows }, null, 2)}\n`
        : `${table(['experiment', 'runs a seed', 'full', 'takes', 'full takes', 'question'], rows.map((row) => [row.name, row.runs, row.fullRuns, timeOf(row.reducedSeconds), timeOf(row.fullSeconds), row.question]))}\n\ntimes: CPU seconds of ${SEEDS.reduced} seeds reduced and ${SEEDS.full} full, ${MEASURED_ON}\n`, // prettier-ignore
    );
    return DONE;
  },
};

/** `a/deck.html` for `a/deck.json`. */
function pageBeside(out: string): string {
  return out === '' ? DEFAULT_PAGE : `${out.replace(/(?<=[^/\\])\.json$/, '')}.html`;
}

/** Where the result goes, and what it says of its making. */
interface Kept {
  readonly command: string;
  readonly out: string;
  readonly page: string;
  examples(size: Size): RunResult[];
}

async function runCharts(
  list: readonly Chart[],
  call: Call,
  lab: Lab,
  terminal: Terminal,
  { command, out, page, examples }: Kept,
  question?: Question,
): Promise<number> {
  const size = sizeOf(call);
  const seeds = seedsOf(call, size);
  const isJson = call.switches.has('json');
  checkOutputs({ out: out || null, page: page || null }, []);
  const total = list.reduce((sum, chart) => sum + chart.cells(size).length * seeds.length, 0);
  const startedMs = performance.now();
  let before = 0;
  const results = list.map((chart): ChartResult => {
    const result = runChart(chart, size, seeds, lab, (done) => {
      const leftS = ((performance.now() - startedMs) / 1000 / (before + done)) * (total - before - done);
      terminal.progress(`${chart.name}: run ${before + done} of ${total}, about ${Math.ceil(leftS)} s left`);
    });
    before += result.points.length * seeds.length;
    terminal.progress('');
    if (!isJson) terminal.out(`${chartText(result, terminal.width)}\n\n`);
    return result;
  });
  const findings = deckFindings(results);
  if (!isJson && findings.length > 0) terminal.out(`${findingsText(findings)}\n`);
  const answered = question && answer(question, results, lab);
  if (!isJson && answered) terminal.out(answerText(answered, terminal.width));
  const context = {
    command: `numalab ${command} --size ${size} --seeds ${seeds.length}`,
    code: codeOf(lab.version),
    machines: machinesOf(results, lab),
    examples: examples(size),
  };
  const json = `${JSON.stringify(deckResult(lab.version, results, findings, context, answered), null, 2)}\n`;
  if (isJson) terminal.out(json);
  if (out !== '') {
    writeWhole(out, json);
    terminal.err(`result written to ${show(out)}\n`);
  }
  if (page !== '') {
    await writePage(page, [{ name: out === '' ? 'deck.json' : basename(out), text: json }], lab);
    terminal.err(`page written to ${show(page)}: open it in a browser\n`);
  }
  return results.some(({ points }) => points.some(({ failures }) => failures.length > 0)) ? FAILED : DONE;
}

function machinesOf(results: readonly ChartResult[], lab: Lab): PageMachine[] {
  const specs = results.flatMap(({ points }) => points.map((point) => cellScenario(point, lab).machine.spec));
  return [...new Set(specs)].map(factsOf);
}

function sizeOf(call: Call): Size {
  const text = call.texts.size ?? SIZE_FLAG.default!;
  if (text !== 'reduced' && text !== 'full')
    throw new InputError(`--size = ${show(text)}, want reduced or full${didYouMean(text, ['reduced', 'full'])}`);
  return text;
}

function seedsOf(call: Call, size: Size): string[] {
  const count = seedCount(call.texts.seeds ?? String(SEEDS[size]), 1);
  return Array.from({ length: count }, (_, i) => String(i + 1));
}

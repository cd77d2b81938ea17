import { InputError, show } from '../../experiments/input-error.ts';
import { type Fault, openStudy, type Study } from '../../experiments/pack/study.ts';
import { type Outcome, type Verification, verifyStudy } from '../../experiments/pack/verify.ts';
import { Executor } from '../../experiments/runs/execute.ts';
import { codeOf } from '../../experiments/runs/run-id.ts';
import { isMetricOfRun } from '../../experiments/sweep/metrics.ts';
import { GuardedRunner } from '../../experiments/user-policy/guarded-runner.ts';
import { counted, formatNumber, plainText } from '../../report/format.ts';
import { table } from '../../report/table.ts';
import { type Command, DISK_FULL, DONE, FAILED, type Flag, JSON_FLAG, type Terminal } from '../command.ts';
import { ISOLATE_FLAG } from '../user-policies.ts';

const RUNS_FLAG: Flag = { name: 'runs', summary: 'how many of its runs to make again', kind: 'text', default: '10' };
const SEED_FLAG: Flag = { name: 'seed', summary: 'whole number by which these are drawn', kind: 'text', default: '1' };
const METRIC_FLAG: Flag = {
  name: 'metric',
  summary: 'figure of the whole run to compare where code is another',
  kind: 'text',
  default: 'throughput',
};
const MOST_NAMED = 20;
const WORST_LAST: readonly Outcome[] = ['identical', 'within the interval', 'different'];

export const verify: Command = {
  name: 'verify',
  summary: 'check a pack against its hashes, then make some of its runs again: identical, within the interval, or different?',
  operands: ['pack'],
  flags: [RUNS_FLAG, SEED_FLAG, METRIC_FLAG, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab verify study.tar.gz', 'a drawn ten; exit code 0: none is different, 1: one is, 3: the pack is damaged'],
    ['numalab verify study.tar.gz --runs 100 --seed 7', 'another draw'],
    ['numalab verify study', 'a folder: of a sweep, or one into which a pack was unpacked'],
  ],
  async run(call, lab, terminal) {
    const path = call.operands[0]!;
    const order = {
      runs: whole(call.texts.runs ?? '10', 'runs', 1),
      seed: String(whole(call.texts.seed ?? '1', 'seed', 0)),
      metric: metricOf(call.texts.metric ?? 'throughput'),
    };
    const study = await openStudy(path);
    if (isFaults(study)) return refuse(study, path, terminal);
    const here = codeOf(lab.version);
    const isJson = call.switches.has('json');
    if (!isJson) terminal.out(headText(study, path, here));
    const runner = new GuardedRunner({
      isIsolated: call.switches.has('isolate'),
      log: (text) => terminal.err(text.replace(/[^\P{C}\n\t]/gu, '')),
    });
    try {
      const found = await verifyStudy(study, new Executor(lab, runner), here, order, (done, of) =>
        terminal.progress(`run ${done + 1} of ${of}`),
      );
      terminal.progress('');
      const overall = WORST_LAST.findLast((outcome) => found.some((one) => one.outcome === outcome)) ?? null;
      if (isJson) {
        const { code, runs } = study.manifest;
        const { seed, metric } = order;
        const told = {
          schemaVersion: 1,
          code,
          here,
          runs: runs.length,
          results: study.present.length,
          hasSums: study.hasSums,
          seed,
          metric,
          overall,
          verified: found,
        };
        terminal.out(`${JSON.stringify(told, null, 2)}\n`);
      } else terminal.out(foundText(found, order.metric, overall));
      return overall === null || overall === 'different' ? FAILED : DONE;
    } finally {
      await runner.close();
    }
  },
};

function isFaults(study: Study | readonly Fault[]): study is readonly Fault[] {
  return Array.isArray(study);
}

function refuse(faults: readonly Fault[], path: string, terminal: Terminal): number {
  for (const { member, fault } of faults.slice(0, MOST_NAMED)) terminal.err(`${show(member)}: ${fault}\n`);
  if (faults.length > MOST_NAMED) terminal.err(`and ${faults.length - MOST_NAMED} more\n`);
  terminal.err(`${show(path)}: not what was packed, ${counted(faults.length, 'fault')}; nothing of it is run\n`);
  return DISK_FULL;
}

function headText({ manifest: { code, runs }, checked, hasSums, present }: Study, path: string, here: string): string {
  const codeText = code === here ? `the same code, ${here}` : `other code: made by ${show(code)}, this is ${here}`;
  const sumsText = hasSums
    ? ''
    : 'no SHA256SUMS: only the hashes that manifest and results carry themselves were checked, not the tables\n';
  return `${codeText}\n${show(path)}: ${counted(checked, 'file')} checked, ${counted(present.length, 'result')} of ${counted(runs.length, 'run')}\n${sumsText}`;
}

function foundText(found: readonly Verification[], metric: string, overall: Outcome | null): string {
  if (overall === null) return 'no result to verify\n';
  const figure = (value: number | null): string => (value === null ? '-' : formatNumber(value, 6));
  const rows = found.map(({ index, words, stored, rerun, interval, outcome, why }) => [
    index,
    plainText(
      Object.entries(words)
        .map(([word, value]) => `${word} ${show(value)}`)
        .join(', '),
    ),
    figure(stored),
    figure(rerun),
    interval ? `${figure(interval.low)} .. ${figure(interval.high)}` : '-',
    why === null ? outcome : `${outcome}: ${plainText(why)}`,
  ]);
  const counts = WORST_LAST.map((outcome) => [outcome, found.filter((one) => one.outcome === outcome).length] as const);
  const counting = counts.filter(([, count]) => count > 0).map(([outcome, count]) => `${count} ${outcome}`);
  return `${table(['run', 'words', `${metric} stored`, 'here', 'interval', 'outcome'], rows)}\n${overall}: ${counting.join(', ')} of ${found.length}\n`;
}

function metricOf(name: string): string {
  if (isMetricOfRun(name)) return name;
  throw new InputError(`--metric = ${show(name)}, want one that whole runs have, such as throughput or elapsedNs (docs/metrics.md)`);
}

function whole(text: string, flag: string, least: number): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= least) return number;
  throw new InputError(`--${flag} = ${show(text)}, want a whole number from ${least}`);
}

import { StoreError } from '../../experiments/failures.ts';
import { InputError, show, showPath } from '../../experiments/input-error.ts';
import { checkEngineFlags, engineNamed, engines } from '../../experiments/sweep/engines.ts';
import { quoted } from '../../experiments/sweep/engines/shell.ts';
import { lockFolder } from '../../experiments/sweep/folder-lock.ts';
import { mergeResults } from '../../experiments/sweep/merge.ts';
import { endingOf, missingOf, statusOf, surveyOf } from '../../experiments/sweep/status.ts';
import type { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { type Call, type Command, DISK_FULL, DONE, FAILED, type Flag, type Lab, type Terminal } from '../command.ts';
import { interruptible } from '../interruptible.ts';
import { folderToRun, isFolder, outOf, OUT_FLAG, planInto, planOf, plannedOf } from '../sweep-call.ts';
import { Told } from '../sweep-told.ts';
import { plural, statusText, variedText } from '../sweep-text.ts';
import { ISOLATE_FLAG, printable } from '../user-policies.ts';

const WORKERS_FLAG: Flag = { name: 'workers', summary: 'how many runs at once; left out: one for each CPU', kind: 'text' };
const ENGINE_FLAG: Flag = {
  name: 'engine',
  summary: `who runs them: ${engines.map(({ name, summary }) => `${name} (${summary})`).join(', ')}`,
  kind: 'text',
  default: engines[0]!.name,
};
/** Each for some of the engines. */
const ENGINE_FLAGS: readonly Flag[] = [
  { name: 'chunk', summary: 'slurm, parallel: how many runs a task has, one after the other; more for short runs [1]', kind: 'text' },
  { name: 'slurm', summary: "slurm: options for sbatch, such as --slurm='--partition=main --time=10'", kind: 'text' },
  { name: 'wait', summary: 'slurm: stay until all is done', kind: 'switch' },
  {
    name: 'hosts',
    summary: 'parallel: hosts for ssh that see the same folders, such as lab1,user@lab2, and : for this machine',
    kind: 'text',
  },
];

export const sweepRun: Command = {
  name: 'sweep run',
  summary: 'run what is missing of a sweep, planned or still to be planned, over all CPUs',
  operands: ['plan'],
  flags: [OUT_FLAG, WORKERS_FLAG, ENGINE_FLAG, ...ENGINE_FLAGS, ISOLATE_FLAG],
  examples: [
    ['numalab sweep run plan.yaml --out sweep', 'all runs of a plan; the same again goes on where it was stopped'],
    ['numalab sweep run sweep --workers 1', 'what is missing in a planned folder, one run at a time'],
    ["numalab sweep run sweep --engine slurm --slurm='--partition=main' --chunk 20", 'in the queue of a cluster, twenty runs a task'],
    ['numalab sweep run sweep --engine parallel --hosts lab1,lab2,:', 'over two other machines and this one'],
  ],
  async run(call, lab, terminal) {
    const engine = engineNamed(call.texts.engine);
    checkEngineFlags(engine, [...Object.keys(call.texts), ...call.switches]);
    engine.check(call.texts);
    const { folder, release } = await folderOf(call, lab, terminal);
    try {
      folder.clean();
      const survey = surveyOf(folder);
      const missing = missingOf(survey);
      terminal.err(variedText(folder.manifest).replace('\n', `; ${missing.length} to do\n`));
      const told = new Told(folder, survey, terminal);
      const { result: outcome, code } =
        missing.length === 0
          ? { result: 'tried' as const, code: null }
          : await interruptible((stop) =>
              engine.start({
                folder,
                missing,
                version: lab.version,
                isIsolated: call.switches.has('isolate'),
                flags: call.texts,
                switches: call.switches,
                stop,
                done: (index, result) => told.done(index, endingOf(result), result.message),
                failed: (index, message) => told.failed(index, message),
                log: (text) => terminal.err(printable(text)),
                say: (line) => terminal.err(`${printable(line)}\n`),
              }),
            );
      told.end();
      if (code !== null) {
        terminal.err(`stopped; what was finished is kept\nagain: numalab sweep run ${quoted(folder.path)}\n`);
        return code;
      }
      if (outcome === 'elsewhere') return DONE;
      const status = statusOf(folder, survey);
      const { files } = mergeResults(folder, (done) => terminal.progress(`merging: run ${done + 1} of ${status.runs}`));
      terminal.progress('');
      terminal.out(`${statusText(status)}${showPath(files.parquet)}\n${showPath(files.csv)}\n`);
      if (status.different > 0) return DISK_FULL;
      return status.done === status.runs && status.done === (status.endings.ok ?? 0) ? DONE : FAILED;
    } catch (error) {
      if (error instanceof StoreError) sayKept(folder, terminal);
      throw error;
    } finally {
      release();
    }
  },
};

/** When the disk ends a sweep: what is safe, and how to go on. */
function sayKept(folder: SweepFolder, terminal: Terminal): void {
  const { done, runs } = statusOf(folder);
  terminal.progress('');
  terminal.err(`${done} of ${plural(runs, 'run')} are kept; once the disk is well: numalab sweep run ${quoted(folder.path)}\n`);
}

async function folderOf(call: Call, lab: Lab, terminal: Terminal): Promise<{ folder: SweepFolder; release: () => void }> {
  const [operand] = call.operands as [string];
  if (!isFolder(operand)) {
    const plan = planOf(operand);
    const out = outOf(call);
    return planInto(out, await plannedOf(plan, call, lab, terminal));
  }
  if (call.texts.out !== undefined)
    throw new InputError(`--out = ${show(call.texts.out)}, but ${show(operand)} is a folder, want a plan before it`);
  const release = await lockFolder(operand);
  try {
    return { folder: folderToRun(operand, lab.version), release };
  } catch (error) {
    release();
    throw error;
  }
}

import { InputError, show } from '../../experiments/input-error.ts';
import { engineNamed, engines } from '../../experiments/sweep/engines.ts';
import { lockFolder } from '../../experiments/sweep/folder-lock.ts';
import { textOf } from '../../experiments/sweep/planned.ts';
import { endingOf, type Found, missingOf, statusOf, surveyOf } from '../../experiments/sweep/status.ts';
import type { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { type Call, type Command, DONE, FAILED, type Flag, type Lab, type Terminal } from '../command.ts';
import { interruptible } from '../interruptible.ts';
import { folderToRun, isFolder, outOf, OUT_FLAG, planInto, planOf, plannedOf } from '../sweep-call.ts';
import { plural, progressText, statusText, variedText } from '../sweep-text.ts';
import { ISOLATE_FLAG, printable } from '../user-policies.ts';

const WORKERS_FLAG: Flag = { name: 'workers', summary: 'how many runs at once; left out: one for each CPU', kind: 'text' };
const ENGINE_FLAG: Flag = {
  name: 'engine',
  summary: `who runs them: ${engines.map(({ name, summary }) => `${name} (${summary})`).join(', ')}`,
  kind: 'text',
  default: engines[0]!.name,
};

/** Lines about single runs; what is beyond is counted. */
const MOST_LINES = 10;

export const sweepRun: Command = {
  name: 'sweep run',
  summary: 'run what is missing of a sweep, planned or still to be planned, over all CPUs',
  operands: ['plan'],
  flags: [OUT_FLAG, WORKERS_FLAG, ENGINE_FLAG, ISOLATE_FLAG],
  examples: [
    ['numalab sweep run plan.yaml --out sweep', 'all runs of a plan; the same again goes on where it was stopped'],
    ['numalab sweep run sweep --workers 1', 'what is missing in a planned folder, one run at a time'],
  ],
  async run(call, lab, terminal) {
    const engine = engineNamed(call.texts.engine);
    const { folder, release } = await folderOf(call, lab, terminal);
    try {
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
      terminal.out(statusText(status));
      return status.done === status.runs && status.done === (status.endings.ok ?? 0) ? DONE : FAILED;
    } finally {
      release();
    }
  },
};

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

/** Keeps count of what came of runs, and says so. */
class Told {
  readonly #folder: SweepFolder;
  readonly #survey: Found[];
  readonly #terminal: Terminal;
  readonly #toDo: number;
  readonly #startMs = performance.now();
  #done = 0;
  #notOk = 0;
  #failed = 0;
  #lines = 0;

  constructor(folder: SweepFolder, survey: Found[], terminal: Terminal) {
    this.#folder = folder;
    this.#survey = survey;
    this.#terminal = terminal;
    this.#toDo = missingOf(survey).length;
  }

  done(index: number, ending: string, message: string | null): void {
    this.#survey[index] = { state: 'done', ending };
    this.#done++;
    if (ending !== 'ok') {
      this.#notOk++;
      this.#line(index, message === null ? ending : `${ending}: ${show(message)}`);
    }
    this.#progress();
  }

  failed(index: number, message: string): void {
    this.#failed++;
    this.#line(index, `no result: ${message}`);
    this.#progress();
  }

  end(): void {
    this.#terminal.progress('');
    if (this.#lines > MOST_LINES) this.#terminal.err(`and ${plural(this.#lines - MOST_LINES, 'more run')} not ok\n`);
  }

  #line(index: number, text: string): void {
    if (++this.#lines > MOST_LINES) return;
    const { words } = this.#folder.manifest.runs[index]!;
    this.#terminal.progress('');
    this.#terminal.err(`run ${index} (${textOf(words)}): ${text}\n`);
  }

  #progress(): void {
    const tried = this.#done + this.#failed;
    const leftMs = ((performance.now() - this.#startMs) / tried) * (this.#toDo - tried);
    const { length: runs } = this.#survey;
    this.#terminal.progress(
      progressText({
        done: runs - this.#toDo + this.#done,
        runs,
        notOk: this.#notOk,
        failed: this.#failed,
        leftMs: tried < 2 ? null : leftMs,
      }),
    );
  }
}

/** As a shell reads it back. */
function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

import { plainText } from '../report/format.ts';
import { textOf } from '../experiments/sweep/planned.ts';
import { type Found, missingOf } from '../experiments/sweep/status.ts';
import type { SweepFolder } from '../experiments/sweep/sweep-folder.ts';
import type { Terminal } from './command.ts';
import { plural, progressText } from './sweep-text.ts';

/** Lines about single runs; what is beyond is counted. */
const MOST_LINES = 10;

/** Keeps count of what came of runs, and says so. */
export class Told {
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
      this.#line(index, message === null ? ending : `${ending}: ${plainText(message)}`);
    }
    this.#progress();
  }

  failed(index: number, message: string): void {
    this.#failed++;
    this.#line(index, `no result: ${plainText(message)}`);
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

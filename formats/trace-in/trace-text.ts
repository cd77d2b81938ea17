import { FormatError } from '../format-error.ts';
import { looksLikePerfScript, readPerfScript } from './perf-script.ts';
import type { SchedTrace, Timehist } from './sched-trace.ts';
import { looksLikeTimehist, readTimehist } from './timehist.ts';
import { looksLikeTraceCmd, readTraceCmdReport } from './trace-cmd-report.ts';

const LINES_LOOKED_AT = 200;

const WANTED =
  'perf script (COMM PID [CPU] SECONDS.MICROSECONDS: sched:EVENT: FIELDS), perf sched timehist, trace-cmd report or the trace file of the kernel';

/**
 * Reads a scheduler's trace as text, whichever tool printed it: perf script, perf sched timehist, trace-cmd report or the kernel itself. The
 * first line that one of them would write decides.
 * @throws FormatError
 */
export function readTrace(text: string): SchedTrace | Timehist {
  if (/^\s{0,64}<(?:!doctype|html)/i.test(text))
    throw new FormatError(
      1,
      1,
      'a page of HTML, want as a file of its own what stands in it between <script class="trace-data" ...> and </script>',
    );
  for (let start = 0, count = 0; start < text.length && count < LINES_LOOKED_AT; count++) {
    const found = text.indexOf('\n', start);
    const line = text.slice(start, Math.min(found < 0 ? text.length : found, start + 1024)).trimEnd();
    if (looksLikeTimehist(line)) return readTimehist(text);
    if (looksLikeTraceCmd(line)) return readTraceCmdReport(text);
    if (looksLikePerfScript(line)) return readPerfScript(text);
    if (found < 0) break;
    start = found + 1;
  }
  throw new FormatError(1, 1, `none of the first ${LINES_LOOKED_AT} lines is one of ${WANTED}`);
}

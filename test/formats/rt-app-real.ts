import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RtAppLog, readRtAppLog } from '../../formats/rt-app/log.ts';

/** Whether rt-app itself is installed (Debian has version 1.0, without `fork`, `memrun`, semaphores, task groups and clamps). */
export const hasRtApp: boolean = spawnSync('rt-app', ['--version'], { stdio: 'ignore' }).error === undefined;

export const rtAppNote: string = hasRtApp ? '' : ' (skipped: rt-app is not installed)';

export interface RealRun {
  /** Exit code; null if it had to be stopped, which is one way of accepting a file. A signal such as SIGSEGV is told by its name. */
  readonly status: number | string | null;
  readonly errors: string;
  /** By name of the file, such as `rt-app-web-0.log`. */
  readonly logs: ReadonlyMap<string, RtAppLog>;
  /** The same, as rt-app wrote them. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Runs a file, in a folder of its own: its `logdir` should be `./`. Give a number for `calibration`, or it measures for some seconds.
 * Debian's version goes through a task without `phases` for ever, whatever its `loop` says.
 */
export function runRtApp(text: string, timeoutMs = 5000): RealRun {
  const folder = mkdtempSync(join(tmpdir(), 'numalab-rt-app-'));
  try {
    writeFileSync(join(folder, 'file.json'), text);
    const { status, signal, error, stderr } = spawnSync('rt-app', ['file.json'], {
      cwd: folder,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
    });
    const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
    const texts = new Map(names.map((name) => [name, wholeLines(readFileSync(join(folder, name), 'utf8'))]));
    const isStopped = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
    const logs = new Map([...texts].filter(([, log]) => log.includes('#idx')).map(([name, log]) => [name, readRtAppLog(log)]));
    return { status: isStopped ? null : (status ?? signal), errors: stderr, logs, texts };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What was stopped may have written half a line. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

let measuredNs = 0;

/** ns of rt-app's loop on this machine, for `calibration`: measured once, which takes some seconds. */
export function realCalibrationNs(): number {
  if (measuredNs === 0) {
    const file = { tasks: { a: { loop: 1, phases: { p: { run: 1 } } } }, global: { calibration: 'CPU0', logdir: './' } };
    const { errors } = runRtApp(JSON.stringify(file), 60_000);
    measuredNs = Number(/pLoad = (\d+)ns/.exec(errors)?.[1]);
    if (!(measuredNs > 0)) throw new Error(`rt-app did not calibrate: ${errors}`);
  }
  return measuredNs;
}

import { type ChildProcess, spawn } from 'node:child_process';
import type { PolicyExitKind } from '../../sim/assert.ts';
import type { Limits, Order, Reply } from './seat.ts';

/** What the process is told first. */
export interface Setup {
  readonly code: string;
  readonly limits: Limits;
}

/**
 * A process for policies, with a thread of the usual kind in it. It bounds memory as a whole, typed arrays included, may not touch files nor
 * start processes, and whatever ends it ends only it.
 */
export class IsolatedSeat {
  readonly #main: string;
  readonly #setup: Setup;
  #child: ChildProcess | null = null;

  constructor(main: string, code: string, limits: Limits) {
    this.#main = main;
    this.#setup = { code, limits };
  }

  do(order: Order): Promise<Reply> {
    const child = (this.#child ??= this.#started());
    return new Promise((resolve) => {
      const end = (reply: Reply): void => {
        child.off('message', end).off('error', failed).off('exit', ended);
        if (child.exitCode !== null || child.signalCode !== null) this.#child = null;
        resolve(reply);
      };
      const fail = (kind: PolicyExitKind, message: string): void => {
        this.#child = null;
        end({ told: 'exit', exit: { kind, message, hook: 'unknown', atNs: 0, vcpu: null, events: [] }, place: null, printed: '' });
      };
      const failed = (error: Error): void => fail('killed', `its process could not be used: ${error.message}`);
      const ended = (code: number | null, signal: string | null): void =>
        signal === null ? fail('exit', `its process ended with code ${code}`) : fail('killed', `its process was ended by ${signal}`);
      child.on('message', end).on('error', failed).on('exit', ended);
      child.send(order);
    });
  }

  close(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  #started(): ChildProcess {
    const flags = [...permissionFlags(), `--max-old-space-size=${this.#setup.limits.heapMb}`];
    const child = spawn(process.execPath, [...flags, '-'], {
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      env: {},
      cwd: '/',
    });
    child.stdin!.on('error', () => {}); // it ended before it had read everything; its exit tells
    child.stdin!.end(this.#main);
    child.send(this.#setup);
    return child;
  }
}

/** No files, no processes, where this Node can forbid them. */
function permissionFlags(): string[] {
  const known = process.allowedNodeEnvironmentFlags;
  const flag = ['--permission', '--experimental-permission'].find((name) => known.has(name));
  return flag ? [flag, '--allow-worker', '--no-warnings'] : [];
}

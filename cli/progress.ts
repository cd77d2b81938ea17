import type { Watcher } from '../experiments/compare/study.ts';
import type { Terminal } from './command.ts';

/** Tells on the terminal how many of so many runs are done, and how long the others may take. */
export function progressOn(terminal: Terminal): Watcher {
  let task = { what: '', total: 0, isMost: false, startedMs: 0, done: 0, note: '' };
  const tell = (): void => {
    const { what, total, isMost, startedMs, done, note } = task;
    const leftS = Math.ceil(((performance.now() - startedMs) / done / 1000) * (total - done));
    const left = done === 0 ? '' : `, ${isMost ? 'at most' : 'about'} ${leftS} s left`;
    terminal.progress(`${what} ${Math.min(done + 1, total)} of ${isMost ? 'at most ' : ''}${total}${left}${note}`);
  };
  return {
    begin(what, total, isMost) {
      task = { what, total, isMost, startedMs: performance.now(), done: 0, note: '' };
      tell();
    },
    step() {
      task.done++;
      tell();
    },
    note(text) {
      task.note = `, ${text}`;
    },
    end: () => terminal.progress(''),
  };
}

import { compileFunction } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import * as library from '../../policies/library.ts';
import { BlackBox } from '../../sim/black-box.ts';
import { answer, type Task } from './answer.ts';
import { disableOutside, isTampered } from './disable.ts';
import { POLICY_CODE } from './evaluate.ts';

/** The thread that user policies run in: it is given tasks and gives answers, one at a time. */
const port = parentPort!;
/** Taken before it is taken away. An answer waits for it, so that a promise nobody took care of has failed by then. */
const later = setImmediate;
const MOST_PRINTED = 64 * 1024;
let printed = '';
let cut = 0;

disableOutside((line) => {
  if (printed.length + line.length < MOST_PRINTED) printed += `${line}\n`;
  else cut++;
});
const { FLOATING, ...others } = library;
const frozenLibrary = Object.freeze({ ...others, FLOATING: Object.freeze({ ...FLOATING }) });

port.on('message', (task: Task) => {
  printed = '';
  cut = 0;
  const result = answer(task, new BlackBox(task.buffer), {
    library: frozenLibrary,
    isTampered,
    compile: (code, parameters) => compileFunction(code, parameters, { filename: POLICY_CODE }) as never,
  });
  const more = cut > 0 ? `${cut} more lines were printed\n` : '';
  later(() => port.postMessage({ ...result, printed: printed + more }));
});
port.postMessage('ready');

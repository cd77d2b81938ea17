import { expect, test } from 'vitest';
import { LIMITS, Seat } from '../../../experiments/user-policy/seat.ts';
import { BEATS, BlackBox } from '../../../sim/black-box.ts';

const order = { code: '', name: 'mine', scenario: null, isTwice: false };
const headAt = new BlackBox().head.byteOffset + BEATS * 4;

/** A thread that answers after 400 ms; `begins`: and shows at once that the policy has begun. */
const slow = (begins: boolean): string => `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ buffer }) => {
    if (${begins}) Atomics.add(new Int32Array(buffer, ${headAt}, 1), 0, 1);
    setTimeout(() => parentPort.postMessage({ told: 'made', printed: '' }), 400);
  });
  parentPort.postMessage('ready');`;

test.each([
  ['before the policy has begun, as files are made into programs', false, 'made'],
  ['once it has', true, 'exit'],
])('a thread of which nothing is heard for longer than a policy may be still, %s: %s, %s', async (_, begins, told) => {
  const seat = new Seat(slow(begins), { ...LIMITS, stillMs: 90 });
  try {
    const reply = await seat.do(order);
    expect(reply.told).toBe(told);
    if (reply.told === 'exit') expect(reply.exit).toMatchObject({ kind: 'timeout', message: 'no progress for 0.09 s of wall time' });
  } finally {
    await seat.close();
  }
});

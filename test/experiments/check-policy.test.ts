import { expect, test } from 'vitest';
import { checkPolicy } from '../../experiments/user-policy/evaluate.ts';
import { bind } from '../../policies/memory/bind.ts';
import { firstTouch } from '../../policies/memory/first-touch.ts';
import { centralFifo } from '../../policies/cpu/central-fifo.ts';
import { compose, type Policy } from '../../sim/policy-api.ts';
import { ms } from '../../sim/units.ts';

const cpu = centralFifo(ms(3));

/** What no type would let through, as a user may write it all the same. */
const made = (memory: object, daemons?: object[]): Policy =>
  compose('mine', {
    cpu,
    memory: { ...firstTouch(), ...memory },
    ...(daemons && { daemons: daemons as unknown as Policy['daemons'] }),
  } as Policy);

test.each([[bind()], [{ ...firstTouch(), samples: { periodLines: 7 }, onSample: () => undefined }]])(
  'a memory part such as %o is sound',
  (memory) => {
    expect(() => checkPolicy(compose('mine', { cpu, memory }))).not.toThrow();
  },
);

test.each<[object, object[] | undefined, string]>([
  [{ fallback: 'nearest' }, undefined, 'memory.fallback: nearest, want one of distance, next-id, none, within'],
  [{ onHintFault: 'x' }, undefined, 'memory.onHintFault: want a function'],
  [{ plan: { periodNs: 5, step: 7 } }, undefined, 'memory.plan.step: want a function'],
  [{ samples: {} }, undefined, 'memory.samples.periodLines = NaN, want a whole number, at least 1'],
  [{ plan: { step: () => undefined } }, undefined, 'memory.plan.periodNs = NaN, want a whole number, at least 1'],
  [{ revertAfterNs: 30, cooldownNs: 31 }, undefined, 'memory.revertAfterNs = 30, want a whole number, at least 31'],
  [{ moveBytesPerSecond: 0 }, undefined, 'memory.moveBytesPerSecond = 0, want more than 0'],
  [{}, [{ name: 'slow', periodNs: 11 }], 'daemon slow.step: want a function'],
  [{}, [{ name: 'slow', step: () => undefined }], 'daemon slow: periodNs = NaN, want a whole number, at least 1'],
])('%o with daemons %o is refused', (memory, daemons, message) => {
  expect(() => checkPolicy(made(memory, daemons))).toThrow(message);
});

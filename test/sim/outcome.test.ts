import { expect, test } from 'vitest';
import { MiB, ms, us } from '../../sim/units.ts';
import { guest, pinned, ran, workload } from './scenario-fixture.ts';

// Two guests that sweep 40 MiB each once they have touched them, which takes some 10 ms.
const outcome = (departsNs: number | null, durationNs: number): (string | null)[] => {
  const sweeps = (name: string, departs: number | null): ReturnType<typeof guest> =>
    guest(workload('lmbench-rd'), { name, set: { size: MiB(40) }, departsNs: departs });
  const { status, message } = ran({
    policy: pinned([0, 4], (id) => 2 * id),
    guests: [sweeps('stays', null), sweeps('goes', departsNs)],
    durationNs,
  });
  return [status, message];
};

test('a guest that the end of the run met at its setting up would have needed a longer one', () => {
  expect(outcome(null, us(300))).toEqual([
    'ok',
    'guest stays had not got beyond its setting up when the run ended; a longer duration would show more',
  ]);
});

test('one that departed by then would not', () => {
  expect(outcome(us(700), ms(200))).toEqual(['ok', 'guest goes had not got beyond its setting up when it departed']);
  expect(outcome(ms(150), ms(200))).toEqual(['ok', null]);
});

import { expect, test } from 'vitest';
import { contest } from '../experiments/oracle/small-scenario-fixture.ts';

const seed = '20101103';

test.each(Array.from({ length: 24 }, (_, i) => i))(
  `oracle-static is not beaten by a static policy in small scenario %i (seed ${seed})`,
  (i) => {
    const { words, oracle, rivals } = contest(seed, i);
    for (const [policy, worth] of Object.entries(rivals)) expect(worth, `${words} ${policy}`).toBeLessThanOrEqual(oracle);
  },
);

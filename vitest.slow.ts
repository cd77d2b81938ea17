/** Short tests that take long: `npm test` leaves them to `npm run test:long`. */
export const SLOW: string[] = [
  'test/policies/torture.test.ts',
  'test/policies/memory/linux/autonuma-stress.test.ts',
  'test/sim/conservation.test.ts',
  'test/sim/determinism.test.ts',
  'test/sim/memory-twin.test.ts',
  'test/sim/metamorphic.test.ts',
  'test/cli/sweep-process.test.ts',
  'test/experiments/rt-app/random.test.ts',
];

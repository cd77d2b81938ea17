import { builtIn, compose, type CpuPolicy, DSQ_GLOBAL, ms, type OptionValues, type Policy, type PolicyEntry } from 'numalab/policy';

/** One queue for all, in turns of 2 ms, and something wrong with it. */
export function faulty(name: string, wrong: (options: OptionValues) => Partial<CpuPolicy>, parts: Partial<Policy> = {}): PolicyEntry {
  const enqueue: CpuPolicy['enqueue'] = (k, vcpu, flags) => k.dsqInsert(vcpu, DSQ_GLOBAL, ms(2), flags);
  const make = (options: OptionValues): Policy =>
    compose(name, builtIn('kvm-unpinned'), { cpu: { name, enqueue, ...wrong(options) } }, parts);
  return { name, summary: 'Does one thing wrong.', source: 'for tests', oracle: false, options: [], make };
}

/** True at the hundredth call and from then on, so that there are events before it. */
export function later(): () => boolean {
  let calls = 0;
  return () => ++calls >= 100;
}

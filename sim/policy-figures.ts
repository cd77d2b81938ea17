import { PolicyError } from './assert.ts';
import type { Policy } from './policy-api.ts';

/** The figures a policy gives of itself, looked at before it runs. @throws PolicyError naming the figure and what was wanted */
export function checkFigures({ memory, daemons }: Policy): void {
  const { plan, samples, moveBytesPerSecond = Infinity, cooldownNs = 0, revertAfterNs } = memory;
  if (plan) wantWhole('memory.plan.periodNs', plan.periodNs ?? Number.NaN, 1);
  if (samples) wantWhole('memory.samples.periodLines', samples.periodLines ?? Number.NaN, 1);
  wantWhole('memory.cooldownNs', cooldownNs, 0);
  wantWhole('memory.revertAfterNs', revertAfterNs, Math.max(1, cooldownNs));
  if (!(moveBytesPerSecond > 0)) throw new PolicyError(`memory.moveBytesPerSecond = ${moveBytesPerSecond}, want more than 0`);
  for (const { name, periodNs } of daemons ?? []) wantWhole(`daemon ${name}: periodNs`, periodNs ?? Number.NaN, 1);
}

function wantWhole(what: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new PolicyError(`${what} = ${value}, want a whole number, at least ${least}`);
}

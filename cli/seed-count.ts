import { InputError, show } from '../experiments/input-error.ts';

const MOST_SEEDS = 1000;

/** The number after --seeds. */
export function seedCount(text: string, least: number): number {
  const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (count < least || count > MOST_SEEDS)
    throw new InputError(`--seeds = ${show(text)}, want a whole number from ${least} to ${MOST_SEEDS}`);
  return count;
}

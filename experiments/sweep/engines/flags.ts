import { InputError, show } from '../../input-error.ts';
import { parseQuantity } from '../../quantities.ts';

/**
 * A whole number given to a flag, or what holds without it.
 * @throws InputError
 */
export function countFlag<Default>(text: string | undefined, name: string, most: number, without: Default): number | Default {
  if (text === undefined) return without;
  const count = parseQuantity('count', text);
  if (count === null || count < 1 || count > most) throw new InputError(`--${name} = ${show(text)}, want a whole number from 1 to ${most}`);
  return count;
}

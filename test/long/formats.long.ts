import { runInThisContext } from 'node:vm';
import { afterAll, expect, test } from 'vitest';
import { namedStream } from '../../sim/random.ts';
import { mutatedInput } from '../formats/mutations.ts';
import { fuzzedReaders } from '../formats/readers.ts';
import { tally } from '../tally.ts';

const SEED = '20261126';
const COUNT = 10_000;
const MOST_MS = 2000;

const counts = { tried: 0, crashed: 0 };
afterAll(() => tally('formats', { 'mutated files of other tools': counts.tried, 'mutated files that crashed or hung it': counts.crashed }));

/** Ends what takes too long: a loop of a reader's own too, which no timer of this thread could. */
function timed(work: () => void): void {
  (globalThis as { fuzzedWork?: () => void }).fuzzedWork = work;
  runInThisContext('fuzzedWork()', { timeout: MOST_MS });
}

test.each([
  [
    'a loop',
    () => {
      for (;;);
    },
    /timed out/,
  ],
  [
    'a recursion',
    function deep(): unknown {
      return [deep()];
    },
    /call stack/,
  ],
  ['a fault of the reader', () => (undefined as unknown as string).length, /undefined/],
] as const)('%s is taken for a crash', (_, work, said) => {
  const fault = faultOf(work) as Error;
  expect(fault.message).toMatch(said);
  expect(isRefusal(fault)).toBe(false);
});

test.each(fuzzedReaders)('$name: its seeds are read', ({ read, seeds }) => {
  expect(seeds.length).toBeGreaterThan(0);
  for (const seed of seeds) read(seed);
});

test.each(fuzzedReaders)(`$name: ${COUNT} mutated inputs are read or refused in one line`, ({ name, read, seeds }) => {
  const random = namedStream(SEED, name, 0, 'mutations');
  const outcomes = { read: 0, refused: 0 };
  const prototype = Reflect.ownKeys(Object.prototype).join(' ');
  for (let i = 0; i < COUNT; i++) {
    const input = mutatedInput(seeds, random);
    counts.tried++;
    const fault = faultOf(() => read(input));
    if (fault === null) outcomes.read++;
    else if (isRefusal(fault)) outcomes.refused++;
    else {
      counts.crashed++;
      throw new Error(
        `${name}, seed ${SEED}, input ${i} (${JSON.stringify(Buffer.from(input).toString('latin1').slice(0, 2000))}): ${said(fault)}`,
        {
          cause: fault,
        },
      );
    }
  }
  expect(Reflect.ownKeys(Object.prototype).join(' '), 'the prototype of all objects').toBe(prototype);
  expect(outcomes.read, 'mutations that are read: without any, only the first check was tried').toBeGreaterThan(COUNT / 100);
  expect(outcomes.refused).toBeGreaterThan(COUNT / 100);
});

function faultOf(work: () => void): unknown {
  try {
    timed(work);
    return null;
  } catch (error) {
    return error;
  }
}

/** In one line. A stack that overflows is a RangeError too. */
function isRefusal(fault: unknown): boolean {
  if (!(fault instanceof RangeError)) return false;
  const { message } = fault;
  const isOurs = !/Maximum call stack|Invalid (array|string|typed array) length|internal error/.test(message);
  return isOurs && message !== '' && message.length < 1000 && !/\p{Cc}/u.test(message);
}

function said(fault: unknown): string {
  return fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault);
}

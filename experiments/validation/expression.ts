import { InputError, show } from '../input-error.ts';

/** What a validated value is made of: figures of runs, numbers and arithmetic, such as `pack.elapsed / spread.elapsed`. */
export interface Expression {
  /** The figures it uses, as [run, figure]; a figure of a guest is written guest.figure. */
  readonly figures: readonly (readonly [run: string, figure: string])[];
  /** Its value, given each figure's. */
  evaluate(figureOf: (run: string, figure: string) => number): number;
}

type Node = (figureOf: (run: string, figure: string) => number) => number;

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z][A-Za-z0-9_]*)(?:\.([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?))?|([-+*/(),]))/y;
/** over(limit, a, b, ...) is how many of a, b, ... are more than the limit. */
const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  min: Math.min,
  max: Math.max,
  over: (limit, ...values) => values.filter((value) => value > limit!).length,
};
const MOST_TOKENS = 1000;

type Token =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'figure'; readonly run: string; readonly figure: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'sign'; readonly sign: string };

/** @throws InputError saying what is wrong where */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text);
  const figures: [string, string][] = [];
  let at = 0;

  const fail = (want: string): never => {
    throw new InputError(`${show(text)}: want ${want}, such as pack.elapsed / spread.elapsed`);
  };
  const isSign = (...signs: string[]): boolean => {
    const token = tokens[at];
    return token?.kind === 'sign' && signs.includes(token.sign);
  };
  const expectSign = (sign: string): void => {
    if (!isSign(sign)) fail(`a "${sign}" after part ${at}`);
    at++;
  };

  function sum(): Node {
    let left = product();
    while (isSign('+', '-')) {
      const isPlus = isSign('+');
      at++;
      const [a, b] = [left, product()];
      left = isPlus ? (of) => a(of) + b(of) : (of) => a(of) - b(of);
    }
    return left;
  }

  function product(): Node {
    let left = factor();
    while (isSign('*', '/')) {
      const isTimes = isSign('*');
      at++;
      const [a, b] = [left, factor()];
      left = isTimes ? (of) => a(of) * b(of) : (of) => a(of) / b(of);
    }
    return left;
  }

  function factor(): Node {
    const token = tokens[at++];
    if (token?.kind === 'number') return () => token.value;
    if (token?.kind === 'figure') {
      figures.push([token.run, token.figure]);
      return (of) => of(token.run, token.figure);
    }
    if (token?.kind === 'sign' && token.sign === '(') {
      const inner = sum();
      expectSign(')');
      return inner;
    }
    if (token?.kind === 'function') return call(token.name);
    return fail('a number or a figure of a run');
  }

  function call(name: string): Node {
    const compute = Object.hasOwn(FUNCTIONS, name)
      ? FUNCTIONS[name]!
      : fail(`run.figure, min(...), max(...) or over(limit, ...) instead of ${name}`);
    expectSign('(');
    const inner = [sum()];
    while (isSign(',')) {
      at++;
      inner.push(sum());
    }
    expectSign(')');
    return (of) => compute(...inner.map((node) => node(of)));
  }

  const root = sum();
  if (at < tokens.length) fail('an end, or one of + - * /');
  return { figures, evaluate: root };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new InputError(`${show(text)}: not understood at ${show(text.slice(from, from + 10))}`);
    const [, number, name, figure, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) });
    else if (sign !== undefined) tokens.push({ kind: 'sign', sign });
    else if (figure !== undefined) tokens.push({ kind: 'figure', run: name!, figure });
    else tokens.push({ kind: 'function', name: name! });
    if (tokens.length > MOST_TOKENS) throw new InputError(`${show(text)}: longer than ${MOST_TOKENS} parts`);
  }
  return tokens;
}

import { plainText } from './format.ts';

/** From one sum over what changes it to another, in whole units of what `textOf` writes. */
export interface Waterfall {
  readonly start: Bar;
  readonly steps: readonly Bar[];
  readonly end: Bar;
}

export interface Bar {
  readonly label: string;
  readonly value: number;
}

const TOTAL = '█';
const MORE = '▓';
const LESS = '░';
const LEAST_BAR = 20;

/**
 * Bars of block characters, one line each, a step where the sum before it ends. They begin at 0 unless the steps would be too small to see:
 * then the first line says where.
 * @throws RangeError when the steps do not lead from the start to the end
 */
export function waterfallText({ start, steps, end }: Waterfall, textOf: (value: number) => string, width: number): string {
  const sums = [start.value];
  for (const { value } of steps) sums.push(sums.at(-1)! + value);
  if (sums.at(-1) !== end.value) throw new RangeError(`waterfall: steps lead to ${sums.at(-1)}, want ${end.value}`);
  const rows = [
    { label: start.label, text: textOf(start.value) },
    ...steps.map(({ label, value }) => ({ label, text: `${value > 0 ? '+' : ''}${textOf(value)}` })),
    { label: end.label, text: textOf(end.value) },
  ];
  const labelWidth = Math.max(...rows.map(({ label }) => plainText(label).length));
  const textWidth = Math.max(...rows.map(({ text }) => text.length));
  const barWidth = Math.max(LEAST_BAR, width - labelWidth - textWidth - 6);
  const [low, high] = [Math.min(...sums), Math.max(...sums)];
  const from = low > high / 2 ? Math.max(0, Math.floor(low - (high - low) / 3)) : 0;
  const place = (value: number): number => (high === from ? barWidth : Math.round(((value - from) / (high - from)) * barWidth));
  const bars = [
    TOTAL.repeat(Math.max(1, place(start.value))),
    ...steps.map(({ value }, i) => {
      const [left, right] = [sums[i]!, sums[i + 1]!].sort((a, b) => a - b) as [number, number];
      const length = value === 0 ? 0 : Math.max(1, place(right) - place(left));
      return ' '.repeat(Math.min(place(left), barWidth - length)) + (value > 0 ? MORE : LESS).repeat(length);
    }),
    TOTAL.repeat(Math.max(1, place(end.value))),
  ];
  const lines = rows.map(({ label, text }, i) =>
    `  ${plainText(label).padEnd(labelWidth)}  ${text.padStart(textWidth)}  ${bars[i]}`.trimEnd(),
  );
  return `${MORE} more, ${LESS} less${from > 0 ? `; bars begin at ${textOf(from)}` : ''}\n${lines.join('\n')}\n`;
}

/** Of the largest letters that pictures have; narrow screens get these (style.ts). */
const SIZE = 14;
/** Of wide fonts, as pages use whatever the reader's system has. In em. */
const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[\s.,:;'|!ijltfr()[\]/-]/, 0.42],
  [/[MWmw%@+=<>~\u00b1\u2212\u2264]/, 0.95],
  [/[A-Z]/, 0.72],
  [/[\u0020-\u024f]/, 0.64],
];
const OTHER = 1;
const BOLD = 1.12;

/** How broad a text comes out in a picture, rather too much than too little, in pixels of the picture. */
export function textWidth(text: string, isBold = false): number {
  const em = [...text].reduce((sum, letter) => sum + (CLASSES.find(([letters]) => letters.test(letter))?.[1] ?? OTHER), 0);
  return em * SIZE * (isBold ? BOLD : 1);
}

/** The text, cut to what fits with a mark of it. */
export function fitted(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && textWidth(`${letters.join('')}…`) > width) letters.pop();
  return `${letters.join('')}…`;
}

/**
 * Every second, third or so of the labels, such that none touches the next; `keep`, an index, is among them.
 * @param places of their middles, in pixels, in order
 */
export function thinned(labels: readonly string[], places: readonly number[], keep = 0, gap = 8): number[] {
  const all = labels.map((_, i) => i);
  const widths = labels.map((label) => textWidth(label));
  for (let stride = 1; stride < labels.length; stride++) {
    const kept = all.filter((i) => (i - keep) % stride === 0);
    const fits = kept.every((i, k) => k === 0 || places[i]! - places[kept[k - 1]!]! >= (widths[i]! + widths[kept[k - 1]!]!) / 2 + gap);
    if (fits) return kept;
  }
  return all.filter((i) => i === keep);
}

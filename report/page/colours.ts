/**
 * Colours of the page by role, light and dark. Text and lines in a policy's colour are read against `paper`, letters in a cause's
 * against that: test/report/page/colours.test.ts holds the contrasts.
 */
export type Scheme = Readonly<Record<string, string>>;

export const POLICY_COLOURS = 8;
export const HEAT_STEPS = 7;
export const CAUSE_COLOURS = 9;

export const LIGHT: Scheme = {
  paper: '#fdfdfb',
  raised: '#f4f4ef',
  ink: '#1b1e23',
  soft: '#565c66',
  grid: '#e3e3dc',
  rule: '#c9c9c0',
  accent: '#1f5bb5',
  good: '#17693a',
  bad: '#a3281d',
  p0: '#b3470f',
  p1: '#1f5bb5',
  p2: '#8a2f7d',
  p3: '#0b6e66',
  p4: '#5a5f00',
  p5: '#6b3fc4',
  p6: '#8c3a46',
  p7: '#47586b',
  h0: '#fdfdfb',
  h1: '#ecebf3',
  h2: '#d6d4e6',
  h3: '#b9b5d4',
  h4: '#8f89b8',
  h5: '#524a86',
  h6: '#2e2760',
  t0: '#565c66',
  t1: '#1b1e23',
  t2: '#1b1e23',
  t3: '#1b1e23',
  t4: '#0b0e12',
  t5: '#ffffff',
  t6: '#ffffff',
};

export const DARK: Scheme = {
  paper: '#14171c',
  raised: '#1d2128',
  ink: '#eceef1',
  soft: '#a8b0bb',
  grid: '#2b3038',
  rule: '#434a55',
  accent: '#8ab8ff',
  good: '#6fd39a',
  bad: '#ff9b8f',
  p0: '#ffa35c',
  p1: '#84b4ff',
  p2: '#f08fdf',
  p3: '#4fd1c5',
  p4: '#cfd45a',
  p5: '#b79cff',
  p6: '#ff9aa8',
  p7: '#b4c3d4',
  h0: '#14171c',
  h1: '#23212f',
  h2: '#322e47',
  h3: '#494269',
  h4: '#8e86bd',
  h5: '#b4aedb',
  h6: '#dedaf5',
  t0: '#a8b0bb',
  t1: '#eceef1',
  t2: '#eceef1',
  t3: '#ffffff',
  t4: '#06090d',
  t5: '#0b1524',
  t6: '#0b1524',
};

/** Causes of time keep their colours in the dark: their letters are dark on light in both. */
export const CAUSES_SCHEME: Scheme = {
  k0: '#aab4bf',
  k1: '#78b7e6',
  k2: '#f2914f',
  k3: '#e2c044',
  k4: '#d9a0c8',
  k5: '#85c98c',
  k6: '#b79ae0',
  k7: '#e58f8f',
  k8: '#d3d7db',
  letter: '#14171c',
};

/** `--name: colour;` for each. */
export function variables(scheme: Scheme): string {
  return Object.entries(scheme)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join('');
}

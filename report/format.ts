/** Numbers, quantities and names as people read them. */

const TIME_UNITS: readonly Unit[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
];

const SIZE_UNITS: readonly Unit[] = [
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
  [1, 'B'],
];

type Unit = readonly [scale: number, name: string];

/** A number to so many significant digits, without an exponent where people would write none; digits before the point all stay. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(digits));
  if (rounded === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(rounded)));
  if (magnitude < -6 || magnitude >= 15) return value.toExponential(digits - 1);
  return value.toFixed(Math.max(0, digits - 1 - magnitude));
}

/** `1 guest`, `3 guests`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** Nanoseconds in the unit that fits: 1234567 is '1.23 ms'. */
export function formatNs(ns: number, digits = 3): string {
  return inUnits(ns, digits, TIME_UNITS);
}

/** Bytes in binary units: 2 MiB is '2 MiB'. */
export function formatBytes(bytes: number, digits = 3): string {
  return inUnits(bytes, digits, SIZE_UNITS);
}

const LEAST_SHARE = 0.00001;

/** A share 0..1 as percent. */
export function formatShare(share: number, digits = 3): string {
  if (share > 0 && share < LEAST_SHARE) return `<${LEAST_SHARE * 100} %`;
  return `${formatNumber(share * 100, digits)} %`;
}

/** Half-widths below this share of the mean are what summing in another order leaves: seeds that agree. */
const ROUNDING = 1e-12;

/**
 * A mean and the half-width of its interval, which decides how many digits are worth telling, up to a limit: `25.6479 ± <0.0001` below
 * it; '?' for a half-width nobody knows.
 */
export function formatPlusMinus(mean: number, halfWidth: number): string {
  if (!Number.isFinite(halfWidth)) return `${formatNumber(mean)} ± ?`;
  if (halfWidth <= Math.abs(mean) * ROUNDING) return `${formatNumber(mean)} ± 0`;
  const most = mostDecimals(mean);
  if (halfWidth < 10 ** -most) return `${formatNumber(mean, MOST_DIGITS)} ± <${formatNumber(10 ** -most, 1)}`;
  const text = formatNumber(halfWidth, 2);
  if (text.includes('e')) return `${formatNumber(mean, digitsDownTo(halfWidth, mean))} ± ${text}`;
  const decimals = Math.min(decimalsOf(text), most);
  return `${mean.toFixed(decimals)} ± ${decimals < decimalsOf(text) ? halfWidth.toFixed(decimals) : text}`;
}

/** An estimate with an interval about it: with a half-width where its sides are alike, else with both ends, to as many digits as the shorter side is worth. */
export function formatInterval(mean: number, low: number, high: number): string {
  const up = high - mean;
  const down = mean - low;
  const longer = Math.max(up, down);
  const most = mostDecimals(Math.max(Math.abs(mean), Math.abs(low), Math.abs(high)));
  const isAlike = Math.abs(up - down) <= ALIKE * longer || longer < 10 ** -most; // the ends would read as the mean does
  if (isAlike || !Number.isFinite(up + down)) return formatPlusMinus(mean, longer);
  const shorter = Math.min(up, down);
  const text = formatNumber(shorter > 0 ? shorter : longer, 2);
  const isShort = !text.includes('e') || shorter < 10 ** -most;
  const decimals = text.includes('e') ? most : Math.min(decimalsOf(text), most);
  const short = (value: number): string => (isShort ? value.toFixed(decimals).replace(/^-(?=[0.]*$)/, '') : formatNumber(value));
  return `${short(mean)} (${short(low)} to ${short(high)})`;
}

/** Of a value, so many that the last stands where the second of its half-width does. */
function digitsDownTo(halfWidth: number, value: number): number {
  const apart = Math.floor(Math.log10(Math.abs(value))) - Math.floor(Math.log10(halfWidth));
  return Number.isFinite(apart) ? Math.min(MOST_DIGITS, Math.max(3, apart + 2)) : 3; // of nothing there is no digit to tell
}

/** `isMost`: it is known to be that or less. */
export function formatPValue(p: number, isMost = false): string {
  if (isMost) return `≤${Number(p.toPrecision(2))}`;
  return p < 0.0001 ? '<0.0001' : formatNumber(p, 2);
}

/** Of a mean, however sure: more are no news to anybody. */
const MOST_DIGITS = 6;

/** Digits after the point that such a value may have; digits before it all stay. */
function mostDecimals(value: number): number {
  const rounded = Math.abs(Number(value.toPrecision(MOST_DIGITS)));
  if (rounded === 0 || !Number.isFinite(rounded)) return MOST_DECIMALS;
  return Math.min(MOST_DECIMALS, Math.max(0, MOST_DIGITS - 1 - Math.floor(Math.log10(rounded))));
}

/** That toFixed takes. */
const MOST_DECIMALS = 100;

function decimalsOf(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

/** Sides of an interval that differ by less look alike at two digits. */
const ALIKE = 0.01;

/** A name that others chose, safe to print: without control characters, so it cannot move the cursor, colour or turn the line. */
export function plainText(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '');
}

/** The largest unit that leaves at least 1 after rounding; a whole number of it is written whole. */
function inUnits(value: number, digits: number, units: readonly Unit[]): string {
  const fits = ([size]: Unit): boolean => Math.abs(Number((value / size).toPrecision(digits))) >= 1;
  const [scale, name] = units.find(fits) ?? units[units.length - 1]!;
  const scaled = value / scale;
  return `${Number.isInteger(scaled) ? scaled : formatNumber(scaled, digits)} ${name}`;
}

/**
 * JSON text that is the same for equal values, whatever the order in which their keys were set: for hashes and results.
 * @throws RangeError naming the path of anything JSON would drop or change silently (NaN, functions, typed arrays, undefined items)
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(ordered(value, '$'), null, indent);
}

function ordered(value: unknown, path: string): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return Array.from(value, (item, i) => ordered(item, `${path}[${i}]`));
  if (isRecord(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    // fromEntries defines its keys, so that one called __proto__ is a key like any other
    return Object.fromEntries(keys.sort().map((key) => [key, ordered(value[key], `${path}.${key}`)]));
  }
  throw new RangeError(`${path} = ${String(value)}, want a finite number, text, true, false, null, a list or a plain record`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

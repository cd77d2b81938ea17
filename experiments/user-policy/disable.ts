import { PolicyError, type PolicyExitKind } from '../../sim/assert.ts';

/** What differs from run to run, or lets something happen after a hook has returned. */
const NOT_REPEATABLE = [
  'Date', 'performance', 'Performance', 'crypto', 'Crypto', 'CryptoKey', 'SubtleCrypto', 'Intl', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer',
  'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask',
  'navigator', 'Navigator',
]; // prettier-ignore

/** What reaches out of the thread. */
const OUTSIDE = [
  'require', 'module', 'exports', '__filename', '__dirname', 'fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'Worker', 'BroadcastChannel',
  'MessageChannel', 'MessagePort', 'MessageEvent', 'WebAssembly', 'Buffer', 'global', 'eval',
]; // prettier-ignore

/**
 * Takes from this thread, for good, what a policy must not use: an access throws. Then freezes the built-in objects, so that no policy
 * changes them under the engine or leaves something for the next. To be called when everything else is loaded.
 * @param log is given what a policy prints
 */
export function disableOutside(log: (line: string) => void): void {
  const refuse = (what: string, kind: PolicyExitKind, why: string): (() => never) => {
    return () => {
      throw new PolicyError(`${what}: ${why}`, kind);
    };
  };
  const notRepeatable = (what: string): (() => never) =>
    refuse(what, 'nondeterminism', 'differs from run to run; time is k.nowNs, chance is k.random()');
  Object.defineProperty(Math, 'random', { value: notRepeatable('Math.random') });
  Date.now = notRepeatable('Date.now');
  const print = (...values: unknown[]): void => log(values.map((value) => textOf(value)).join(' '));
  const ends = ['exit', 'abort', 'kill', 'reallyExit'];
  const fixed: Record<string, unknown> = {
    console: Object.fromEntries(['log', 'info', 'warn', 'error', 'debug', 'trace'].map((name) => [name, print])),
    process: new Proxy(Object.create(null) as object, {
      get: (_target, name) =>
        ends.includes(String(name))
          ? refuse(`process.${String(name)}`, 'exit', 'a policy may not end the run')
          : notRepeatable(`process.${String(name)}`)(),
    }),
  };
  harden(intrinsics());
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const found = Object.getOwnPropertyDescriptor(globalThis, name)!;
    if (name in fixed) Object.defineProperty(globalThis, name, { value: Object.freeze(fixed[name]), writable: false, configurable: false });
    else if (NOT_REPEATABLE.includes(name)) shut(name, notRepeatable(name));
    else if (OUTSIDE.includes(name)) shut(name, refuse(name, 'illegal', 'not for policies'));
    else if (found.configurable && 'value' in found) Object.defineProperty(globalThis, name, { writable: false, configurable: false });
  }
  Object.preventExtensions(globalThis);
}

function shut(name: string, get: () => never): void {
  if (Object.getOwnPropertyDescriptor(globalThis, name)!.configurable)
    Object.defineProperty(globalThis, name, { get, configurable: false });
}

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** The objects the language comes with, those without a name included. */
function intrinsics(): unknown[] {
  const generator = Object.getPrototypeOf(function* () {}) as object;
  const asynchronous = Object.getPrototypeOf(async () => {}) as object;
  return [
    Object, Function, Array, String, Number, Boolean, Symbol, BigInt, RegExp, Promise, Proxy, Reflect, JSON, Math, Map, Set, WeakMap, WeakSet,
    DataView, Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
    generator, asynchronous, Object.getPrototypeOf([][Symbol.iterator]()),
    Object.getPrototypeOf(new Map()[Symbol.iterator]()), Object.getPrototypeOf(new Set()[Symbol.iterator]()), Object.getPrototypeOf(''[Symbol.iterator]()),
  ]; // prettier-ignore
}

const TYPED_ARRAYS: readonly { readonly prototype: object }[] = [
  Object.getPrototypeOf(Int8Array) as { prototype: object },
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, ArrayBuffer],
];

/**
 * What stays open, because V8 looks up elements of arrays the long way once it is closed, which makes the engine two to ten times slower:
 * the prototype of all objects may still be added to, typed arrays are as they were. What a policy did to them is found out after its run.
 */
const ADDABLE: readonly object[] = [Object.prototype];
const CHANGEABLE: readonly object[] = TYPED_ARRAYS.flatMap((type) => [type, type.prototype]);
const found = new Map<object, ReadonlyMap<PropertyKey, unknown>>([...ADDABLE, ...CHANGEABLE].map((open) => [open, valuesOf(open)]));

/** Whether a policy has changed one of the built-in objects that could not be closed. */
export function isTampered(): boolean {
  for (const [open, before] of found) {
    const now = valuesOf(open);
    if (now.size !== before.size) return true;
    for (const [key, value] of now) if (before.get(key) !== value) return true;
  }
  return false;
}

function valuesOf(object: object): Map<PropertyKey, unknown> {
  return new Map(
    Reflect.ownKeys(object).map((key) => {
      const { value, get } = Object.getOwnPropertyDescriptor(object, key)!;
      return [key, (value as unknown) ?? get];
    }),
  );
}

/** Freezes objects and all that hangs on them. */
function harden(roots: readonly unknown[]): void {
  const seen = new Set<unknown>(CHANGEABLE);
  const left = [...roots];
  while (left.length > 0) {
    const value = left.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    left.push(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      left.push(property.value, property.get, property.set);
      if (property.configurable)
        Object.defineProperty(value, key, { configurable: false, ...('value' in property && { writable: false }) });
    }
    if (!ADDABLE.includes(value)) Object.freeze(value);
  }
}

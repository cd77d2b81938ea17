import { PolicyError } from '../../sim/assert.ts';
import type { OptionSpec } from '../../sim/options.ts';
import { checkFigures } from '../../sim/policy-figures.ts';
import type { Fallback, Policy, PolicyEntry } from '../../sim/policy-api.ts';
import { LIBRARY } from './library-name.ts';

/** Compiles a function body of these parameters; its place in errors is `POLICY_CODE`. */
export type Compile = (code: string, parameters: string[]) => (...values: unknown[]) => unknown;

/** What errors call the bundle. */
export const POLICY_CODE = 'numalab-policy-bundle';

const KINDS: readonly string[] = ['count', 'bytes', 'time', 'share', 'rate', 'choice'];

/**
 * Runs the bundle of a policy, anew at each call, and gives what it exports.
 * @throws PolicyError if that is no policy; and whatever the bundle throws
 */
export function evaluate(code: string, library: object, compile: Compile): PolicyEntry {
  const module = { exports: {} as Record<string, unknown> };
  const require = (name: string): object => {
    if (name !== LIBRARY) throw new PolicyError(`require of ${name}: not for policies`);
    return library;
  };
  compile(code, ['module', 'exports', 'require'])(module, module.exports, require);
  return entryOf(module.exports.default ?? module.exports.policy);
}

function entryOf(exported: unknown): PolicyEntry {
  if (typeof exported !== 'object' || exported === null) throw new PolicyError('want a policy as default export, or exported as `policy`');
  const entry = exported as Partial<PolicyEntry>;
  if (typeof entry.make !== 'function') throw new PolicyError('want a policy with a function make(options)');
  const { name = '', summary = '', source = '', oracle = false, options = [] } = entry;
  if (typeof name !== 'string' || typeof summary !== 'string' || typeof source !== 'string')
    throw new PolicyError('want name, summary and source as texts');
  if (!Array.isArray(options)) throw new PolicyError('want options as a list');
  options.forEach(checkOption);
  return { ...entry, name, summary, source, oracle: oracle === true, options, make: (values) => entry.make!(values) };
}

function checkOption(option: Partial<OptionSpec> | null): void {
  const { name, kind, default: value, choices } = option ?? {};
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(name))
    throw new PolicyError(`option ${String(name)}: want a name of a-z, 0-9 and hyphen`);
  if (!KINDS.includes(kind!)) throw new PolicyError(`option ${name}: kind ${String(kind)}, want one of ${KINDS.join(', ')}`);
  if (kind === 'choice' ? !choices?.includes(value as string) : typeof value !== 'number') {
    throw new PolicyError(
      `option ${name}: default ${String(value)}, want ${kind === 'choice' ? 'one of its choices' : 'a number in base units'}`,
    );
  }
}

const FALLBACKS: readonly Fallback[] = ['distance', 'next-id', 'none', 'within'];

function wantFunctions(where: string, part: object, names: readonly string[], isRequired = false): void {
  for (const name of names) {
    const value = (part as Record<string, unknown>)[name];
    if (typeof value !== 'function' && (isRequired || value !== undefined)) throw new PolicyError(`${where}.${name}: want a function`);
  }
}

/** @throws PolicyError for what the engine could not call */
export function checkPolicy(policy: Policy): void {
  if (typeof policy !== 'object' || policy === null) throw new PolicyError('make returned no policy, want compose(name, parts)');
  const { cpu, memory, placement } = policy;
  if (typeof cpu?.enqueue !== 'function') throw new PolicyError('want a cpu part with enqueue');
  if (typeof memory?.alloc !== 'function') throw new PolicyError('want a memory part with alloc');
  if (memory.backs !== 'first-touch' && memory.backs !== 'at-build') throw new PolicyError('memory.backs: want first-touch or at-build');
  if (!FALLBACKS.includes(memory.fallback))
    throw new PolicyError(`memory.fallback: ${String(memory.fallback)}, want one of ${FALLBACKS.join(', ')}`);
  wantFunctions('memory', memory, ['onHintFault', 'onSample', 'onMoved']);
  if (memory.plan !== undefined) wantFunctions('memory.plan', memory.plan ?? {}, ['step'], true);
  for (const daemon of policy.daemons ?? []) wantFunctions(`daemon ${String(daemon?.name)}`, daemon ?? {}, ['step'], true);
  if (placement !== undefined && typeof placement?.place !== 'function') throw new PolicyError('want a placement part with place');
  checkFigures(policy);
}

import { PolicyError } from '../../sim/assert.ts';
import { type BlackBox, CALLS, HOOK, VCPU } from '../../sim/black-box.ts';
import type { CpuPolicy, Daemon, Kernel, MemoryPolicy, PageSample, Placement, PlacementPolicy, Policy } from '../../sim/policy-api.ts';
import { PolicyKernel } from './policy-kernel.ts';

/** Names by their number in the black box; 0 is none. A hook that is not here is told as `other`. */
export const HOOKS: readonly string[] = [
  '',
  'load',
  'make',
  'init',
  'exit',
  'guestInit',
  'guestExit',
  'initTask',
  'enable',
  'disable',
  'exitTask',
  'place',
  'selectCpu',
  'enqueue',
  'dequeue',
  'dispatch',
  'tick',
  'runnable',
  'running',
  'stopping',
  'quiescent',
  'updateIdle',
  'yield',
  'setWeight',
  'setCpumask',
  'cpuOnline',
  'cpuOffline',
  'daemon.step',
  'memory.alloc',
  'onHintFault',
  'onSample',
  'onMoved',
  'memory.plan',
  'timer',
  'other',
];

/** Hooks whose first argument after the kernel is a vCPU. */
const OF_VCPU: ReadonlySet<string> = new Set([
  'initTask',
  'enable',
  'disable',
  'exitTask',
  'selectCpu',
  'enqueue',
  'dequeue',
  'yield',
  'setWeight',
  'setCpumask',
  'tick',
  'runnable',
  'running',
  'stopping',
  'quiescent',
]);

/** Hooks whose first argument after the kernel tells of an access, and so of a vCPU. */
const OF_ACCESS: ReadonlySet<string> = new Set(['onHintFault', 'onSample']);

export interface Guarded {
  readonly policy: Policy;
  /** What the policy threw last, for the place in its file. */
  thrown(): unknown;
}

/** A hook as the engine calls it; none has more arguments. */
type Hook = (k: Kernel, a: unknown, b: unknown, c: unknown, d: unknown) => unknown;
type Part = Readonly<Record<string, unknown>>;

/**
 * The policy behind a wall: its hooks see the kernel's helpers only, each call is written into the black box first, and what they return
 * is checked and frozen. Anything else the engine does with it is as with a policy of our own.
 */
export function guardPolicy(policy: Policy, name: string, box: BlackBox): Guarded {
  let kernel: PolicyKernel | null = null;
  let thrown: unknown;
  const { head, nowNs } = box;

  function wall(owner: Part, key: string, told: string): Hook {
    const hook = owner[key] as Hook;
    const number = numberOf(told);
    const isOfVcpu = OF_VCPU.has(key);
    const isOfAccess = OF_ACCESS.has(key);
    return (k, a, b, c, d) => {
      kernel ??= new PolicyKernel(k, (fire) => called(k, fire));
      head[CALLS]!++;
      head[HOOK] = number;
      head[VCPU] = isOfVcpu ? (a as number) : isOfAccess ? (a as PageSample).vcpu : -1;
      nowNs[0] = k.nowNs;
      try {
        const result = hook.call(owner, kernel, a, b, c, d);
        if (typeof result === 'object' && result !== null) refusePromise(result);
        head[HOOK] = 0;
        return result;
      } catch (error) {
        thrown = error;
        throw error;
      }
    };
  }

  const timerNumber = numberOf('timer');
  function called(k: Kernel, fire: () => void): void {
    head[CALLS]!++;
    head[HOOK] = timerNumber;
    head[VCPU] = -1;
    nowNs[0] = k.nowNs;
    try {
      fire();
    } catch (error) {
      thrown = error;
      throw error;
    }
    head[HOOK] = 0;
  }

  function walled(part: object, prefix = ''): Part {
    const copy: Record<string, unknown> = {};
    for (const key in part) {
      // own and inherited, as a class has its hooks
      const value = (part as Part)[key];
      copy[key] = typeof value === 'function' ? wall(part as Part, key, prefix + key) : value;
    }
    for (const key of methodsOf(part)) copy[key] = wall(part as Part, key, prefix + key);
    return copy;
  }

  const cpu = walled(policy.cpu) as unknown as CpuPolicy;
  const { plan } = policy.memory;
  const memory = {
    ...(walled(policy.memory, 'memory.') as unknown as MemoryPolicy),
    ...(plan && { plan: { periodNs: plan.periodNs, step: wall(plan as unknown as Part, 'step', 'memory.plan') } }),
  } as MemoryPolicy;
  const placement = policy.placement && checkedPlacement(walled(policy.placement) as unknown as PlacementPolicy);
  const daemons = policy.daemons?.map((daemon) => walled(daemon, 'daemon.') as unknown as Daemon);
  return { policy: { name, cpu, memory, ...(placement && { placement }), ...(daemons && { daemons }) }, thrown: () => thrown };
}

function numberOf(told: string): number {
  const known = Math.max(HOOKS.indexOf(told), HOOKS.indexOf(told.replace(/^memory\./, '')));
  return known > 0 ? known : HOOKS.length - 1;
}

/** Hooks of a class do not show in a for..in loop. */
function methodsOf(part: object): string[] {
  const names: string[] = [];
  for (
    let proto = Object.getPrototypeOf(part) as object | null;
    proto && proto !== Object.prototype;
    proto = Object.getPrototypeOf(proto) as object | null
  ) {
    names.push(...Object.getOwnPropertyNames(proto).filter((name) => name !== 'constructor' && typeof (part as Part)[name] === 'function'));
  }
  return names;
}

function refusePromise(result: object): void {
  if (typeof (result as { then?: unknown }).then === 'function')
    throw new PolicyError('a promise returned: hooks must be done when they return');
}

/** What a policy keeps of the placement it returned, it can only read. */
function checkedPlacement(inner: PlacementPolicy): PlacementPolicy {
  return {
    ...inner,
    place(k, guest) {
      const placement = inner.place(k, guest) as Placement | undefined;
      const { hardNodes, softNodes, memoryNodes } = placement ?? {};
      const isSound = [hardNodes, softNodes].every((nodes) => nodes === null || Array.isArray(nodes)) && Array.isArray(memoryNodes);
      if (!isSound) throw new PolicyError('place returned no placement, want { hardNodes, softNodes, memoryNodes }');
      for (const nodes of [hardNodes, softNodes, memoryNodes]) if (nodes) Object.freeze(nodes);
      return Object.freeze(placement!);
    },
  };
}

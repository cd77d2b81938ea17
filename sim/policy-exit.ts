import { PolicyError, type PolicyExitKind, SimulatorError } from './assert.ts';
import { eventsOf, HOOK, type HostEvent, VCPU } from './black-box.ts';
import type { HostKernel } from './host-kernel.ts';
import type { World } from './world.ts';

/** How a policy ended its run, and what is needed to see why. */
export interface PolicyExit {
  readonly kind: PolicyExitKind;
  readonly message: string;
  /** The hook that was being called, `make` before there were any, `none` for what came of several. */
  readonly hook: string;
  /** Simulated time. */
  readonly atNs: number;
  /** The vCPU the hook was about; null where it is about none. */
  readonly vcpu: number | null;
  /** The last of them, oldest first. */
  readonly events: readonly HostEvent[];
}

/** What a policy's fault amounts to; null if the fault is the simulator's. */
export function policyExit(w: World, k: HostKernel, error: unknown): PolicyExit | null {
  if (!(error instanceof PolicyError) && (error instanceof SimulatorError || w.hook === '')) return null;
  const vcpu =
    error instanceof PolicyError && error.vcpu >= 0
      ? error.vcpu
      : w.box.head[HOOK] !== 0
        ? w.box.head[VCPU]!
        : k.enqueueing >= 0
          ? k.enqueueing
          : k.selecting;
  return {
    kind: kindOf(error),
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    hook: w.hook || 'none',
    atNs: w.nowNs,
    vcpu: vcpu >= 0 ? vcpu : null,
    events: eventsOf(w.box),
  };
}

/** V8's words for a write to what is frozen, or has no setter. */
const FROZEN_WRITE = /^Cannot (assign to read only|add|delete|redefine|set) property|object is not extensible|which has only a getter/;

export function kindOf(error: unknown): PolicyExitKind {
  if (error instanceof PolicyError) return error.kind;
  if (error instanceof RangeError && error.message.includes('allocation failed')) return 'out-of-memory';
  return error instanceof TypeError && FROZEN_WRITE.test(error.message) ? 'mutation' : 'throw';
}

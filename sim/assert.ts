/** Thrown when the simulator itself is wrong: never the user's fault, always worth a report. */
export class SimulatorError extends Error {
  override name = 'SimulatorError';
}

/** Always on. The message is a constant, so that a check on the hot path builds no string. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new SimulatorError(message);
}

/**
 * How a policy can end its run, as sched_ext has kinds of exit (enum scx_exit_kind): `timeout` no progress in wall time; `loop` too many
 * actions in one hook or at one instant; `throw` an error of its own; `illegal` an action no kernel would do; `stall` a vCPU that waits too
 * long for a CPU; `mutation` a write to what it was only shown; `nondeterminism` it asked for what differs between runs, or its second run
 * differed; `out-of-memory`, `killed` and `exit` its thread or process ended.
 */
export const POLICY_EXIT_KINDS = [
  'timeout',
  'loop',
  'throw',
  'illegal',
  'stall',
  'mutation',
  'nondeterminism',
  'out-of-memory',
  'killed',
  'exit',
] as const;
export type PolicyExitKind = (typeof POLICY_EXIT_KINDS)[number];

/** A policy broke the contract of its hooks: ends the run with a status, never the sweep. */
export class PolicyError extends Error {
  override name = 'PolicyError';
  readonly kind: PolicyExitKind;
  /** The vCPU it is about, if that is not the one the hook is called for; NONE else. */
  readonly vcpu: number;

  constructor(message: string, kind: PolicyExitKind = 'illegal', vcpu = -1) {
    super(message);
    this.kind = kind;
    this.vcpu = vcpu;
  }
}

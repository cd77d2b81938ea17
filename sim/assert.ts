/** Thrown when the simulator itself is wrong: never the user's fault, always worth a report. */
export class SimulatorError extends Error {
  override name = 'SimulatorError';
}

/** Always on. The message is a constant, so that a check on the hot path builds no string. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new SimulatorError(message);
}

/** A policy broke the contract of its hooks: ends the run with a status, never the sweep. */
export class PolicyError extends Error {
  override name = 'PolicyError';
}

import type * as Sim from '../../sim/trace-events.ts';

/** Kinds of the rows of a trace, and how wide they are, as sim/trace-events.ts has them: the compiler holds the two together. */
export const TRACE_WIDTH: typeof Sim.TRACE_WIDTH = 6;
export const SWITCH: typeof Sim.SWITCH = 0;
export const WAKING: typeof Sim.WAKING = 1;
export const MIGRATE: typeof Sim.MIGRATE = 2;
export const TASK_START: typeof Sim.TASK_START = 3;
export const TASK_WAKE: typeof Sim.TASK_WAKE = 4;
export const TASK_ON: typeof Sim.TASK_ON = 5;
export const TASK_LEAVE: typeof Sim.TASK_LEAVE = 6;
export const PAGE_MOVE: typeof Sim.PAGE_MOVE = 7;
export const PAGE_REPLICA: typeof Sim.PAGE_REPLICA = 8;
export const HINT_FAULT: typeof Sim.HINT_FAULT = 9;
export const GUEST_ARRIVES: typeof Sim.GUEST_ARRIVES = 10;
export const GUEST_DEPARTS: typeof Sim.GUEST_DEPARTS = 11;
export const CPU_ONLINE: typeof Sim.CPU_ONLINE = 12;
export const AFFINITY: typeof Sim.AFFINITY = 13;
export const GUEST_MEASURED: typeof Sim.GUEST_MEASURED = 14;
export const RENICE: typeof Sim.RENICE = 15;

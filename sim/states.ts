import { CAUSES } from './recording.ts';

/** Small numbers that stand in the World's arrays. Causes of time: places in CAUSES. */
export const CAUSE_COUNT = CAUSES.length;
const causeIndex = (name: (typeof CAUSES)[number]): number => CAUSES.indexOf(name);
export const COMPUTE = causeIndex('compute');
export const MEMORY_LOCAL = causeIndex('memoryLocal');
export const DISTANCE = causeIndex('distance');
export const QUEUE_CONTROLLER = causeIndex('queueController');
export const QUEUE_LINK = causeIndex('queueLink');
export const QUEUE_PAIR = causeIndex('queuePair');
export const CACHE_SHARED = causeIndex('cacheShared');
export const CACHE_COLD = causeIndex('cacheCold');
export const WAIT_HOST = causeIndex('waitHost');
export const WAIT_GUEST = causeIndex('waitGuest');
export const CONTEXT_SWITCH = causeIndex('contextSwitch');
export const WAKE = causeIndex('wake');
export const FAULT = causeIndex('fault');
export const PAGE_COPY = causeIndex('pageCopy');
export const SAMPLING = causeIndex('sampling');
export const SPIN = causeIndex('spin');
export const BLOCKED_CAUSE = causeIndex('blocked');
export const SLEEPING = causeIndex('sleep');

/** States of a vCPU on the host. */
export const VCPU_BLOCKED = 0;
export const VCPU_RUNNABLE = 1;
export const VCPU_RUNNING = 2;

/** States of a task in its guest. ON_VCPU: current on a vCPU, whether or not that vCPU has a CPU. */
export const TASK_OFF = 0; //   not started, ended, or a free slot
export const TASK_READY = 1; // queued in the guest
export const TASK_ON_VCPU = 2;
export const TASK_SLEEPING = 3;
export const TASK_BLOCKED = 4;

/** What a CPU is busy with. */
export const SEG_NONE = 0;
export const SEG_OVERHEAD = 1; // a fixed time
export const SEG_SPIN = 2; //     waiting for another task without leaving the CPU
export const SEG_REFILL = 3; //   fetching a cold cache; this and what follows draws on memory
export const SEG_COPY = 4; //     moving a block to another node
export const SEG_RUN = 5;
export const SEG_TOUCH = 6;

/** Parts of the time of a unit: places in partNs. */
export const PART_COMPUTE = 0;
export const PART_LOCAL = 1;
export const PART_DISTANCE = 2;
export const PART_FAULT = 3;
export const PART_SHARED = 4;
export const PARTS = 5;

/** Values of flowNode besides a node. */
export const MIXTURE = -1;
export const NO_TRAFFIC = -2;
export const COPYING = -3;
